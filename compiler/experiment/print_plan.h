// `nnc run FILE --plan`: what a study would run.
#pragma once
#include <string>

#include "experiment/plan.h"

namespace nnc::experiment {

/// What a study costs. Trials of a tuning count as runs of their own.
struct PlanCost {
  std::size_t cells = 0;  // different ones: equal cells run once
  std::size_t runs = 0, trials = 0;
  std::size_t compilations = 0;  // programs that differ in more than numbers
  double flops = 0.0;
};
PlanCost costOf(const study::Study& study);

/// What the plan alone does not say.
struct Prediction {
  std::optional<double> seconds;         // of the cells that there are; empty: not measured
  std::optional<std::size_t> mostCells;  // of a design that grows by what is measured
};

/// Cells, runs, removed cells with their reasons, aliases, compilations, FLOPs.
std::string planText(const study::Study& study, const Prediction& prediction);
/// The same as one JSON object with a line end.
std::string planJson(const study::Study& study, const Prediction& prediction);

}  // namespace nnc::experiment
