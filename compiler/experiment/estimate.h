// How long a study will take, measured on a few steps of it.
#pragma once
#include <optional>

#include "engine/engine.h"
#include "experiment/run_study.h"

namespace nnc::experiment {

/// Seconds on `workers` cores: short runs of a few cells are made and timed, by what they spend on machine code, steps,
/// evaluations and probes, and the others follow by their FLOPs. `probes`: of the study; empty: it has none.
/// Empty: reported.
[[nodiscard]] std::optional<double> estimateSeconds(Plan& plan, int workers, const engine::Options& options,
                                                    const ProbeMaker& probes, Diagnostics& diagnostics);

}  // namespace nnc::experiment
