// Attribution against brute force and hand-computed cases, with holes in the design.
#include "statistics/attribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "statistics/permutations.h"
#include "statistics/variance_shares.h"
#include "studies.h"

namespace nnc::statistics {
namespace {

// Sums of up to 64 terms below 1 in absolute value: rounding stays below 64 * 2^-53 = 7e-15.
constexpr double kRounding = 1e-14;

/// Mean marginal contribution over all orders in which every precedence holds, by enumeration.
std::vector<double> bruteForceShapley(int count, const std::vector<double>& game,
                                      const std::vector<Precedence>& precedences) {
  std::vector<int> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::vector<double> sums(static_cast<std::size_t>(count), 0.0);
  int orders = 0;
  do {
    const auto placeOf = [&](int factor) { return std::find(order.begin(), order.end(), factor); };
    const bool isPossible = std::all_of(precedences.begin(), precedences.end(), [&](const Precedence& precedence) {
      return placeOf(precedence.needed) < placeOf(precedence.factor);
    });
    if (!isPossible) continue;
    ++orders;
    std::size_t entered = 0;
    for (const int factor : order) {
      const std::size_t with = entered | std::size_t{1} << factor;
      sums[static_cast<std::size_t>(factor)] += game[with] - game[entered];
      entered = with;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  for (double& sum : sums) sum /= orders;
  return sums;
}

TEST(Attribution, hand_computed_two_factors) {
  // v: old 10, act 12, norm 40, both 82; block 1 everything 1 higher but for both, 2 higher.
  const double table[] = {10, 12, 40, 82};
  const Responses responses = fullStudy(
      2, 2, [&](Coalition coalition, int block) { return table[coalition] + block * (coalition == 3 ? 2 : 1); });
  EXPECT_EQ(firstIn(responses, 1).byBlock, (std::vector<double>{2, 2}));
  EXPECT_EQ(lastIn(responses, 1).byBlock, (std::vector<double>{42, 43}));
  EXPECT_EQ(mainEffect(responses, 0).byBlock, (std::vector<double>{22, 22.5}));
  EXPECT_EQ(firstIn(responses, 3).byBlock, (std::vector<double>{72, 73}));
  EXPECT_EQ(totalGain(responses).byBlock, (std::vector<double>{72, 73}));
  const std::vector<Estimate> values = shapley(responses);
  EXPECT_EQ(values[0].byBlock, (std::vector<double>{22, 22.5}));
  EXPECT_EQ(values[1].byBlock, (std::vector<double>{50, 50.5}));
  const Interaction pair = interaction(responses, 0, 1);
  EXPECT_EQ(pair.effectOfFirstAtOld.byBlock, (std::vector<double>{2, 2}));
  EXPECT_EQ(pair.effectOfFirstAtNew.byBlock, (std::vector<double>{42, 43}));
  EXPECT_EQ(pair.contrast.byBlock, (std::vector<double>{20, 20.5}));
}

TEST(Attribution, shapley_is_the_mean_over_all_orders) {
  const std::vector<double> game = randomGame(5, 1);
  const Responses responses = fullStudy(5, 1, [&](Coalition coalition, int) { return game[coalition]; });
  const std::vector<double> expected = bruteForceShapley(5, game, {});
  const std::vector<Estimate> values = shapley(responses);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(values[i].byBlock[0], expected[i], kRounding);
}

TEST(Attribution, shapley_with_precedences_is_the_mean_over_the_orders_that_honour_them) {
  const std::vector<double> game = randomGame(6, 2);
  const std::vector<Precedence> precedences = {{3, 1}, {4, 3}, {5, 0}};
  const std::vector<double> expected = bruteForceShapley(6, game, precedences);
  // Cells that no such order passes through are not run.
  const std::vector<Factor> factors = twoLevelFactors(6);
  std::vector<Cell> cells;
  for (const Cell& cell : fullFactorial(factors))
    if (isFeasible(*coalitionOf(factors, cell), precedences)) cells.push_back(cell);
  EXPECT_LT(cells.size(), 64u);
  const Responses responses = respond(factors, cells, 1, [&](Coalition coalition, int) { return game[coalition]; });
  const std::vector<Estimate> values = shapley(responses, precedences);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(values[i].byBlock[0], expected[i], kRounding);
  EXPECT_FALSE(shapley(responses)[0].isDefined());
}

TEST(Attribution, shapley_values_sum_to_the_gap) {
  for (const std::vector<Precedence>& precedences :
       {std::vector<Precedence>(), std::vector<Precedence>{{4, 2}, {0, 4}}}) {
    Draws draws("tests/gap", 3, 0);
    // Accuracies in points, as a study has them.
    const Responses responses = fullStudy(6, 5, [&](Coalition, int) { return 100 * draws.uniform(); });
    const std::vector<Estimate> values = shapley(responses, precedences);
    for (std::size_t block = 0; block < 5; ++block) {
      double sum = 0;
      for (const Estimate& value : values) sum += value.byBlock[block];
      EXPECT_NEAR(sum, totalGain(responses).byBlock[block], 1e-9);  // as the specification asks
    }
  }
}

TEST(Attribution, the_four_estimators_agree_when_factors_are_additive) {
  const double effects[] = {1, -2, 4, 8};
  const Responses responses = fullStudy(4, 1, [&](Coalition coalition, int) {
    double value = 3;
    for (int i = 0; i < 4; ++i) value += coalition >> i & 1 ? effects[i] : 0;
    return value;
  });
  const std::vector<Estimate> values = shapley(responses);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(firstIn(responses, FactorSet{1} << i).byBlock[0], effects[i]);
    EXPECT_EQ(lastIn(responses, FactorSet{1} << i).byBlock[0], effects[i]);
    EXPECT_NEAR(mainEffect(responses, i).byBlock[0], effects[i], kRounding);
    EXPECT_NEAR(values[static_cast<std::size_t>(i)].byBlock[0], effects[i], 20 * kRounding);  // terms up to 20
    for (int j = i + 1; j < 4; ++j) {
      EXPECT_EQ(interaction(responses, i, j).contrast.byBlock[0], 0);
      EXPECT_EQ(shapleyInteraction(responses, i, j).byBlock[0], 0);
    }
  }
}

TEST(Attribution, main_effect_and_interaction_are_product_contrasts) {
  const std::vector<double> game = randomGame(4, 4);
  const Responses responses = fullStudy(4, 1, [&](Coalition coalition, int) { return game[coalition]; });
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(mainEffect(responses, i).byBlock[0], productContrast(responses, FactorSet{1} << i).byBlock[0],
                kRounding);
    EXPECT_NEAR(mainEffect(responses, i).byBlock[0],
                leastSquaresEffects(responses)[static_cast<std::size_t>(i)].byBlock[0], kRounding);
    for (int j = i + 1; j < 4; ++j) {
      double sum = 0;  // 2 mean(s_i s_j v)
      for (std::size_t s = 0; s < 16; ++s) sum += ((s >> i & 1) == (s >> j & 1) ? 1 : -1) * game[s];
      EXPECT_NEAR(interaction(responses, i, j).contrast.byBlock[0], 2 * sum / 16, kRounding);
    }
  }
}

TEST(Attribution, shapley_interaction_index_by_its_definition) {
  const std::vector<double> game = randomGame(5, 5);
  const Responses responses = fullStudy(5, 1, [&](Coalition coalition, int) { return game[coalition]; });
  const auto factorial = [](int n) { return std::tgamma(n + 1.0); };
  double expected = 0;
  for (std::size_t s = 0; s < 32; ++s) {
    if (s & 0b01010) continue;  // the pair is factors 1 and 3
    const int size = std::popcount(s);
    expected += factorial(size) * factorial(5 - size - 2) / factorial(4) *
                (game[s | 0b01010] - game[s | 0b00010] - game[s | 0b01000] + game[s]);
  }
  EXPECT_NEAR(shapleyInteraction(responses, 1, 3).byBlock[0], expected, kRounding);
}

TEST(Attribution, sampled_shapley_approaches_the_exact_one_and_sums_to_the_gap) {
  const std::vector<double> game = randomGame(6, 6);
  const Responses responses = fullStudy(6, 1, [&](Coalition coalition, int) { return game[coalition]; });
  const std::vector<Estimate> exact = shapley(responses);
  const SampledOrders sample = sampleOrders(twoLevelFactors(6), {}, 400, 9);
  const auto estimates = sampledShapley(sample, 6, [&](Coalition coalition) { return game[coalition]; });
  double sum = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    sum += estimates[i].value;
    // Four of its own standard errors; a random game has marginals of order 0.4, hence errors of about 0.4 / sqrt(800).
    EXPECT_NEAR(estimates[i].value, exact[i].byBlock[0], 4 * estimates[i].standardError);
    EXPECT_LT(estimates[i].standardError, 0.03);
    EXPECT_GT(estimates[i].standardError, 0);
  }
  EXPECT_NEAR(sum, game[63] - game[0], 400 * kRounding);
}

TEST(Attribution, sampled_shapley_of_a_study_is_that_of_each_block) {
  const std::vector<double> game = randomGame(5, 12);
  const auto value = [&](Coalition coalition, int block) { return (1 + block) * game[coalition]; };
  const SampledOrders sample = sampleOrders(twoLevelFactors(5), {}, 3, 9);
  std::vector<Cell> cells;
  for (const Coalition coalition : sample.coalitions) cells.push_back(cellOf(twoLevelFactors(5), coalition));
  ASSERT_LT(cells.size(), 32u);
  const Responses responses = respond(twoLevelFactors(5), cells, 3, value);
  const std::vector<ShapleyFromOrders> found = shapleyFromOrders(responses, sample);
  for (int block = 0; block < 3; ++block) {
    const auto expected = sampledShapley(sample, 5, [&](Coalition coalition) { return value(coalition, block); });
    for (std::size_t i = 0; i < 5; ++i)
      EXPECT_NEAR(found[i].estimate.byBlock[static_cast<std::size_t>(block)], expected[i].value, 10 * kRounding);
    // The middle block has the means over blocks.
    for (std::size_t i = 0; i < 5 && block == 1; ++i)
      EXPECT_NEAR(found[i].standardError, expected[i].standardError, 10 * kRounding);
  }
  const Responses holes = responses.filtered([](const Cell& cell) { return cell != Cell{0, 0, 0, 0, 0}; });
  EXPECT_EQ(shapleyFromOrders(holes, sample)[0].estimate.absent, (std::vector<Cell>{{0, 0, 0, 0, 0}}));
}

// ---- several levels ----

TEST(Attribution, level_effects_average_over_all_levels_of_the_others) {
  std::vector<Factor> factors = {{"init", 3, 0, 2}, {"depth", 2, 0, 1, /*isPlayer=*/false}};
  Responses responses(factors, fullFactorial(factors), 1);
  const double values[] = {1, 2, 5, 6, 10, 20};  // init 0: 1, 2; init 1: 5, 6; init 2: 10, 20
  for (int cell = 0; cell < 6; ++cell) responses.set(cell, 0, values[cell]);
  EXPECT_EQ(levelEffect(responses, 0, 0, 2).byBlock[0], 13.5);
  EXPECT_EQ(levelEffect(responses, 0, 0, 1).byBlock[0], 4);
  EXPECT_EQ(levelEffect(responses, 0, 0, 1).settingsTotal, 2);
  // Depth is no player: effects are at its old level, or where it is fixed.
  EXPECT_EQ(mainEffect(responses, 0).byBlock[0], 9);
  EXPECT_EQ(mainEffect(responses.fixed(1, 1), 0).byBlock[0], 18);
}

TEST(VarianceShares, hand_computed_two_by_three) {
  // Rows 1 2 3 and 3 2 7: mean 3, row means 2 and 4, column means 2 2 5. Variances: rows 1, columns (1+1+4)/3 = 2,
  // total (4+1+0+0+1+16)/6 = 11/3, so 2/3 is left for the interaction.
  const std::vector<Factor> factors = {{"act"}, {"init", 3, 0, 2}};
  Responses responses(factors, fullFactorial(factors), 1);
  const double values[] = {1, 2, 3, 3, 2, 7};
  for (int cell = 0; cell < 6; ++cell) responses.set(cell, 0, values[cell]);
  const VarianceShares shares = varianceShares(responses, std::vector<int>{0});
  ASSERT_EQ(shares.shares.size(), 3u);
  EXPECT_NEAR(shares.totalVariance, 11.0 / 3, kRounding);
  EXPECT_EQ(shares.shares[0].factors, 1u);
  EXPECT_NEAR(shares.shares[0].share, 3.0 / 11, kRounding);
  EXPECT_NEAR(shares.shares[1].share, 6.0 / 11, kRounding);
  EXPECT_NEAR(shares.shares[2].share, 2.0 / 11, kRounding);
}

TEST(VarianceShares, of_two_levels_are_squared_contrasts) {
  const std::vector<double> game = randomGame(4, 8);
  const Responses responses = fullStudy(4, 2, [&](Coalition coalition, int block) { return game[coalition] + block; });
  const VarianceShares shares = varianceShares(responses, std::vector<int>{0, 1});
  ASSERT_EQ(shares.shares.size(), 15u);
  double sum = 0;
  for (const VarianceShare& row : shares.shares) {
    const double contrast = productContrast(responses, row.factors).byBlock[0];
    // The variances are near 0.1, so a share has 10 times their rounding.
    EXPECT_NEAR(row.share, contrast * contrast / 4 / shares.totalVariance, 10 * kRounding);
    sum += row.share;
  }
  EXPECT_NEAR(sum, 1, 10 * kRounding);
  EXPECT_EQ(varianceShares(responses, std::vector<int>{0, 1}, 2).shares.size(), 10u);
}

TEST(VarianceShares, are_not_given_where_there_is_nothing_to_share) {
  const Responses equal = fullStudy(3, 3, [](Coalition, int) { return 0.1; });
  EXPECT_TRUE(varianceShares(equal, std::vector<int>{0, 1, 2}).shares.empty());
  const Responses holes = equal.filtered([](const Cell& cell) { return cell != Cell{1, 1, 0}; });
  const VarianceShares none = varianceShares(holes, std::vector<int>{0, 1, 2});
  EXPECT_TRUE(none.shares.empty());
  EXPECT_EQ(none.absent, (std::vector<Cell>{{1, 1, 0}}));
}

// ---- holes ----

TEST(Holes, a_removed_cell_is_named_by_what_needs_it) {
  const std::vector<double> game = randomGame(3, 10);
  const Responses responses = fullStudy(3, 2, [&](Coalition coalition, int) {
                                return game[coalition];
                              }).filtered([](const Cell& cell) { return cell != Cell{1, 0, 0}; });
  EXPECT_FALSE(firstIn(responses, 1).isDefined());
  EXPECT_EQ(firstIn(responses, 1).absent, (std::vector<Cell>{{1, 0, 0}}));
  EXPECT_TRUE(firstIn(responses, 2).isDefined());
  EXPECT_TRUE(lastIn(responses, 1).isDefined());
  EXPECT_EQ(shapley(responses)[1].absent, (std::vector<Cell>{{1, 0, 0}}));
  const Estimate main = mainEffect(responses, 1);
  EXPECT_EQ(main.settingsUsed, 3);
  EXPECT_EQ(main.settingsTotal, 4);
  EXPECT_TRUE(main.isUnbalanced());
  EXPECT_NEAR(main.byBlock[0], (game[2] - game[0] + game[6] - game[4] + game[7] - game[5]) / 3, kRounding);
  const Interaction pair = interaction(responses, 0, 1);
  EXPECT_EQ(pair.contrast.settingsUsed, 1);
  EXPECT_NEAR(pair.contrast.byBlock[0], (game[7] - game[6] - game[5] + game[4]) / 2, kRounding);
  EXPECT_FALSE(shapleyInteraction(responses, 0, 1).isDefined());
}

TEST(Holes, a_missing_block_is_left_out_and_listed) {
  Responses responses = fullStudy(2, 3, [](Coalition coalition, int block) { return 10.0 * coalition + block; });
  responses.set(*responses.find({1, 0}), 1, std::nan(""));
  const Estimate first = firstIn(responses, 1);
  EXPECT_EQ(first.values(), (std::vector<double>{10, 10}));
  EXPECT_TRUE(std::isnan(first.byBlock[1]));
  ASSERT_EQ(first.missing.size(), 1u);
  EXPECT_EQ(first.missing[0].cell, *responses.find({1, 0}));
  EXPECT_EQ(first.missing[0].block, 1);
  EXPECT_EQ(lastIn(responses, 1).values().size(), 3u);
  EXPECT_EQ(mainEffect(responses, 0).values().size(), 2u);
  EXPECT_EQ(responses.finishedBlocks(*responses.find({1, 0})), 2);
  EXPECT_EQ(responses.completeBlocks(), (std::vector<int>{0, 2}));
  EXPECT_EQ(responses.cellMean(*responses.find({1, 0})), 11);  // of 10 and 12
}

TEST(Holes, equal_responses_have_no_effect_at_all) {
  // 0.1 is no binary fraction: a contrast must not be its rounding, which would be the same in every block.
  const Responses responses = fullStudy(5, 3, [](Coalition, int) { return 0.1; });
  for (const Estimate& value : shapley(responses)) EXPECT_EQ(value.byBlock, (std::vector<double>{0, 0, 0}));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(mainEffect(responses, i).byBlock, (std::vector<double>{0, 0, 0}));
}

// ---- nested factors ----

/// Pre-activation means something with a skip alone; act is free.
Responses nestedStudy() {
  const std::vector<Factor> factors = {{"act"}, {"skip"}, {"preact"}};
  const std::vector<Cell> cells = {{0, 0, -1}, {1, 0, -1}, {0, 1, 0}, {0, 1, 1}, {1, 1, 0}, {1, 1, 1}};
  Responses responses(factors, cells, 1);
  const double values[] = {10, 11, 50, 70, 55, 80};
  for (int cell = 0; cell < 6; ++cell) responses.set(cell, 0, values[cell]);
  return responses;
}

TEST(Nested, precedences_are_read_off_the_cells) {
  const std::vector<Precedence> found = precedencesOf(nestedStudy());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].factor, 2);
  EXPECT_EQ(found[0].needed, 1);
  EXPECT_TRUE(precedencesOf(fullStudy(3, 1, [](Coalition, int) { return 0.0; })).empty());
}

