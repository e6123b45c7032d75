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

bool isDegenerate(std::span<const double> values) {
  return !values.empty() && (values[0] == 0 || values[0] == 1) &&
         std::all_of(values.begin(), values.end(), [&](double value) { return value == values[0]; });
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

std::optional<ChanceTest> bestAgainstChance(const Responses& accuracy, double chance,
                                            std::optional<std::int64_t> examples, double level) {
  const double samplingError = examples ? binomialStandardError(chance, *examples) : 0;
  std::optional<ChanceTest> best;
  int tested = 0;
  for (int cell = 0; cell < accuracy.cellCount(); ++cell) {
    std::vector<double> values;
    for (int block = 0; block < accuracy.blockCount(); ++block)
      if (accuracy.has(cell, block)) values.push_back(accuracy.at(cell, block));
    if (values.size() < 2) continue;
    ++tested;
    // Two-sided tests of the excess over chance, halved: the question is whether it is better.
    for (double& value : values) value -= chance;
    const double p = mean(values) > 0 ? tTest(values, samplingError) / 2 : 1.0;
    if (best && p >= best->pValue) continue;
    Interval interval = *tInterval(values, level, samplingError);
    for (double* bound : {&interval.estimate, &interval.lower, &interval.upper}) *bound += chance;
    best = {cell, interval, p};
  }
  if (best) best->pValue = std::min(1.0, best->pValue * tested);
  return best;
}

}  // namespace nnc::statistics
