// Distributions, intervals, adjustments and the bootstrap against known values.
#include "statistics/intervals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "statistics/bootstrap.h"
#include "statistics/distributions.h"

namespace nnc::statistics {
namespace {

// Reference values: mpmath 1.3 with 30 digits.

TEST(Distributions, incomplete_beta) {
  const double known[][4] = {{0.5, 0.5, 0.3, 0.369010119565545383},
                             {2, 3, 0.4, 0.5248},
                             {5, 0.5, 0.9, 0.316642915020012256},
                             {100, 200, 0.3, 0.108843065644909837},
                             {0.5, 50, 0.01, 0.682695602125802411},
                             {1000, 1000, 0.51, 0.814447340568488338},
                             {3, 4, 0, 0},
                             {3, 4, 1, 1}};
  for (const auto& [a, b, x, value] : known) EXPECT_NEAR(incompleteBeta(a, b, x), value, 1e-12 * value);
}

TEST(Distributions, t_quantiles) {
  const double known[][3] = {{0.975, 1, 12.7062047361747046},   {0.975, 2, 4.30265272974946385},
                             {0.975, 4, 2.77644510519779436},   {0.8, 2, 1.06066017177982129},
                             {0.975, 9, 2.26215716279820554},   {0.995, 29, 2.75638590367060549},
                             {0.975, 199, 1.97195654425175383}, {0.9999, 3, 22.2037422732041829},
                             {0.6, 5, 0.267180865704145127},    {0.975, 2.5, 3.57465484200368322}};
  for (const auto& [probability, degrees, value] : known) {
    EXPECT_NEAR(tQuantile(probability, degrees), value, 1e-12 * value);
    EXPECT_NEAR(tQuantile(1 - probability, degrees), -value, 1e-12 * value);
    EXPECT_NEAR(tCdf(value, degrees), probability, 1e-13);
  }
  EXPECT_EQ(tQuantile(0.5, 3), 0);
  EXPECT_NEAR(tCdf(-3.5, 7), 0.00499652044094277363, 1e-15);
  EXPECT_NEAR(tCdf(0.1, 7), 0.538425970197603805, 1e-13);
}

TEST(Distributions, normal_quantiles) {
  const double known[][2] = {{0.975, 1.95996398454005424},
                             {0.9, 1.28155156554460047},
                             {0.1, -1.28155156554460047},
                             {1e-10, -6.3613409024040562},
                             {0.5001, 0.000250662830088035099}};
  // 0.5001 is read from its difference to 1/2, of which it has 12 digits.
  for (const auto& [probability, value] : known) EXPECT_NEAR(normalQuantile(probability), value, 1e-12);
  EXPECT_EQ(normalQuantile(0.5), 0);
  EXPECT_NEAR(normalCdf(1.95996398454005424), 0.975, 1e-15);
}

TEST(Intervals, t_interval_of_three_blocks) {
  const double values[] = {1, 2, 6};  // mean 3, sd sqrt 7
  const std::optional<Interval> interval = tInterval(values);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->estimate, 3);
  EXPECT_EQ(interval->count, 3);
  EXPECT_NEAR(interval->upper - 3, 4.30265272974946385 * std::sqrt(7.0 / 3), 1e-11);
  EXPECT_NEAR(3 - interval->lower, interval->upper - 3, 1e-14);
  EXPECT_FALSE(tInterval(std::vector<double>{1}));
}

TEST(Intervals, t_test_agrees_with_the_interval) {
  const double values[] = {1, 2, 6};
  // The interval whose level is 1 - p has a bound at 0.
  EXPECT_NEAR(tInterval(values, 1 - tTest(values))->lower, 0, 1e-12);
  EXPECT_EQ(tTest(std::vector<double>{0.1, 0.1, 0.1}), 0);
  EXPECT_EQ(tTest(std::vector<double>{0, 0, 0}), 1);
  EXPECT_EQ(tTest(std::vector<double>{5}), 1);
}

TEST(Intervals, an_error_that_all_blocks_share_widens) {
  const double values[] = {1, 2, 6};
  EXPECT_NEAR(tInterval(values, 0.95, 2)->upper - 3, 4.30265272974946385 * std::sqrt(7.0 / 3 + 4), 1e-11);
  EXPECT_NEAR(tInterval(values, 1 - tTest(values, 2), 2)->lower, 0, 1e-12);
}

TEST(Intervals, minimum_detectable_effect) {
  const double values[] = {1, 2, 6};
  const double expected = (4.30265272974946385 + 1.06066017177982129) * std::sqrt(7.0 / 3);
  EXPECT_NEAR(*minimumDetectableEffect(values), expected, 1e-11);
  EXPECT_FALSE(minimumDetectableEffect(std::vector<double>{1}));
}

TEST(Intervals, wilson) {
  // 3 of 3: the lower bound is n / (n + z^2).
  const double z = 1.95996398454005424;
  EXPECT_NEAR(wilsonInterval(3, 3).lower, 3 / (3 + z * z), 1e-14);
  EXPECT_EQ(wilsonInterval(3, 3).upper, 1);
  EXPECT_EQ(wilsonInterval(0, 3).lower, 0);
  EXPECT_NEAR(wilsonInterval(0, 3).upper, z * z / (3 + z * z), 1e-14);
  // The bounds are the shares that lie z of their own standard errors from what was seen.
  const Interval eight = wilsonInterval(8, 10);
  EXPECT_EQ(eight.estimate, 0.8);
  EXPECT_LT(eight.lower, 0.8);
  EXPECT_GT(eight.upper, 0.8);
  for (const double bound : {eight.lower, eight.upper})
    EXPECT_NEAR(std::abs(0.8 - bound), z * std::sqrt(bound * (1 - bound) / 10), 1e-14);
}

TEST(Intervals, error_of_an_accuracy) {
  EXPECT_NEAR(accuracyStandardError(0.86, 10'000), 0.00347, 5e-6);  // 0.35 points, as sqrt(0.86 * 0.14 / 10,000)
  // 50 of 50: half of Wilson's interval is z^2 / (2 (n + z^2)).
  const double z = 1.95996398454005424;
  EXPECT_NEAR(accuracyStandardError(1, 50), z / (2 * (50 + z * z)), 1e-14);
  EXPECT_EQ(accuracyStandardError(0, 50), accuracyStandardError(1, 50));
}

TEST(Intervals, binomial_tails) {
  EXPECT_NEAR(binomialTail(3, 3, 0.5), 0.125, 1e-15);
  EXPECT_NEAR(binomialTail(8, 10, 0.5), 56.0 / 1024, 1e-15);  // 45 + 10 + 1
  EXPECT_EQ(binomialTail(0, 10, 0.5), 1);
  EXPECT_NEAR(binomialTail(200, 200, 0.5), std::pow(0.5, 200), 1e-70);
  // Of 10,000 examples the normal law with continuity correction is right to a few percent: 3.317 standard errors.
  EXPECT_NEAR(binomialTail(1100, 10'000, 0.1), normalCdf(-(1099.5 - 1000) / 30), 1e-4);
}

TEST(Intervals, clopper_pearson) {
  // n of n: the lower bound has the probability 0.025 of n right answers.
  EXPECT_NEAR(clopperPearson(10, 10).lower, std::pow(0.025, 0.1), 1e-14);
  EXPECT_EQ(clopperPearson(10, 10).upper, 1);
  EXPECT_NEAR(clopperPearson(0, 10).upper, 1 - std::pow(0.025, 0.1), 1e-14);
  const Interval eight = clopperPearson(8, 10);
  EXPECT_NEAR(binomialTail(8, 10, eight.lower), 0.025, 1e-14);
  EXPECT_NEAR(1 - binomialTail(9, 10, eight.upper), 0.025, 1e-14);
}

TEST(Adjustment, holm) {
  const double p[] = {0.01, 0.04, 0.03, 0.005};  // 4 * 0.005, 3 * 0.01, 2 * 0.03, then 0.04 raised to the one before
  const std::vector<double> adjusted = holm(p), expected = {0.03, 0.06, 0.06, 0.02};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-15);
  EXPECT_EQ(holm(std::vector<double>{0.9, 0.8}), (std::vector<double>{1, 1}));
  EXPECT_TRUE(holm({}).empty());
}

TEST(Adjustment, benjamini_hochberg) {
  const double p[] = {0.01, 0.04, 0.03, 0.005};  // 4/1 * 0.005, 4/2 * 0.01, 4/3 * 0.03, 4/4 * 0.04
  const std::vector<double> adjusted = benjaminiHochberg(p), expected = {0.02, 0.04, 0.04, 0.02};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-15);
  EXPECT_TRUE(benjaminiHochberg({}).empty());
}

// ---- bootstrap ----

/// The mean of `values` over the drawn blocks.
BlockStatistic meanOf(std::vector<double> values) {
  return [values](std::span<const int> blocks) {
    double sum = 0;
    for (const int block : blocks) sum += values[static_cast<std::size_t>(block)];
    return sum / static_cast<double>(blocks.size());
  };
}

TEST(Bootstrap, percentile_interval_of_a_binomial) {
  // Four of eight: a draw has Binomial(8, 1/2) / 8. P(0) = 0.004 and P(<= 1) = 0.035 on either side of 0.025, so the
  // bounds are 1/8 and 7/8 exactly.
  const std::optional<Interval> interval = bootstrapInterval(8, meanOf({0, 1, 0, 1, 1, 0, 0, 1}), 1);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->method, IntervalMethod::Percentile);
  EXPECT_EQ(interval->estimate, 0.5);
  EXPECT_EQ(interval->lower, 0.125);
  EXPECT_EQ(interval->upper, 0.875);
}

TEST(Bootstrap, bca_interval_of_a_skewed_binomial) {
  // Three of ten: draws have Binomial(10, 0.3) / 10, P(< 3) + P(3) / 2 = 0.516, so z0 = 0.041; the acceleration of a
  // mean is the skewness 0.84 / (6 * 2.1^1.5) = 0.046. The bounds are read at Phi(-1.723) = 0.042 and Phi(2.244) =
  // 0.988 instead of 0.025 and 0.975. P(0) = 0.028, P(<= 1) = 0.149; P(<= 5) = 0.953, P(<= 6) = 0.989: hence 0.1 to
  // 0.6, where the percentile method gives 0.0 to 0.6. With 100,000 draws the shares are known to 0.0004.
  const std::vector<double> values = {1, 1, 1, 0, 0, 0, 0, 0, 0, 0};
  const std::optional<Interval> interval = bootstrapInterval(10, meanOf(values), 1, 0.95, 100'000);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->method, IntervalMethod::Bca);
  EXPECT_EQ(interval->lower, 0.1);
  EXPECT_EQ(interval->upper, 0.6);
}

TEST(Bootstrap, is_refused_where_it_would_be_too_narrow_or_undefined) {
  EXPECT_FALSE(bootstrapInterval(4, meanOf({1, 2, 3, 4}), 1));
  EXPECT_TRUE(bootstrapInterval(5, meanOf({1, 2, 3, 4, 5}), 1));
  EXPECT_FALSE(bootstrapInterval(5, [](std::span<const int>) { return std::nan(""); }, 1));
  // Not defined without block 0, which a third of the draws lack.
  const BlockStatistic needsZero = [](std::span<const int> blocks) {
    return std::find(blocks.begin(), blocks.end(), 0) == blocks.end() ? std::nan("") : 1.0;
  };
  EXPECT_FALSE(bootstrapInterval(5, needsZero, 1));
}

TEST(Bootstrap, depends_on_the_seed_alone) {
  const BlockStatistic statistic = meanOf({1, 2, 4, 8, 16, 32});
  const std::optional<Interval> a = bootstrapInterval(6, statistic, 1), b = bootstrapInterval(6, statistic, 1);
  const std::optional<Interval> c = bootstrapInterval(6, statistic, 2);
  EXPECT_EQ(a->lower, b->lower);
  EXPECT_EQ(a->upper, b->upper);
  EXPECT_TRUE(a->lower != c->lower || a->upper != c->upper);
}

TEST(Bootstrap, probability_of_order) {
  const std::vector<double> low = {1, 2, 3, 4, 5}, high = {2, 3, 4, 5, 6};
  EXPECT_EQ(probabilityGreater(high, low, 1), 1);
  EXPECT_EQ(probabilityGreater(low, high, 1), 0);
  EXPECT_EQ(probabilityGreater(low, low, 1), 0.5);
  EXPECT_EQ(probabilityGreater(std::vector<double>(5, 0.1 + 0.2), std::vector<double>(5, 0.3), 1), 0.5);  // rounding
  // Differences +1 twice and -1 three times: P(Binomial(5, 0.4) >= 3) = 0.31744; standard deviation over 10,000 draws
  // 0.0047.
  const std::vector<double> mixed = {2, 3, 2, 3, 4};
  EXPECT_NEAR(*probabilityGreater(mixed, low, 1), 0.31744, 4 * 0.0047);
  EXPECT_FALSE(probabilityGreater(std::vector<double>{1, 2, 3, 4}, std::vector<double>{0, 0, 0, 0}, 1));
}

}  // namespace
}  // namespace nnc::statistics
