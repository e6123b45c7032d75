#include "statistics/variance_shares.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <set>

#include "statistics/designs.h"

namespace nnc::statistics {

namespace {

constexpr std::int64_t kMostCells = std::int64_t{1} << 20;

/// The full design over the levels that occur, with the mean response of each of its cells.
struct FullTable {
  std::vector<Cell> cells;
  std::vector<double> means;
  FactorSet varying = 0;  // factors of which several levels occur
  std::vector<Cell> absent;
};

FullTable tableOf(const Responses& responses, std::span<const int> blocks) {
  std::vector<std::set<int>> levels(responses.factors().size());
  for (const Cell& cell : responses.cells())
    for (std::size_t f = 0; f < cell.size(); ++f)
      if (cell[f] != kNotApplicable) levels[f].insert(cell[f]);
  std::vector<Factor> occurring = responses.factors();
  FullTable table;
  for (std::size_t f = 0; f < levels.size(); ++f) {
    if (levels[f].empty()) levels[f].insert(responses.factors()[f].oldLevel);
    occurring[f].levelCount = static_cast<int>(levels[f].size());
    if (levels[f].size() > 1) table.varying |= FactorSet{1} << f;
  }
  for (Cell cell : fullFactorial(occurring)) {
    for (std::size_t f = 0; f < cell.size(); ++f) cell[f] = *std::next(levels[f].begin(), cell[f]);
    if (const std::optional<int> found = responses.find(cell)) {
      double sum = 0;
      for (const int block : blocks) sum += responses.at(*found, block);
      table.means.push_back(sum / static_cast<double>(blocks.size()));
      table.cells.push_back(std::move(cell));
    } else {
      table.absent.push_back(std::move(cell));
    }
  }
  return table;
}

/// Variance of the means over all factors outside `kept`.
double marginalVariance(const FullTable& table, FactorSet kept, double grandMean) {
  std::map<std::vector<int>, std::pair<double, int>> groups;
  const std::vector<int> members = membersOf(kept);
  for (std::size_t i = 0; i < table.cells.size(); ++i) {
    std::vector<int> levels;
    for (const int factor : members) levels.push_back(table.cells[i][static_cast<std::size_t>(factor)]);
    auto& [sum, count] = groups[levels];
    sum += table.means[i] - grandMean;
    ++count;
  }
  double squares = 0;
  for (const auto& [levels, group] : groups) squares += group.first * group.first / group.second;
  return squares / static_cast<double>(table.cells.size());
}

}  // namespace

VarianceShares varianceShares(const Responses& responses, std::span<const int> blocks, int maxOrder) {
  VarianceShares result;
  const std::optional<std::int64_t> size = fullFactorialSize(responses.factors());
  if (!size || *size > kMostCells) return result;
  const FullTable table = tableOf(responses, blocks);
  result.absent = table.absent;
  if (!table.absent.empty() || table.cells.empty() || blocks.empty()) return result;
  double grandMean = 0;
  for (const double mean : table.means) grandMean += mean / static_cast<double>(table.means.size());
  double largestSquare = 0;
  for (const double mean : table.means) largestSquare = std::max(largestSquare, mean * mean);
  result.totalVariance = marginalVariance(table, table.varying, grandMean);
  // Equal means differ by their rounding alone, and a share of that would be noise.
  if (result.totalVariance <= 1e-28 * largestSquare) {
    result.totalVariance = 0;
    return result;
  }

  std::map<FactorSet, double> own;  // variance of each set that no smaller set explains
  std::vector<FactorSet> sets;
  for (FactorSet set = table.varying; set != 0; set = (set - 1) & table.varying)
    if (std::popcount(set) <= maxOrder) sets.push_back(set);
  std::sort(sets.begin(), sets.end(), [](FactorSet a, FactorSet b) {
    return std::popcount(a) != std::popcount(b) ? std::popcount(a) < std::popcount(b) : a < b;
  });
  for (const FactorSet set : sets) {
    double variance = marginalVariance(table, set, grandMean);
    for (FactorSet part = (set - 1) & set; part != 0; part = (part - 1) & set) variance -= own.at(part);
    own[set] = std::max(variance, 0.0);  // rounding can make a 0 negative
    result.shares.push_back({set, own[set] / result.totalVariance});
  }
  return result;
}

}  // namespace nnc::statistics