TEST(Nested, effects_are_taken_where_the_factor_applies) {
  const Responses responses = nestedStudy();
  const Estimate preact = mainEffect(responses, 2);
  EXPECT_EQ(preact.byBlock[0], 22.5);  // within skip = on: 20 and 25
  EXPECT_EQ(preact.settingsUsed, 2);
  EXPECT_EQ(mainEffect(responses, 1).byBlock[0], 42);  // without pre-activation: 40 and 44
  EXPECT_FALSE(firstIn(responses, 4).isDefined());     // alone it does not apply
  EXPECT_EQ(lastIn(responses, 4).byBlock[0], 25);
  EXPECT_EQ(lastIn(responses, 2).byBlock[0], 69);  // without a skip there is no pre-activation either
  EXPECT_FALSE(interaction(responses, 1, 2).contrast.isDefined());
}

TEST(Nested, shapley_averages_over_orders_in_which_skip_precedes_preact) {
  const Responses responses = nestedStudy();
  const std::vector<Estimate> values = shapley(responses, precedencesOf(responses));
  // Orders act-skip-preact, skip-act-preact, skip-preact-act. act: 1, 5, 10; skip: 44, 40, 40; preact: 25, 25, 20.
  EXPECT_NEAR(values[0].byBlock[0], 16.0 / 3, 100 * kRounding);  // responses up to 80
  EXPECT_NEAR(values[1].byBlock[0], 124.0 / 3, 100 * kRounding);
  EXPECT_NEAR(values[2].byBlock[0], 70.0 / 3, 100 * kRounding);
}

