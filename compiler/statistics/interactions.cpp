#include "statistics/attribution.h"

#include <algorithm>
#include <bit>
#include <optional>

namespace nnc::statistics {

static FactorSet bit(int factor) { return FactorSet{1} << factor; }

namespace {

/// The four cells of two factors at one setting of the others.
struct Square {
  Coalition others = 0;
  int none = 0, first = 0, second = 0, both = 0;
};

std::vector<Square> squaresOf(const Responses& responses, int first, int second) {
  std::vector<Square> squares;
  for (const Cell& cell : responses.cells()) {
    const std::optional<Coalition> others = coalitionOf(responses.factors(), cell);
    if (!others || *others & (bit(first) | bit(second))) continue;
    const auto at = [&](FactorSet added) { return responses.find(cellOf(responses.factors(), *others | added)); };
    const std::optional<int> none = at(0), one = at(bit(first)), two = at(bit(second)),
                             both = at(bit(first) | bit(second));
    if (!none || !one || !two || !both) continue;
    // Where one of the factors does not apply, two of the cells are the same.
    if (*none == *one || *none == *two || *one == *both || *two == *both) continue;
    squares.push_back({*others, *none, *one, *two, *both});
  }
  return squares;
}

/// The cells between old and new that a pair of factors needs at the old setting of the others and that are absent.
std::vector<Cell> absentOf(const Responses& responses, int first, int second) {
  std::vector<Cell> absent;
  for (const Coalition coalition : {FactorSet{0}, bit(first), bit(second), bit(first) | bit(second)}) {
    Cell cell = cellOf(responses.factors(), coalition);
    if (!responses.find(cell)) absent.push_back(std::move(cell));
  }
  return absent;
}

int playerCountOf(const Responses& responses) { return std::popcount(playersOf(responses.factors())); }

}  // namespace

Interaction interaction(const Responses& responses, int first, int second) {
  const std::vector<Square> squares = squaresOf(responses, first, second);
  const double weight = 1.0 / static_cast<double>(squares.size());
  std::vector<WeightedCell> contrast, atOld, atNew;
  for (const Square& square : squares) {
    atOld.insert(atOld.end(), {{square.first, weight}, {square.none, -weight}});
    atNew.insert(atNew.end(), {{square.both, weight}, {square.second, -weight}});
    contrast.insert(contrast.end(), {{square.both, weight / 2},
                                     {square.second, -weight / 2},
                                     {square.first, -weight / 2},
                                     {square.none, weight / 2}});
  }
  Interaction result{first, second, estimateOf(responses, contrast), estimateOf(responses, atOld),
                     estimateOf(responses, atNew)};
  for (Estimate* estimate : {&result.contrast, &result.effectOfFirstAtOld, &result.effectOfFirstAtNew}) {
    estimate->settingsUsed = static_cast<std::int64_t>(squares.size());
    estimate->settingsTotal = std::int64_t{1} << (playerCountOf(responses) - 2);
    if (squares.empty()) estimate->absent = absentOf(responses, first, second);
  }
  return result;
}

Estimate shapleyInteraction(const Responses& responses, int first, int second) {
  const int players = playerCountOf(responses);
  const std::vector<Square> squares = squaresOf(responses, first, second);
  if (squares.size() != std::size_t{1} << (players - 2)) {
    Estimate estimate = estimateOf(responses, {});
    estimate.absent = absentOf(responses, first, second);
    return estimate;
  }
  // weight(s) = s! (k-s-2)! / (k-1)! = 1 / ((k-1) binomial(k-2, s))
  std::vector<double> weights{1.0 / (players - 1)};
  for (int size = 1; size <= players - 2; ++size) weights.push_back(weights.back() * size / (players - 1 - size));
  std::vector<WeightedCell> contrast;
  for (const Square& square : squares) {
    const double weight = weights[static_cast<std::size_t>(std::popcount(square.others))];
    contrast.insert(contrast.end(),
                    {{square.both, weight}, {square.second, -weight}, {square.first, -weight}, {square.none, weight}});
  }
  return estimateOf(responses, contrast);
}

Estimate productContrast(const Responses& responses, FactorSet effect) {
  std::vector<WeightedCell> contrast;
  int positive = 0;
  for (int cell = 0; cell < responses.cellCount(); ++cell) {
    const auto coalition = coalitionOf(responses.factors(), responses.cells()[static_cast<std::size_t>(cell)]);
    if (!coalition) continue;
    const bool isPositive = std::popcount(effect & ~*coalition) % 2 == 0;
    positive += isPositive ? 1 : 0;
    contrast.push_back({cell, isPositive ? 1.0 : -1.0});
  }
  const int negative = static_cast<int>(contrast.size()) - positive;
  if (positive == 0 || negative == 0) return estimateOf(responses, {});
  for (WeightedCell& term : contrast) term.weight /= term.weight > 0 ? positive : negative;
  return estimateOf(responses, contrast);
}

std::vector<FactorSet> aliasesIn(const Responses& responses, FactorSet effect) {
  std::vector<Coalition> coalitions;
  for (const Cell& cell : responses.cells())
    if (const std::optional<Coalition> coalition = coalitionOf(responses.factors(), cell))
      coalitions.push_back(*coalition);
  const auto isConstant = [&](FactorSet product) {
    return std::all_of(coalitions.begin(), coalitions.end(), [&](Coalition coalition) {
      return std::popcount(product & ~coalition) % 2 == std::popcount(product & ~coalitions[0]) % 2;
    });
  };
  std::vector<FactorSet> aliases;
  const std::vector<int> players = membersOf(playersOf(responses.factors()));
  for (std::size_t i = 0; i < players.size(); ++i)
    for (std::size_t j = i; j < players.size(); ++j) {
      const FactorSet other = FactorSet{1} << players[i] | FactorSet{1} << players[j];
      if (other != effect && isConstant(other ^ effect)) aliases.push_back(other);
    }
  // Short ones first.
  std::stable_sort(aliases.begin(), aliases.end(),
                   [](FactorSet a, FactorSet b) { return std::popcount(a) < std::popcount(b); });
  return aliases;
}

}  // namespace nnc::statistics
