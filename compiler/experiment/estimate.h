// How long a study will take, measured on a few steps of it.
#pragma once
#include <optional>

#include "engine/engine.h"
#include "experiment/plan.h"

namespace nnc::experiment {

/// Seconds on `workers` cores: some steps of a few cells are made and timed, and the others follow by their FLOPs.
/// Empty: reported.
[[nodiscard]] std::optional<double> estimateSeconds(Plan& plan, int workers, const engine::Options& options,
                                                    Diagnostics& diagnostics);

}  // namespace nnc::experiment
