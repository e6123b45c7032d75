// The analysis of one measure, as the verdict and the figures of effects share it.
#pragma once
#include <string>
#include <vector>

#include "report/view.h"
#include "statistics/analysis.h"

namespace nnc::report {

struct Attribution {
  const study::Measure* measure = nullptr;
  Unit unit;
  statistics::Responses responses;
  statistics::Analysis analysis;
  std::string where;  // ` at depth = 21`: levels at which ordered factors are fixed; empty without any
};

/// `show` may ask for another level than 0.95, `interval: 0.9`, and for Shapley's index of interactions, `index:
/// .shapley`.   Needs   at least one player.
Attribution attributionOf(const View& view, const study::Measure& measure, const study::Show* show = nullptr);

/// Factors by what they contribute, the best first: Shapley values, or main effects, or first-in effects, whichever
/// is defined. Indices into `analysis.factors`.
std::vector<std::size_t> byContribution(const statistics::Analysis& analysis);

/// The cells between old and new, from which the estimates come: indices in the view.
std::vector<int> attributedCells(const View& view, const Attribution& attribution);

/// `+34.1 pt [30.2, 38.0]`; without an interval the estimate alone; `n/a` where it is not defined.
std::string inferredText(const statistics::Inferred& inferred, const Unit& unit);
/// What stands behind an estimate: `[-0.2, +1.4]`, or `in 3 of 3` where all blocks have one value. An interval of width
/// 0 would pretend to certainty.
std::string boundsText(const statistics::Interval& interval, const std::vector<double>& values, Unit unit);

/// `95 % t-intervals over 5 blocks`, or that there are none.
std::string intervalsText(const statistics::Analysis& analysis);

/// `sigmoid → ReLU`
std::string changeText(const View& view, int factor);

/// The measures that a `show` names, or the main one; those unknown are left out.
std::vector<const study::Measure*> measuresOf(const View& view, const study::Show* show);

}  // namespace nnc::report
