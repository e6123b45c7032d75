// How long a study will take, measured on a few steps of it.
#pragma once
#include <optional>

#include "engine/engine.h"
#include "experiment/run_study.h"

namespace nnc::experiment {

/// Seconds on `workers` cores, from the first training on. Short runs of some cells are made by all workers at the same
/// time, as the study will run, and what they take is measured: code, initial values, steps, evaluations, looks of
/// probes. CostModel says what follows for the others. Cells are added for three seconds, or for a twentieth of what
/// the study takes, half a minute at most; each worker has one in any case. `probes`: of the study; empty: none.
///
/// Errors  those of a cell that cannot run: reported, empty.
[[nodiscard]] std::optional<double> estimateSeconds(Plan& plan, int workers, const engine::Options& options,
                                                    const ProbeMaker& probes, Diagnostics& diagnostics);

}  // namespace nnc::experiment
