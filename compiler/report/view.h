// A study and its runs, looked up the way that figures and tables need them.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/text.h"
#include "statistics/responses.h"
#include "study/study.h"

namespace nnc::report {

/// A cell with the runs that belong to it.
struct CellRuns {
  const study::Cell* cell = nullptr;
  int number = 0;                          // counts from 1 in the order of the design: shown as C7
  std::string label;                       // its levels: `ReLU, batch norm, residual`
  std::vector<const study::Run*> byBlock;  // null: that block has not finished
  std::vector<const study::Run*> trials;   // of the tuning
  std::optional<double> chosen;            // value of the tuned parameter
  bool isEdge = false;                     // chosen at an end of the grid: the optimum may lie outside
};

/// Some cells under one name: what one line of a figure shows.
struct Group {
  std::string label;
  std::vector<int> cells;  // indices
};

class View {
 public:
  /// Owner: both arguments outlive the view. Runs of cells and blocks that the study does not have are passed over.
  View(const study::Study& study, std::span<const study::Run> runs);

  const study::Study& study() const { return study_; }
  const std::vector<CellRuns>& cells() const { return cells_; }
  int blockCount() const { return static_cast<int>(study_.blocks.size()); }

  const study::Measure* measure(std::string_view name) const;
  /// The measure that the report leads with: the first of which higher values are better and that is no time to a
  /// target, or the first at all. Null: the study measures nothing.
  const study::Measure* mainMeasure() const;
  std::optional<int> factor(std::string_view name) const;

  /// The value of a measure in a run; NaN where the run is missing or the measure undefined.
  static double value(const study::Run* run, const std::string& measure);
  /// Over the finished blocks; NaN without any.
  double mean(int cell, const std::string& measure) const;
  std::vector<double> values(int cell, const std::string& measure) const;

  /// The cells in which every player is at its old (new) level and every ordered factor at the level that attribution
  /// is read at. Empty: the design has no such cell.
  std::optional<int> oldCell() const;
  std::optional<int> newCell() const;
  /// The cell with the best mean. Empty: no run has finished, or it is not known which values are better.
  std::optional<int> bestCell(const study::Measure& measure) const;

  /// Factors that attribution is about: not ordered, with two levels at least.
  std::vector<int> players() const;
  /// The responses of a measure between old and new; ordered factors fixed at their new level.
  statistics::Responses responses(const study::Measure& measure) const;

  /// One group for each combination of levels of the named factors that occurs.
  std::vector<Group> groupsBy(const std::vector<std::string>& factors) const;
  /// What to draw without `by`: every cell where these are at most `most`; else the old and the new recipe and the
  /// best.
  std::vector<Group> defaultGroups(std::size_t most) const;

  /// What a small panel says of a cell: the players that are new (`act, norm`; `old`: none, `new`: all of several), or
  /// its levels.
  std::string shortLabel(int cell) const;
  /// The label of a level of a factor; a dash where the factor does not apply.
  std::string levelLabel(int factor, int level) const;
  /// The same among others: with the name of the factor where the label says too little alone (`depth 21`).
  std::string namedLabel(int factor, int level) const;

 private:
  std::optional<int> recipe(bool isNew) const;
  const study::Study& study_;
  std::vector<CellRuns> cells_;
};

/// The streams of the seeds that are crossed.
statistics::Crossing crossingOf(const study::Study& study);

/// `C1–C4, C7`: cells by their numbers, for readers and for data attributes.
std::string cellRanges(std::vector<int> cells);

/// Median of the numbers; NaN for none. Those that are not finite count at their end.
double median(std::vector<double> values);
/// The value below which `share` of the numbers lie, linear between neighbours.
double quantile(std::vector<double> values, double share);

}  // namespace nnc::report
