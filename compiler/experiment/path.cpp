#include "experiment/path.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "experiment/conditions.h"
#include "statistics/greedy_path.h"
#include "statistics/intervals.h"

namespace nnc::experiment {

using Levels = std::vector<int>;

namespace {

/// Mean of the measure over the runs of a cell, larger is better; NaN without any.
double responseOf(const study::Study& study, const Spec& spec, std::size_t cell, std::span<const study::Run> runs) {
  const auto measure = std::find_if(study.measures.begin(), study.measures.end(), [&](const study::Measure& candidate) {
    return candidate.name == spec.design.measure;
  });
  std::vector<double> values;
  for (const study::Run& run : runs) {
    const auto value = run.measures.find(measure->name);
    if (run.role != study::Run::Role::Run || run.cell != study.cells[cell].id || value == run.measures.end()) continue;
    if (!std::isnan(value->second.value)) values.push_back(value->second.value);
  }
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  return measure->better == study::Measure::Better::Lower ? -statistics::mean(values) : statistics::mean(values);
}

}  // namespace

std::optional<std::vector<Levels>> nextOnPath(elaborate::ProjectState& state, const Spec& spec,
                                              const study::Study& study, const CellList& list,
                                              std::span<const study::Run> runs) {
  Conditions conditions(state, spec);
  // The path is walked from its beginning each time: it is a function of the runs alone.
  statistics::GreedyPath path(statisticsFactors(study.factors), {});
  while (!path.isDone()) {
    std::vector<Levels> missing;
    std::vector<double> responses;
    for (Levels levels : path.nextCells()) {
      if (!conditions.applyWhen(levels)) return std::nullopt;
      const std::optional<const syntax::Expr*> excluded = conditions.exclusion(levels);
      if (!excluded) return std::nullopt;
      const auto known = std::find(list.cells.begin(), list.cells.end(), levels);
      if (*excluded != nullptr) {
        responses.push_back(std::numeric_limits<double>::quiet_NaN());
      } else if (known == list.cells.end()) {
        if (std::find(missing.begin(), missing.end(), levels) == missing.end()) missing.push_back(levels);
      } else {
        responses.push_back(responseOf(study, spec, static_cast<std::size_t>(known - list.cells.begin()), runs));
      }
    }
    if (!missing.empty()) return missing;
    path.give(responses);
  }
  return std::vector<Levels>();
}

}  // namespace nnc::experiment
