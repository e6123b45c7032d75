// Measures, probes, expectations and reports of an experiment: checked against what its runs will give.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiment/cells.h"
#include "experiment/spec.h"

namespace nnc::experiment {

/// Fills measures, shows, title and source of `study`, which knows its factors, cells and probes. `metrics`: results
/// that a run has, `valid.loss`.
///
/// Errors  E0610 and E0615 a metric that there is not, E0615 a measure, E0616 an expectation, E0618 a figure, E0109.
[[nodiscard]] bool readClauses(elaborate::ProjectState& state, const Spec& spec, const CellList& cells,
                               std::optional<std::int64_t> classes, const std::vector<std::string>& metrics,
                               study::Study& study);

}  // namespace nnc::experiment