TEST(Nested, fixing_what_a_factor_needs_frees_or_removes_it) {
  const Responses on = nestedStudy().fixed(1, 1), off = nestedStudy().fixed(1, 0);
  EXPECT_EQ(on.cellCount(), 4);
  EXPECT_TRUE(on.factors()[2].isPlayer);
  EXPECT_EQ(mainEffect(on, 2).byBlock[0], 22.5);
  EXPECT_EQ(off.cellCount(), 2);
  EXPECT_FALSE(off.factors()[2].isPlayer);
}

// ---- random designs ----

TEST(LeastSquares, finds_additive_effects_from_a_random_design) {
  std::vector<Factor> factors = twoLevelFactors(5);
  factors.push_back({"init", 3, 0, 2});
  Responses responses(factors, randomCells(factors, 14, 1), 1);
  for (int cell = 0; cell < responses.cellCount(); ++cell) {
    const Cell& levels = responses.cells()[static_cast<std::size_t>(cell)];
    responses.set(cell, 0, 2.0 * levels[0] - 3.0 * levels[1] + 0.5 * levels[4] + (levels[5] == 2 ? 7 : 4 * levels[5]));
  }
  const double expected[] = {2, -3, 0, 0, 0.5, 7};
  const std::vector<Estimate> effects = leastSquaresEffects(responses);
  // A well conditioned system of 8 unknowns: a few hundred roundings of values near 10.
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(effects[i].byBlock[0], expected[i], 1e-12);
  Responses few(factors, randomCells(factors, 4, 1), 1);
  EXPECT_FALSE(leastSquaresEffects(few)[0].isDefined());
}

}  // namespace
}  // namespace nnc::statistics
