#include "training/training_plan.h"

#include <algorithm>

namespace nnc::training {

TrainingPlan::TrainingPlan(const elaborate::TrainProgram& train, const DataSet& data, const RunState& start)
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

std::optional<Pass> TrainingPlan::pass(std::int64_t number) const {
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
  return Pass{trainPart_, epoch, isShuffled_, true, begin, end};
}

}  // namespace nnc::training
