// What a study varies: factors, cells (one level of every factor) and coalitions (which factors are at their new
// level).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nnc::statistics {

/// A factor of a study. Attribution is defined between `oldLevel` and `newLevel`; further levels are used by
/// `levelEffect` and `varianceShares` alone.
///
/// A factor that is no player (depth, number of examples: read as a curve; or fixed by `Responses::at`) stays at
/// `oldLevel` in every coalition.
struct Factor {
  std::string name;
  int levelCount = 2;
  int oldLevel = 0;
  int newLevel = 1;
  bool isPlayer = true;
  std::vector<std::string> levelNames = {};  // as shown; empty: their numbers
};

/// One level of every factor, in the order of the factors; levels count from 0. `kNotApplicable` where the factor means
/// nothing (a momentum without SGD): the cell then stands for every level of that factor.
using Cell = std::vector<int>;
inline constexpr int kNotApplicable = -1;

/// A set of factors: bit i is factor i. As a coalition: the factors at their new level, the other players at the old
/// one. As an effect: the factors whose product of signs is meant. Hence at most 63 factors.
using FactorSet = std::uint64_t;
using Coalition = FactorSet;

inline constexpr int kMaxFactors = 63;

/// `factor` only means something when `needed` is at its new level ("pre-activation needs a skip").
struct Precedence {
  int factor = 0;
  int needed = 0;
};

/// The factors that are players.
FactorSet playersOf(std::span<const Factor> factors);

/// The cell in which the factors of `coalition` are at their new level and all others at their old one.
Cell cellOf(std::span<const Factor> factors, Coalition coalition);

/// The coalition of `cell`; empty when a factor is at a level that is neither old nor new. A factor that is not
/// applicable counts as old.
std::optional<Coalition> coalitionOf(std::span<const Factor> factors, const Cell& cell);

/// True when every factor of `coalition` has what it needs.
bool isFeasible(Coalition coalition, std::span<const Precedence> precedences);

/// The names of the factors in `set`, joined: "act:norm".
std::string nameOf(FactorSet set, std::span<const Factor> factors, std::string_view separator = ":");

/// The levels of a cell: "act ReLU, norm none"; factors that do not apply are left out.
std::string nameOf(const Cell& cell, std::span<const Factor> factors);

/// The indices of the factors in `set`, ascending.
std::vector<int> membersOf(FactorSet set);

}  // namespace nnc::statistics
