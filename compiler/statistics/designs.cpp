#include "statistics/designs.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <set>

#include "support/checked.h"
#include "support/draws.h"

namespace nnc::statistics {

namespace {

constexpr std::int64_t kMostCells = std::int64_t{1} << 40;

/// Moves every factor one level on, in a circle.
Cell stepped(std::span<const Factor> factors, Cell cell) {
  for (std::size_t i = 0; i < factors.size(); ++i) cell[i] = (cell[i] + 1) % factors[i].levelCount;
  return cell;
}

/// The cells that `start` steps through before it comes back; their number is the least common multiple of the counts
/// of levels.
std::vector<Cell> cycleFrom(std::span<const Factor> factors, const Cell& start) {
  std::vector<Cell> cycle{start};
  for (Cell next = stepped(factors, start); next != start; next = stepped(factors, next)) cycle.push_back(next);
  return cycle;
}

/// A random renaming of the levels of each factor.
std::vector<std::vector<int>> renamings(std::span<const Factor> factors, Draws& draws) {
  std::vector<std::vector<int>> names;
  for (const Factor& factor : factors) {
    std::vector<int> order(static_cast<std::size_t>(factor.levelCount));
    std::iota(order.begin(), order.end(), 0);
    draws.shuffle(order);
    names.push_back(std::move(order));
  }
  return names;
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
  const std::vector<std::vector<int>> names = renamings(factors, draws);
  std::set<Cell> taken;  // whole cycles, so that a start that was drawn before is known
  std::vector<Cell> cells;
  while (static_cast<std::int64_t>(cells.size()) < count) {
    Cell start;
    for (const Factor& factor : factors) start.push_back(static_cast<int>(draws.below(factor.levelCount)));
    if (taken.contains(start)) continue;
    for (Cell& cell : cycleFrom(factors, start)) {
      taken.insert(cell);
      if (static_cast<std::int64_t>(cells.size()) == count) continue;
      for (std::size_t i = 0; i < cell.size(); ++i) cell[i] = names[i][static_cast<std::size_t>(cell[i])];
      cells.push_back(cell);
    }
  }
  return cells;
}

}  // namespace nnc::statistics
