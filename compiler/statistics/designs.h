// Designs: which cells a study runs. Fractions are in fraction.h, the greedy path in greedy_path.h, sampled orders for
// Shapley values in permutations.h.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "statistics/factors.h"

namespace nnc::statistics {

/// Number of cells of the full design; empty when it exceeds 2^40.
std::optional<std::int64_t> fullFactorialSize(std::span<const Factor> factors);

/// Every combination of levels; the last factor varies fastest.
///
/// Needs   `fullFactorialSize` fits memory: the caller has checked it.
std::vector<Cell> fullFactorial(std::span<const Factor> factors);

/// One at a time from the old recipe, "first-in" (sufficiency): the old cell, then one cell for each player at new.
std::vector<Cell> firstInCells(std::span<const Factor> factors);

/// Leave one out of the new recipe, "last-in" (necessity): the new cell, then one cell for each player back at old.
std::vector<Cell> lastInCells(std::span<const Factor> factors);

/// The old cell, then one more factor of `order` at its new level in each further cell.
///
/// Needs   `order` names distinct factors.
std::vector<Cell> buildUpCells(std::span<const Factor> factors, std::span<const int> order);

/// `count` distinct cells drawn by `seed` such that the levels of every factor occur equally often, to within one.
/// Every cell is drawn with the same probability.
///
/// Needs   0 <= count <= number of cells of the full design.
std::vector<Cell> randomCells(std::span<const Factor> factors, std::int64_t count, std::uint64_t seed);

}  // namespace nnc::statistics
