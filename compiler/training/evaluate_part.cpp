#include "training/evaluate_part.h"

#include <optional>

namespace nnc::training {

std::vector<std::string> metricNames(const elaborate::TrainProgram& train, const std::string& part) {
  std::vector<std::string> names = {part + ".loss"};
  for (const std::string& metric : train.metrics) names.push_back(part + "." + metric);
  return names;
}

bool evaluatePart(Session& session, BatchStream& stream, const elaborate::TrainProgram& train, const Pass& pass,
                  std::vector<Metric>& metrics, const std::function<bool(const BatchCall&, const Batch&)>& onBatch) {
  const std::vector<std::string> names =
      metricNames(train, session.data().parts()[static_cast<std::size_t>(pass.part)].name);
  std::vector<double> sums(names.size(), 0.0);
  std::vector<std::optional<double>> totals(names.size());  // of metrics that are one number of all batches so far
  session.clearTotals();
  for (std::int64_t done = pass.begin; done < pass.end;) {
    const Batch* const next = stream.next(session.messages());
    if (next == nullptr) return false;
    const Batch& batch = *next;
    BatchCall* const call = session.call(ProgramKind::Evaluation, batch.count);
    if (call == nullptr) return false;
    session.counters().setStep(done);  // random numbers of rows differ, and are the same in every evaluation
    call->run(batch);
    for (std::size_t k = 0; k < sums.size(); ++k) {
      if (call->type(k).shape.empty())
        totals[k] = call->value(k);
      else
        for (std::int64_t i = 0; i < batch.count; ++i) sums[k] += call->value(k, i);
    }
    done += batch.count;
    if (onBatch && !onBatch(*call, batch)) return false;
  }
  const double examples = static_cast<double>(pass.end - pass.begin);
  for (std::size_t k = 0; k < sums.size(); ++k) metrics.push_back({names[k], totals[k].value_or(sums[k] / examples)});
  return true;
}

}  // namespace nnc::training
