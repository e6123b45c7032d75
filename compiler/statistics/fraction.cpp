#include "statistics/fraction.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

namespace nnc::statistics {

static FactorSet bit(int factor) { return FactorSet{1} << factor; }

/// Short effects first, then by their factors.
static bool isShorter(const SignedEffect& a, const SignedEffect& b) {
  const int lengthA = std::popcount(a.effect), lengthB = std::popcount(b.effect);
  return lengthA != lengthB ? lengthA < lengthB : a.effect < b.effect;
}

/// All products of generators.
static std::vector<SignedEffect> relationOf(std::span<const SignedEffect> generators) {
  std::vector<SignedEffect> products{{0, 1}};
  for (const SignedEffect& generator : generators) {
    const std::size_t count = products.size();
    for (std::size_t i = 0; i < count; ++i)
      products.push_back({products[i].effect ^ generator.effect, products[i].sign * generator.sign});
  }
  products.erase(products.begin());
  std::sort(products.begin(), products.end(), isShorter);
  return products;
}

Fraction makeFraction(int factorCount, std::vector<int> baseFactors, std::vector<SignedEffect> generators) {
  std::vector<SignedEffect> relation = relationOf(generators);
  return {factorCount, std::move(baseFactors), std::move(generators), std::move(relation)};
}

int Fraction::resolution() const {
  return definingRelation.empty() ? 0 : std::popcount(definingRelation.front().effect);
}

std::vector<Coalition> Fraction::coalitions() const {
  FactorSet base = 0;
  for (const int factor : baseFactors) base |= bit(factor);
  std::vector<Coalition> result;
  for (std::uint64_t setting = 0; setting < std::uint64_t{1} << baseFactors.size(); ++setting) {
    Coalition coalition = 0;
    for (std::size_t i = 0; i < baseFactors.size(); ++i)
      if (setting >> i & 1) coalition |= bit(baseFactors[i]);
    for (const SignedEffect& generator : generators) {
      const FactorSet inputs = generator.effect & base;
      const bool isOldCountOdd = std::popcount(inputs & ~coalition) % 2 != 0;
      const int sign = isOldCountOdd ? -generator.sign : generator.sign;
      if (sign > 0) coalition |= generator.effect & ~base;
    }
    result.push_back(coalition);
  }
  std::sort(result.begin(), result.end());
  return result;
}

/// Calls `visit` with every effect of `order` factors out of `count`, ascending.
template <typename Visit>
static void forEachEffect(int count, int order, const Visit& visit) {
  if (order > count) return;
  const FactorSet end = FactorSet{1} << count;
  // The next larger number with the same number of bits: Warren, Hacker's Delight, section 2-1.
  for (FactorSet effect = (FactorSet{1} << order) - 1; effect < end;) {
    visit(effect);
    if (effect == 0) return;
    const FactorSet lowest = effect & (~effect + 1), ripple = effect + lowest;
    effect = ripple | (((effect ^ ripple) / lowest) >> 2);
  }
}

/// `effect` expressed in base factors: effects with the same expression are aliases.
static SignedEffect inBaseFactors(const Fraction& fraction, FactorSet effect) {
  FactorSet base = 0;
  for (const int factor : fraction.baseFactors) base |= bit(factor);
  SignedEffect result{effect & base, 1};
  for (const SignedEffect& generator : fraction.generators) {
    if (!(generator.effect & ~base & effect)) continue;
    result.effect ^= generator.effect & base;
    result.sign *= generator.sign;
  }
  return result;
}

std::vector<SignedEffect> aliasesOf(const Fraction& fraction, FactorSet effect, int maxOrder) {
  const SignedEffect own = inBaseFactors(fraction, effect);
  std::vector<SignedEffect> aliases;
  for (int order = 0; order <= maxOrder; ++order) {
    forEachEffect(fraction.factorCount, order, [&](FactorSet other) {
      const SignedEffect expressed = inBaseFactors(fraction, other);
      if (other != effect && expressed.effect == own.effect) aliases.push_back({other, expressed.sign * own.sign});
    });
  }
  return aliases;
}

std::vector<AliasRow> aliasTable(const Fraction& fraction, int maxOrder) {
  std::map<FactorSet, std::size_t> rowOf;
  std::vector<AliasRow> rows;
  std::vector<int> signs;  // of the first effect of a row, in base factors
  for (int order = 1; order <= maxOrder; ++order) {
    forEachEffect(fraction.factorCount, order, [&](FactorSet effect) {
      const SignedEffect expressed = inBaseFactors(fraction, effect);
      const auto [row, isNew] = rowOf.emplace(expressed.effect, rows.size());
      if (isNew) {
        rows.push_back({effect, {}});
        signs.push_back(expressed.sign);
        if (expressed.effect == 0) rows.back().aliases.push_back({0, expressed.sign});
        return;
      }
      rows[row->second].aliases.push_back({effect, expressed.sign * signs[row->second]});
    });
  }
  return rows;
}

}  // namespace nnc::statistics
