#include "training/evaluate_part.h"

namespace nnc::training {

bool evaluatePart(Session& session, BatchStream& stream, const Pass& pass, std::size_t metricCount,
                  std::vector<double>& means, const std::function<bool(const BatchCall&, const Batch&)>& onBatch) {
  std::vector<double> sums(1 + metricCount, 0.0);
  for (std::int64_t done = pass.begin; done < pass.end;) {
    const Batch& batch = stream.next();
    BatchCall* const call = session.call(ProgramKind::Evaluation, batch.count);
    if (call == nullptr) return false;
    call->run(batch);
    for (std::size_t k = 0; k < sums.size(); ++k) {
      // A loss that is one number for the whole batch counts for each of its examples.
      if (call->type(k).shape.empty())
        sums[k] += call->value(k) * static_cast<double>(batch.count);
      else
        for (std::int64_t i = 0; i < batch.count; ++i) sums[k] += call->value(k, i);
    }
    done += batch.count;
    if (onBatch && !onBatch(*call, batch)) return false;
  }
  means.clear();
  for (const double sum : sums) means.push_back(sum / static_cast<double>(pass.end - pass.begin));
  return true;
}

}  // namespace nnc::training
