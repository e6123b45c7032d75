// `design: path(test)`: the greedy way from the old recipe to the new one.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "experiment/cells.h"

namespace nnc::experiment {

/// The cells that the next step of the path needs and `list` does not have; none: the path has ended. Steps are judged
/// by the mean of the measure over the blocks; a cell without a finished run, or that a constraint removes, is no step.
///
/// Errors  those of the conditions: reported, empty.
[[nodiscard]] std::optional<std::vector<std::vector<int>>> nextOnPath(elaborate::ProjectState& state, const Spec& spec,
                                                                      const study::Study& study, const CellList& list,
                                                                      std::span<const study::Run> runs);

}  // namespace nnc::experiment
