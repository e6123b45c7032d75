#include "statistics/designs.h"

#include <cassert>
#include <map>
#include <numeric>
#include <set>

#include "support/checked.h"
#include "support/draws.h"

namespace nnc::statistics {

namespace {

constexpr std::int64_t kMostCells = std::int64_t{1} << 40;

/// Every level equally often, to within one; which levels get one more is random, and so is the order.
std::vector<int> balancedColumn(int levelCount, std::size_t length, Draws& draws) {
  std::vector<int> levels(static_cast<std::size_t>(levelCount));
  std::iota(levels.begin(), levels.end(), 0);
  draws.shuffle(levels);
  std::vector<int> column;
  for (std::size_t i = 0; i < length; ++i) column.push_back(levels[i % levels.size()]);
  draws.shuffle(column);
  return column;
}

/// Exchanges levels of single factors between cells, which keeps the balance, until all cells are distinct. False: not
/// within a bounded number of tries.
bool separate(std::vector<Cell>& cells, Draws& draws) {
  std::map<Cell, int> uses;
  for (const Cell& cell : cells) ++uses[cell];
  const auto replace = [&](Cell& cell, std::size_t factor, int level) {
    if (--uses[cell] == 0) uses.erase(cell);
    cell[factor] = level;
    ++uses[cell];
  };
  const auto count = static_cast<std::int64_t>(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (int tries = 0; uses[cells[i]] > 1; ++tries) {
      if (tries == 1000) return false;
      Cell& other = cells[static_cast<std::size_t>(draws.below(count))];
      const auto factor = static_cast<std::size_t>(draws.below(static_cast<std::int64_t>(other.size())));
      const int own = cells[i][factor], others = other[factor];
      replace(cells[i], factor, others);
      replace(other, factor, own);
      // Neither may meet another cell; what was distinct stays so.
      if (uses[cells[i]] == 1 && uses[other] == 1) break;
      replace(cells[i], factor, own);
      replace(other, factor, others);
    }
  }
  return true;
}

std::vector<Cell> fewRandomCells(std::span<const Factor> factors, std::size_t count, Draws& draws) {
  // A balanced choice without repetition exists for every count (walk through the cells by one level of every factor at
  // a time), so some shuffle is one or comes close enough to be separated.
  for (;;) {
    std::vector<Cell> cells(count);
    for (const Factor& factor : factors) {
      const std::vector<int> column = balancedColumn(factor.levelCount, count, draws);
      for (std::size_t i = 0; i < count; ++i) cells[i].push_back(column[i]);
    }
    if (separate(cells, draws)) return cells;
  }
}

}  // namespace

std::optional<std::int64_t> fullFactorialSize(std::span<const Factor> factors) {
  Checked size(1);
  for (const Factor& factor : factors) size = size * factor.levelCount;
  return size.value() && *size.value() <= kMostCells ? size.value() : std::nullopt;
}

std::vector<Cell> fullFactorial(std::span<const Factor> factors) {
  std::vector<Cell> cells{Cell()};
  for (const Factor& factor : factors) {
    std::vector<Cell> longer;
    longer.reserve(cells.size() * static_cast<std::size_t>(factor.levelCount));
    for (const Cell& cell : cells) {
      for (int level = 0; level < factor.levelCount; ++level) {
        longer.push_back(cell);
        longer.back().push_back(level);
      }
    }
    cells = std::move(longer);
  }
  return cells;
}

std::vector<Cell> firstInCells(std::span<const Factor> factors) {
  std::vector<Cell> cells{cellOf(factors, 0)};
  for (const int player : membersOf(playersOf(factors))) cells.push_back(cellOf(factors, FactorSet{1} << player));
  return cells;
}

std::vector<Cell> lastInCells(std::span<const Factor> factors) {
  const FactorSet all = playersOf(factors);
  std::vector<Cell> cells{cellOf(factors, all)};
  for (const int player : membersOf(all)) cells.push_back(cellOf(factors, all & ~(FactorSet{1} << player)));
  return cells;
}

std::vector<Cell> buildUpCells(std::span<const Factor> factors, std::span<const int> order) {
  Coalition taken = 0;
  std::vector<Cell> cells{cellOf(factors, taken)};
  for (const int factor : order) {
    assert(!(taken >> factor & 1) && "a factor enters once");
    taken |= FactorSet{1} << factor;
    cells.push_back(cellOf(factors, taken));
  }
  return cells;
}

std::vector<Cell> randomCells(std::span<const Factor> factors, std::int64_t count, std::uint64_t seed) {
  Draws draws("statistics/random cells", static_cast<std::int64_t>(seed), 0);
  const std::optional<std::int64_t> size = fullFactorialSize(factors);
  if (!size || count <= *size / 2) return fewRandomCells(factors, static_cast<std::size_t>(count), draws);
  // What a balanced choice leaves of the full design is balanced.
  const std::vector<Cell> left = fewRandomCells(factors, static_cast<std::size_t>(*size - count), draws);
  const std::set<Cell> isLeft(left.begin(), left.end());
  std::vector<Cell> cells = fullFactorial(factors);
  std::erase_if(cells, [&](const Cell& cell) { return isLeft.contains(cell); });
  draws.shuffle(cells);
  return cells;
}

}  // namespace nnc::statistics
