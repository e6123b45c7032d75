#include "statistics/response_layers.h"

#include <algorithm>
#include <cmath>

namespace nnc::statistics {

std::optional<double> trainingThreshold(const Responses& accuracy, double chance) {
  std::optional<double> best;
  for (int cell = 0; cell < accuracy.cellCount(); ++cell)
    if (const std::optional<double> value = accuracy.cellMean(cell); value && (!best || *value > *best)) best = value;
  if (!best) return std::nullopt;
  return chance + (*best - chance) / 2;
}

std::vector<Trainability> trainability(const Responses& accuracy, double threshold, double level) {
  std::vector<Trainability> result;
  for (int cell = 0; cell < accuracy.cellCount(); ++cell) {
    Trainability row{cell, 0, accuracy.finishedBlocks(cell), std::nullopt};
    for (int block = 0; block < accuracy.blockCount(); ++block)
      row.trained += accuracy.at(cell, block) > threshold ? 1 : 0;
    if (row.finished > 0) row.share = wilsonInterval(row.trained, row.finished, level);
    result.push_back(row);
  }
  return result;
}

Responses trainedOrNot(const Responses& accuracy, double threshold) {
  return accuracy.transformed([&](double value) { return value > threshold ? 1.0 : 0.0; });
}

// ---- the sub-design in which everything trains ----

namespace {

using Choice = std::vector<std::optional<int>>;  // for each factor: the level at which it is fixed; empty: free

bool matches(const Cell& cell, const Choice& choice) {
  for (std::size_t f = 0; f < cell.size(); ++f)
    if (choice[f] && cell[f] != kNotApplicable && cell[f] != *choice[f]) return false;
  return true;
}

/// Tries all choices, free before fixed and the new level before others, and keeps the first of the largest.
class SubDesignSearch {
 public:
  SubDesignSearch(const Responses& responses, std::vector<bool> isGood)
      : responses_(responses), isGood_(std::move(isGood)) {}

  TrainedSubDesign best;

  /// `cells`: those that match the choices made so far, for factors before `choice.size()`.
  void choose(const Choice& choice, const std::vector<int>& cells) {
    // Fixing further factors only removes cells.
    if (cells.size() <= best.cells.size() || ++visited_ > kMostVisited) return;
    if (choice.size() == responses_.factors().size()) {
      if (std::all_of(cells.begin(), cells.end(), [&](int cell) { return isGood_[static_cast<std::size_t>(cell)]; }))
        best = {choice, cells};
      return;
    }
    const std::size_t f = choice.size();
    extend(choice, std::nullopt, cells);
    const Factor& factor = responses_.factors()[f];
    extend(choice, factor.newLevel, cells);
    for (int level = 0; level < factor.levelCount; ++level)
      if (level != factor.newLevel) extend(choice, level, cells);
  }

 private:
  void extend(Choice choice, std::optional<int> level, const std::vector<int>& cells) {
    const std::size_t f = choice.size();
    choice.push_back(level);
    std::vector<int> kept;
    for (const int cell : cells) {
      const int own = responses_.cells()[static_cast<std::size_t>(cell)][f];
      if (!level || own == kNotApplicable || own == *level) kept.push_back(cell);
    }
    choose(choice, kept);
  }

  static constexpr int kMostVisited = 1'000'000;  // about a second; 12 two-level factors have 531,441 choices
  const Responses& responses_;
  std::vector<bool> isGood_;
  int visited_ = 0;
};

}  // namespace

TrainedSubDesign trainedSubDesign(const Responses& accuracy, double threshold) {
  std::vector<bool> isGood;
  std::vector<int> all;
  for (const Trainability& row : trainability(accuracy, threshold)) {
    isGood.push_back(row.finished > 0 && row.trained == row.finished);
    all.push_back(row.cell);
  }
  SubDesignSearch search(accuracy, std::move(isGood));
  search.choose({}, all);
  return search.best;
}

Responses qualityAmongTrained(const Responses& accuracy, const TrainedSubDesign& subDesign, QualityScale scale,
                              std::int64_t examples) {
  Responses result =
      accuracy.filtered([&](const Cell& cell) { return !subDesign.cells.empty() && matches(cell, subDesign.fixedAt); });
  for (std::size_t f = 0; f < subDesign.fixedAt.size(); ++f)
    if (subDesign.fixedAt[f]) result = result.fixed(static_cast<int>(f), *subDesign.fixedAt[f]);
  const double margin = 0.5 / static_cast<double>(examples);
  return result.transformed([&](double value) {
    const double inside = std::clamp(value, margin, 1 - margin);
    return scale == QualityScale::Logit ? std::log(inside / (1 - inside)) : -std::log(1 - inside);
  });
}

// ---- chance ----

// An accuracy of 1/10 in single precision is off by 1e-9, in all blocks alike; one right answer in a million is more.
static constexpr double kRounding = 1e-7;

namespace {

/// The finished accuracies of one cell against chance.
struct CellTest {
  std::vector<double> byBlock, values;  // NaN where a block is missing; those that are there
  std::int64_t right = 0;               // examples, of the mean over the blocks
  bool isBinomial = false;
};

CellTest testOf(const Responses& accuracy, int cell, double chance, std::optional<std::int64_t> examples) {
  CellTest test;
  for (int block = 0; block < accuracy.blockCount(); ++block) test.byBlock.push_back(accuracy.at(cell, block));
  test.values = finished(test.byBlock);
  if (test.values.empty() || !examples) return test;
  const auto count = static_cast<double>(*examples);
  test.right = static_cast<std::int64_t>((mean(test.values) + kRounding) * count);
  const std::optional<MeanError> overSeeds = errorOfMean(test.byBlock, accuracy.crossing());
  test.isBinomial = !overSeeds || overSeeds->standardError <= std::sqrt(chance * (1 - chance) / count);
  return test;
}

}  // namespace

std::optional<ChanceTest> bestAgainstChance(const Responses& accuracy, double chance,
                                            std::optional<std::int64_t> examples, double level) {
  std::optional<ChanceTest> best;
  CellTest tested;
  int count = 0;
  double smallest = 1;
  for (int cell = 0; cell < accuracy.cellCount(); ++cell) {
    CellTest test = testOf(accuracy, cell, chance, examples);
    if (!test.isBinomial && !errorOfMean(test.byBlock, accuracy.crossing())) continue;
    ++count;
    const double center = mean(test.values);
    if (center > chance + kRounding) {
      std::vector<double> excess = test.byBlock;
      for (double& value : excess) value -= chance;
      const double p =
          test.isBinomial ? 2 * binomialTail(test.right, *examples, chance) : tTest(excess, 0, accuracy.crossing());
      smallest = std::min(smallest, p);
    }
    if (best && center <= best->interval.estimate) continue;
    best = ChanceTest{accuracy.cells()[static_cast<std::size_t>(cell)], {center, center, center}, 0, 1};
    tested = std::move(test);
  }
  if (!best) return std::nullopt;
  best->cells = count;
  best->pValue = std::min(1.0, smallest * count);
  const double each = 1 - (1 - level) / count;
  best->interval = tested.isBinomial ? clopperPearson(tested.right, *examples, each)
                                     : *tInterval(tested.byBlock, each, 0, accuracy.crossing());
  best->interval.estimate = mean(tested.values);
  return best;
}

}  // namespace nnc::statistics
