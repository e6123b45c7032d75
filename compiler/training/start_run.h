// What every training run does before its first step.
#pragma once
#include <cstdint>
#include <optional>

#include "training/session.h"

namespace nnc::training {

/// Whether the data have the parts that the train speaks of: `train`, and those of `stop` and `target`. Errors  E1204.
[[nodiscard]] bool checkParts(const elaborate::TrainProgram& train, const DataSet& data, Diagnostics& messages);

/// Asks for the programs of a run of `steps` (empty: whole epochs) in the order in which it will need them.
void requestPrograms(const elaborate::TrainProgram& train, std::optional<std::int64_t> steps, bool withGradients,
                     Session& session);

}  // namespace nnc::training
