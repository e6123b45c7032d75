// Which passes a run makes: each epoch the training part, then every other part.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "training/batches.h"
#include "training/checkpoint.h"

namespace nnc::training {

/// Pass number n of the session is pass n % (1 + evaluated parts) of its epoch; the first epoch is the one that the
/// state is in, from where it is.
class TrainingPlan final : public PassPlan {
 public:
  TrainingPlan(const elaborate::TrainProgram& train, const DataSet& data, const RunState& start);

  std::optional<Pass> pass(std::int64_t number) const override;
  std::int64_t passesPerEpoch() const { return 1 + static_cast<std::int64_t>(evaluated_.size()); }
  /// Parts other than `train`, in the order of the data set.
  const std::vector<int>& evaluated() const { return evaluated_; }
  std::int64_t stepsPerEpoch() const { return (rows_ + batch_ - 1) / batch_; }

 private:
  int trainPart_;
  std::vector<int> evaluated_;
  std::vector<std::int64_t> sizes_;
  std::int64_t rows_, batch_;
  std::optional<std::int64_t> epochs_, steps_;
  bool isShuffled_;
  std::int64_t startStep_, startEpoch_, startPosition_;
  bool isLogged_;
};

}  // namespace nnc::training
