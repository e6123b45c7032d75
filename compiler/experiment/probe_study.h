// A study without training: the probes of an experiment at the initial values of every cell and block.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "experiment/planner.h"

namespace nnc::experiment {

/// One run of no steps for each cell and block, with its probes and measures, seed by seed. Probes that look at a step
/// look at the one that a run of the cell would make first. A tuned parameter has the middle of its grid.
///
/// Errors  E12xx data, E11xx memory, E18xx probes: emitted, result is empty.
[[nodiscard]] std::optional<std::vector<study::Run>> probeStudy(ExperimentPlan& plan, const engine::Options& options,
                                                                Diagnostics& diagnostics);

/// A table for stdout: a row for each cell, a column for each measure and each probe that gives one number; means over
/// the blocks.
std::string probeTable(const ExperimentPlan& plan, const std::vector<study::Run>& runs);

}  // namespace nnc::experiment
