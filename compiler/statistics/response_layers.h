// Accuracy over a factorial has two humps, chance and trained. So a response is read in layers: does it train, how fast
// (censored.h), and how good are the runs that train.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "statistics/intervals.h"
#include "statistics/responses.h"

namespace nnc::statistics {

/// Halfway between chance and the mean of the best cell: above it a run counts as trained. Empty without any value.
std::optional<double> trainingThreshold(const Responses& accuracy, double chance);

/// Shares of trained blocks.
struct Trainability {
  int cell = 0;
  int trained = 0;
  int finished = 0;
  std::optional<Interval> share;  // Wilson; empty when no block has finished
};
std::vector<Trainability> trainability(const Responses& accuracy, double threshold, double level = 0.95);

/// 1 where a run trained, 0 where not: attribution of trainability.
Responses trainedOrNot(const Responses& accuracy, double threshold);

/// Do all blocks agree on 0 or on 1? Then "3/3" is printed, not an interval of width 0.
bool isDegenerate(std::span<const double> zeroOrOne);

/// The largest sub-design, each factor free at all its levels or fixed at one, in which every run of every cell
/// trained. Of equally large ones the one that frees earlier factors; fixed factors prefer the new level.
struct TrainedSubDesign {
  std::vector<std::optional<int>> fixedAt;  // for each factor; empty: free
  std::vector<int> cells;                   // indices into the responses; empty when no cell always trained
};
TrainedSubDesign trainedSubDesign(const Responses& accuracy, double threshold);

enum class QualityScale { Logit, LogError };

/// Accuracies of the trained sub-design on a scale on which effects can add: ln(a / (1 - a)), or -ln(1 - a). Larger is
/// better. An accuracy of 0 or 1 is moved by half an example of `examples`. Factors that the sub-design fixes are no
/// players.
Responses qualityAmongTrained(const Responses& accuracy, const TrainedSubDesign& subDesign, QualityScale scale,
                              std::int64_t examples);

/// The cell that is most clearly better than guessing.
struct ChanceTest {
  int cell = 0;
  Interval interval;  // t, over blocks and, where `examples` is given, over examples
  double pValue = 1;  // one-sided, times the number of cells tested (Bonferroni), as the cell was chosen for it
};

/// Tests every cell with at least two blocks. `examples`: size of the test set. Its sampling error is added, because
/// all blocks share the test set; it also keeps equal accuracies in all blocks from passing for certainty. Empty: no
/// such cell.
std::optional<ChanceTest> bestAgainstChance(const Responses& accuracy, double chance,
                                            std::optional<std::int64_t> examples, double level = 0.95);

}  // namespace nnc::statistics
