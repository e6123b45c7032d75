// Which value of a tuned parameter the trials of a cell speak for.
#pragma once
#include <optional>
#include <vector>

#include "study/study.h"

namespace nnc::study {

struct TunedChoice {
  double value = 0.0;
  bool isEdge = false;         // at an end of a grid of several values: the best one may lie outside
  std::optional<double> mean;  // of the metric over the blocks; empty: a trial of every value diverged or failed
};

/// The value with the best mean of the metric at the end of its trials, over the blocks; one that was out of time
/// counts with what it reached. A value loses by every trial that diverged, failed, or whose metric is no number, to
/// each value with fewer of those; of equal values the smaller one wins.
///
/// Needs   `trials` of one cell, in any order, those of every value of the grid.
TunedChoice chooseTuned(const Tuning& tuning, const std::vector<const Run*>& trials);

/// The last value of a curve. NaN: the run has none of that name.
double lastValue(const Run& run, const std::string& metric);

}  // namespace nnc::study
