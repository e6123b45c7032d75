#include "training/start_run.h"

#include <algorithm>

namespace nnc::training {

static bool hasPartOf(const std::string& metric, const DataSet& data, Diagnostics& messages) {
  return metric.empty() || data.requirePart(metric.substr(0, metric.find('.')), messages) >= 0;
}

bool checkParts(const elaborate::TrainProgram& train, const DataSet& data, Diagnostics& messages) {
  return data.requirePart("train", messages) >= 0 && hasPartOf(train.patienceMetric, data, messages) &&
         hasPartOf(train.target ? train.target->metric : "", data, messages);
}

void requestPrograms(const elaborate::TrainProgram& train, std::optional<std::int64_t> steps, bool withGradients,
                     Session& session) {
  ProgramBank& programs = session.programs();
  const std::vector<Part>& parts = session.data().parts();
  const std::int64_t rows = parts[static_cast<std::size_t>(session.data().findPart("train"))].size();
  const std::int64_t first = std::min(train.batch, rows);
  if (withGradients) programs.request(ProgramKind::Gradient, first);
  programs.request(ProgramKind::Step, first);
  const bool reachesEnd = !steps || *steps > rows / train.batch;
  if (rows % train.batch != 0 && reachesEnd) programs.request(ProgramKind::Step, rows % train.batch);
  for (const Part& part : parts) {
    if (part.name == "train") continue;
    if (part.size() >= train.batch) programs.request(ProgramKind::Evaluation, train.batch);
    if (part.size() % train.batch != 0) programs.request(ProgramKind::Evaluation, part.size() % train.batch);
  }
}

}  // namespace nnc::training
