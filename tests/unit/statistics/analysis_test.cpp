// All that is said of a response, for each kind of design.
#include "statistics/analysis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "statistics/fraction.h"
#include "studies.h"

namespace nnc::statistics {
namespace {

/// norm +40, skip +20, act nothing, with a little noise.
double noisy(Normals& normals, Coalition coalition) {
  return 0.1 + (coalition & 2 ? 0.4 : 0) + (coalition & 4 ? 0.2 : 0) + 0.005 * normals.next();
}

Responses study(const std::vector<Coalition>& coalitions, int blocks) {
  const std::vector<Factor> factors = twoLevelFactors(3);
  std::vector<Cell> cells;
  for (const Coalition coalition : coalitions) cells.push_back(cellOf(factors, coalition));
  Normals normals(4);
  return respond(factors, cells, blocks, [&](Coalition coalition, int) { return noisy(normals, coalition); });
}

TEST(Analysis, of_a_factorial_has_everything) {
  const Analysis analysis = analyse(study({0, 1, 2, 3, 4, 5, 6, 7}, 5));
  ASSERT_EQ(analysis.factors.size(), 3u);
  for (const FactorAnalysis& factor : analysis.factors)
    for (const Inferred* estimator : {&factor.firstIn, &factor.main, &factor.shapley, &factor.lastIn})
      EXPECT_TRUE(estimator->interval);
  EXPECT_FALSE(analysis.factors[0].shapley.isSignificant);
  EXPECT_TRUE(analysis.factors[1].shapley.isSignificant);
  EXPECT_GE(analysis.factors[1].main.adjustedP,
            2 * analysis.factors[1].main.pValue);  // Holm: one of the two smallest of 3
  EXPECT_EQ(analysis.pairs.size(), 3u);
  EXPECT_EQ(analysis.shares.shares.size(), 7u);
  EXPECT_FALSE(analysis.isUnbalanced);
  ASSERT_EQ(analysis.orders.size(), 2u);
  EXPECT_EQ(analysis.orders[0].first, 1);
  EXPECT_EQ(analysis.orders[1].second, 0);
  EXPECT_EQ(analysis.orders[0].probability, 1);
  EXPECT_EQ(analysis.minimumDetectable,
            std::max({*analysis.factors[0].minimumDetectable, *analysis.factors[1].minimumDetectable,
                      *analysis.factors[2].minimumDetectable}));
}

TEST(Analysis, of_few_blocks_leaves_out_what_they_do_not_carry) {
  EXPECT_FALSE(analyse(study({0, 1, 2, 3, 4, 5, 6, 7}, 4)).orders[0].probability);
  const Analysis single = analyse(study({0, 1, 2, 3, 4, 5, 6, 7}, 1));
  EXPECT_FALSE(single.factors[1].shapley.interval);
  EXPECT_TRUE(single.factors[1].shapley.estimate.isDefined());
  EXPECT_FALSE(single.factors[1].shapley.isSignificant);
  EXPECT_FALSE(single.minimumDetectable);
}

TEST(Analysis, of_an_ablation_has_first_in_and_last_in) {
  const Analysis analysis = analyse(study({0, 1, 2, 4, 3, 5, 6, 7}, 3), {.design = DesignKind::Ablation});
  EXPECT_TRUE(analysis.factors[0].firstIn.interval);
  EXPECT_TRUE(analysis.factors[0].lastIn.interval);
  EXPECT_FALSE(analysis.factors[0].main.interval);
  EXPECT_TRUE(analysis.pairs.empty());
  EXPECT_TRUE(analysis.shares.shares.empty());
}

TEST(Analysis, of_a_fraction_takes_contrasts_of_signs) {
  const Analysis analysis =
      analyse(study(smallestFraction(3, 3).fraction->coalitions(), 3), {.design = DesignKind::Fraction});
  // Additive effects: only the mean and main effects, which the aliases leave alone. Noise of 0.005 / sqrt 3 / 2 cells,
  // 4 times.
  EXPECT_NEAR(analysis.factors[1].main.interval->estimate, 0.4, 4 * 0.005 / std::sqrt(3.0));
  EXPECT_FALSE(analysis.factors[1].shapley.interval);
  EXPECT_EQ(analysis.pairs.size(), 3u);
  EXPECT_FALSE(analysis.pairs[0].effectOfFirstAtOld.interval);
  EXPECT_FALSE(analysis.isUnbalanced);
}

TEST(Analysis, of_random_cells_fits_main_effects) {
  const Analysis analysis = analyse(study({0, 1, 2, 6, 7}, 3), {.design = DesignKind::Random});
  EXPECT_NEAR(analysis.factors[1].main.interval->estimate, 0.4, 4 * 0.005);
  EXPECT_TRUE(analysis.pairs.empty());
}

TEST(Analysis, of_sampled_orders_adds_the_error_of_the_sampling) {
  // An interaction, so that orders matter, and no noise: all uncertainty is that of the sample.
  const auto value = [](Coalition coalition, int) { return coalition == 7 ? 0.9 : 0.1 + 0.1 * (coalition & 1); };
  const SampledOrders sample = sampleOrders(twoLevelFactors(3), {}, 8, 2);
  const Responses responses = fullStudy(3, 3, value);
  const Analysis analysis = analyse(responses, {.design = DesignKind::Orders, .orders = sample});
  const std::vector<Estimate> exact = shapley(responses);
  for (const FactorAnalysis& factor : analysis.factors) {
    ASSERT_TRUE(factor.shapley.interval);
    EXPECT_GT(factor.shapley.interval->upper, factor.shapley.interval->lower);
    EXPECT_TRUE(factor.shapley.interval->contains(exact[static_cast<std::size_t>(factor.factor)].byBlock[0]));
    EXPECT_FALSE(factor.main.interval);
  }
}

TEST(Analysis, of_a_removed_cell_is_unbalanced) { EXPECT_TRUE(analyse(study({0, 1, 2, 3, 4, 6, 7}, 3)).isUnbalanced); }

}  // namespace
}  // namespace nnc::statistics
