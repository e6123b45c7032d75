// Two-level fractions: notation, defining relation, resolution, aliases, the smallest fraction.
#include "statistics/fraction.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <set>
#include <utility>

#include "statistics/attribution.h"
#include "studies.h"

namespace nnc::statistics {
namespace {

/// The set of factors named by letters from a.
FactorSet set(std::string_view letters) {
  FactorSet result = 0;
  for (const char letter : letters) result |= FactorSet{1} << (letter - 'a');
  return result;
}

TEST(Fraction, reads_generator_words) {
  // 2^(5-2) with D = -AB and E = ABC, as pyDOE2's fracfact('a b c -ab +abc').
  const FractionResult result = parseGenerators("a b C -ab +aBc");
  ASSERT_TRUE(result.fraction) << result.problem;
  const Fraction& fraction = *result.fraction;
  EXPECT_EQ(fraction.factorCount, 5);
  EXPECT_EQ(fraction.baseFactors, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(fraction.generators, (std::vector<SignedEffect>{{set("abd"), -1}, {set("abce"), 1}}));
  EXPECT_EQ(fraction.definingRelation,
            (std::vector<SignedEffect>{{set("abd"), -1}, {set("cde"), -1}, {set("abce"), 1}}));
  EXPECT_EQ(fraction.resolution(), 3);
  const std::vector<Coalition> cells = fraction.coalitions();
  ASSERT_EQ(cells.size(), 8u);
  EXPECT_EQ(std::set<Coalition>(cells.begin(), cells.end()).size(), 8u);
  const auto sign = [](Coalition cell, FactorSet effect) { return std::popcount(effect & ~cell) % 2 ? -1 : 1; };
  for (const Coalition cell : cells)
    for (const SignedEffect& word : fraction.definingRelation) EXPECT_EQ(sign(cell, word.effect), word.sign);
}

TEST(Fraction, refuses_words_that_make_no_design) {
  EXPECT_EQ(parseGenerators("a b ad").problem, "`d` of `ad` is no base factor: no word consists of it alone");
  EXPECT_EQ(parseGenerators("a b aba").problem, "`aba` has `a` twice");
  EXPECT_EQ(parseGenerators("a b c ab ba").problem, "`ab` and `ba` are the same column");
  EXPECT_EQ(parseGenerators("a b a").problem, "two factors have the column `a`");
  EXPECT_EQ(parseGenerators("a -b ab").problem, "a base factor has no sign: `b`");
  EXPECT_EQ(parseGenerators("a b a*b").problem,
            "`*` has no place in generator words: letters, `+` and `-` in front of them, and spaces");
  EXPECT_EQ(parseGenerators("a b -").problem, "a sign without letters");
  std::string many = "a b c d e";
  for (int mask = 3; mask < 32; ++mask) {
    std::string word;
    for (int i = 0; i < 5; ++i)
      if (mask >> i & 1) word += static_cast<char>('a' + i);
    if (word.size() > 1) many += " " + word;
  }
  EXPECT_EQ(parseGenerators(many).problem, "26 generated factors; at most 16 are possible");
}

TEST(Fraction, the_smallest_of_a_resolution_is_that_of_the_published_table) {
  // Numbers of base factors; Box, Hunter and Hunter, Statistics for Experimenters, table 6.22, and for resolution V and
  // VI the optimal binary codes of that redundancy (Brouwer's table).
  const std::map<int, std::vector<int>> known = {
      {3, {0, 0, 0, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4}},
      {4, {0, 0, 0, 0, 3, 4, 4, 4, 4, 5, 5, 5, 5}},
      {5, {0, 0, 0, 0, 0, 4, 5, 6, 6, 7, 7, 7, 8}},
      {6, {0, 0, 0, 0, 0, 0, 5, 6, 7, 7, 8, 8, 8}},
  };
  for (const auto& [resolution, baseCounts] : known) {
    for (int factors = resolution; factors <= 12; ++factors) {
      const FractionResult result = smallestFraction(factors, resolution);
      ASSERT_TRUE(result.fraction) << result.problem;
      EXPECT_EQ(static_cast<int>(result.fraction->baseFactors.size()), baseCounts[static_cast<std::size_t>(factors)])
          << factors << " factors, resolution " << resolution;
      EXPECT_GE(result.fraction->resolution(), resolution);
    }
  }
}

TEST(Fraction, runs_the_cell_with_everything_new) {
  const FractionResult result = smallestFraction(5, 5);
  ASSERT_TRUE(result.fraction);
  EXPECT_EQ(result.fraction->definingRelation, (std::vector<SignedEffect>{{set("abcde"), 1}}));
  EXPECT_EQ(result.fraction->coalitions().back(), set("abcde"));
}

TEST(Fraction, refuses_resolutions_that_cannot_be) {
  EXPECT_EQ(smallestFraction(5, 2).problem, "resolution 2 of 5 factors: it lies between 3 and the number of factors");
  EXPECT_EQ(smallestFraction(5, 6).problem, "resolution 6 of 5 factors: it lies between 3 and the number of factors");
  EXPECT_EQ(smallestFraction(40, 3).problem, "no fraction of 40 factors with resolution 3 has at most 2^20 cells");
}

TEST(Fraction, tells_what_an_effect_is_aliased_with) {
  const Fraction half = *parseGenerators("a b c d abcd").fraction;
  EXPECT_TRUE(aliasesOf(half, set("a"), 3).empty());
  EXPECT_EQ(aliasesOf(half, set("a"), 4), (std::vector<SignedEffect>{{set("bcde"), 1}}));
  EXPECT_EQ(aliasesOf(half, set("abcde"), 5), (std::vector<SignedEffect>{{0, 1}}));  // the mean
  const Fraction quarter = *parseGenerators("a b c -ab ac").fraction;
  EXPECT_EQ(aliasesOf(quarter, set("a"), 2), (std::vector<SignedEffect>{{set("bd"), -1}, {set("ce"), 1}}));
}

TEST(Fraction, alias_table_has_every_effect_once) {
  const Fraction quarter = *parseGenerators("a b c -ab ac").fraction;
  const std::vector<AliasRow> table = aliasTable(quarter, 5);
  EXPECT_EQ(table.size(), 8u);  // 7 classes and the defining relation
  std::map<FactorSet, int> seen;
  for (const AliasRow& row : table) {
    ++seen[row.effect];
    std::set<std::pair<FactorSet, int>> listed, asked;
    for (const SignedEffect& alias : row.aliases) listed.emplace(alias.effect, alias.sign);
    for (const SignedEffect& alias : aliasesOf(quarter, row.effect, 5)) asked.emplace(alias.effect, alias.sign);
    EXPECT_EQ(listed, asked);
    for (const SignedEffect& alias : row.aliases) ++seen[alias.effect];
  }
  EXPECT_EQ(seen.size(), 32u);
  for (const auto& [effect, count] : seen) EXPECT_EQ(count, 1) << effect;
}

// ---- what a fraction does to effects ----

/// Responses of a fraction with given contrasts: v = sum over effects of contrast / 2 * product of signs.
Responses respondWith(const std::map<FactorSet, double>& contrasts, const std::vector<Coalition>& coalitions) {
  const std::vector<Factor> factors = twoLevelFactors(5);
  std::vector<Cell> cells;
  for (const Coalition coalition : coalitions) cells.push_back(cellOf(factors, coalition));
  return respond(factors, cells, 1, [&](Coalition coalition, int) {
    double value = 50;
    for (const auto& [effect, contrast] : contrasts)
      value += (std::popcount(effect & ~coalition) % 2 ? -contrast : contrast) / 2;
    return value;
  });
}

TEST(Fraction, contrasts_are_sums_of_aliases) {
  std::map<FactorSet, double> contrasts;
  const std::vector<double> game = randomGame(5, 11);
  for (FactorSet effect = 1; effect < 32; ++effect) contrasts[effect] = game[effect];
  const Fraction quarter = *parseGenerators("a b c -ab ac").fraction;
  const Responses responses = respondWith(contrasts, quarter.coalitions());
  for (const AliasRow& row : aliasTable(quarter, 5)) {
    double expected = contrasts[row.effect];
    bool isMean = false;
    for (const SignedEffect& alias : row.aliases) {
      isMean = isMean || alias.effect == 0;
      if (alias.effect != 0) expected += alias.sign * contrasts[alias.effect];
    }
    // 8 cells of 31 terms each, all below 100: rounding below 300 * 100 * 1.1e-16.
    if (isMean) continue;
    EXPECT_NEAR(productContrast(responses, row.effect).byBlock[0], expected, 1e-11);
  }
}

TEST(Fraction, high_interactions_change_size_and_sign) {
  // A study of five factors (relu, bn, skip, drop, init) whose full design has these main effects, read from fractions.
  // The interactions are chosen so that the half and the quarter fraction show what a real study showed.
  const double mains[] = {-2.3, 25.2, 39.9, -18.8, -5.7};
  std::map<FactorSet, double> contrasts = {
      {set("bcde"), -4.1}, {set("acde"), 4.2}, {set("abde"), 3.8}, {set("abce"), 14.2}, {set("abcd"), -8.4},
      {set("bd"), -27.7},  {set("ad"), 4.3},   {set("ae"), -1.7},  {set("ab"), 21.1},   {set("ac"), -4.6}};
  for (int i = 0; i < 5; ++i) contrasts[FactorSet{1} << i] = mains[i];

  std::vector<Coalition> all(32);
  for (Coalition coalition = 0; coalition < 32; ++coalition) all[coalition] = coalition;
  const Responses full = respondWith(contrasts, all);
  const Responses half = respondWith(contrasts, smallestFraction(5, 5).fraction->coalitions());
  const Responses quarter = respondWith(contrasts, smallestFraction(5, 3).fraction->coalitions());
  const double halfShows[] = {-6.4, 29.4, 43.7, -4.6, -14.1};
  const double quarterShows[] = {-30.0, 43.7, 29.8, 6.5, -6.5};
  for (int i = 0; i < 5; ++i) {
    const FactorSet effect = FactorSet{1} << i;
    EXPECT_NEAR(mainEffect(full, i).byBlock[0], mains[i], 1e-10);
    EXPECT_NEAR(productContrast(full, effect).byBlock[0], mains[i], 1e-10);
    EXPECT_NEAR(productContrast(half, effect).byBlock[0], halfShows[i], 1e-10);
    EXPECT_NEAR(productContrast(quarter, effect).byBlock[0], quarterShows[i], 1e-10);
    // A fraction pairs no cells that differ in one factor.
    EXPECT_FALSE(mainEffect(half, i).isDefined());
  }
}

}  // namespace
}  // namespace nnc::statistics
