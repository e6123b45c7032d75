#include "training/pass_plans.h"

#include <algorithm>
#include <limits>

namespace nnc::training {

EpochPlan::EpochPlan(const elaborate::TrainProgram& train, const DataSet& data, const RunState& start)
    : trainPart_(data.findPart("train")),
      batch_(train.batch),
      epochs_(train.epochs),
      steps_(train.steps),
      isShuffled_(train.data.shuffle),
      startStep_(start.step),
      startEpoch_(start.epoch),
      startPosition_(start.position),
      isLogged_(start.isLogged) {
  for (std::size_t i = 0; i < data.parts().size(); ++i) {
    sizes_.push_back(data.parts()[i].size());
    if (static_cast<int>(i) != trainPart_) evaluated_.push_back(static_cast<int>(i));
  }
  rows_ = sizes_[static_cast<std::size_t>(trainPart_)];
}

std::optional<Pass> EpochPlan::pass(std::int64_t number) const {
  const std::int64_t epochsAhead = number / passesPerEpoch(), within = number % passesPerEpoch();
  const std::int64_t epoch = startEpoch_ + epochsAhead;
  if (epochs_ && epoch > *epochs_) return std::nullopt;
  const std::int64_t begin = epochsAhead == 0 ? startPosition_ : 0;
  const std::int64_t leftInFirst = (rows_ - startPosition_ + batch_ - 1) / batch_;
  const std::int64_t stepsBefore =
      startStep_ + (epochsAhead > 0 ? leftInFirst + (epochsAhead - 1) * stepsPerEpoch() : 0);
  // A run that stopped after its last step and before the evaluation still owes that.
  const bool owesEvaluation = begin > 0 && !isLogged_;
  if (steps_ && stepsBefore >= *steps_ && !owesEvaluation) return std::nullopt;
  if (within > 0) {
    const int part = evaluated_[static_cast<std::size_t>(within - 1)];
    return Pass{part, epoch, false, false, 0, sizes_[static_cast<std::size_t>(part)]};
  }
  std::int64_t end = rows_;
  if (steps_) end = std::min(rows_, begin + std::max<std::int64_t>(*steps_ - stepsBefore, 0) * batch_);
  return Pass{trainPart_, epoch, isShuffled_, true, begin, end, true, true, end == rows_};
}

std::int64_t stepsFor(std::int64_t examples, std::int64_t rows, std::int64_t batch) {
  const std::int64_t stepsPerEpoch = (rows + batch - 1) / batch;
  return examples / rows * stepsPerEpoch + (examples % rows + batch - 1) / batch;
}

StepPlan::StepPlan(const elaborate::TrainProgram& train, const DataSet& data, std::int64_t evaluateEvery,
                   std::optional<std::int64_t> maxSteps) {
  const int trainPart = data.findPart("train");
  std::vector<Pass> evaluations;
  for (std::size_t i = 0; i < data.parts().size(); ++i) {
    const Part& part = data.parts()[i];
    if (part.name != "train" && part.name != "test")
      evaluations.push_back({static_cast<int>(i), 0, false, false, 0, part.size()});
  }
  const std::int64_t rows = data.parts()[static_cast<std::size_t>(trainPart)].size(), batch = train.batch;
  const std::int64_t total =
      std::min(train.steps ? *train.steps : stepsFor(train.epochs.value_or(0) * rows, rows, batch),
               maxSteps.value_or(std::numeric_limits<std::int64_t>::max()));
  for (std::int64_t epoch = 1, begin = 0; steps_ < total;) {
    std::int64_t count = std::min(total - steps_, (rows - begin + batch - 1) / batch);
    if (evaluateEvery > 0) count = std::min(count, evaluateEvery - steps_ % evaluateEvery);
    const std::int64_t end = std::min(rows, begin + count * batch);
    steps_ += count;
    const bool isDue = evaluateEvery > 0 ? steps_ % evaluateEvery == 0 : end == rows;
    const bool isReported = isDue || steps_ == total;
    passes_.push_back({trainPart, epoch, train.data.shuffle, true, begin, end, true, isReported, isReported});
    if (isReported) passes_.insert(passes_.end(), evaluations.begin(), evaluations.end());
    begin = end == rows ? 0 : end;
    if (end == rows) ++epoch;
  }
}

std::optional<Pass> StepPlan::pass(std::int64_t number) const {
  if (number >= static_cast<std::int64_t>(passes_.size())) return std::nullopt;
  return passes_[static_cast<std::size_t>(number)];
}

}  // namespace nnc::training
