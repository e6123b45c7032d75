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

/// The cell with the best mean, and whether any cell is shown to be better than guessing.
struct ChanceTest {
  Cell cell;          // its levels: the one with the highest mean of those tested
  Interval interval;  // of its mean, for all cells at once: at the level 1 - (1 - level) / cells
  int cells = 0;      // tested
  double pValue = 1;  // two-sided, the smallest of all cells, times their number (Bonferroni)
};

/// Tests every cell against what guessing gives. `examples`: size of the part that accuracies are shares of.
///
/// A cell's mean is uncertain in two ways. Guesses are right by chance: the exact binomial test, each example counted
/// once however many seeds there are, as all of them answer the same examples. And seeds differ: a network that knows
/// nothing of labels may still map whole groups of examples to one label, so that its accuracy varies by more than
/// guessing does; where the standard error over seeds is the larger one, or `examples` is not known, the t test over
/// seeds decides. Sources: Clopper and Pearson, Biometrika 26:404-413, 1934, for the binomial interval.
///
/// Errors  empty without a cell to test: one with a value where `examples` is known, with two where it is not.
std::optional<ChanceTest> bestAgainstChance(const Responses& accuracy, double chance,
                                            std::optional<std::int64_t> examples, double level = 0.95);

}  // namespace nnc::statistics
