// Which passes a training run makes.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "training/batches.h"
#include "training/checkpoint.h"

namespace nnc::training {

/// Each epoch the training part, then every other part. Pass number n is pass n % (1 + other parts) of its epoch; the
/// first epoch is the one that the state is in, from where it is.
class EpochPlan final : public PassPlan {
 public:
  EpochPlan(const elaborate::TrainProgram& train, const DataSet& data, const RunState& start);

  std::optional<Pass> pass(std::int64_t number) const override;

 private:
  std::int64_t passesPerEpoch() const { return 1 + static_cast<std::int64_t>(evaluated_.size()); }
  std::int64_t stepsPerEpoch() const { return (rows_ + batch_ - 1) / batch_; }

  int trainPart_;
  std::vector<int> evaluated_;  // parts other than `train`, in the order of the data set
  std::vector<std::int64_t> sizes_;
  std::int64_t rows_, batch_;
  std::optional<std::int64_t> epochs_, steps_;
  bool isShuffled_;
  std::int64_t startStep_, startEpoch_, startPosition_;
  bool isLogged_;
};

/// The steps of a train from its first one, at most `maxSteps`, with an evaluation of every part but `test` after each
/// `evaluateEvery` of them (0: after each epoch) and after the last one.
class StepPlan final : public PassPlan {
 public:
  StepPlan(const elaborate::TrainProgram& train, const DataSet& data, std::int64_t evaluateEvery,
           std::optional<std::int64_t> maxSteps);

  std::optional<Pass> pass(std::int64_t number) const override;
  std::int64_t steps() const { return steps_; }

 private:
  std::vector<Pass> passes_;
  std::int64_t steps_ = 0;
};

/// Steps until `examples` examples were trained on.
std::int64_t stepsFor(std::int64_t examples, std::int64_t rows, std::int64_t batch);

}  // namespace nnc::training
