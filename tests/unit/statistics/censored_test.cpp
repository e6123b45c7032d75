// Time to target: the remission times of Freireich et al., Blood 21:699-716, 1963, as the textbooks have them.
#include "statistics/censored.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace nnc::statistics {
namespace {

/// Weeks in remission under 6-mercaptopurine; the second list is censored.
std::vector<TimeToTarget> treated() {
  std::vector<TimeToTarget> runs;
  for (const double time : {6, 6, 6, 7, 10, 13, 16, 22, 23}) runs.push_back({time, true});
  for (const double time : {6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35}) runs.push_back({time, false});
  return runs;
}

/// Under placebo: none censored.
std::vector<TimeToTarget> placebo() {
  std::vector<TimeToTarget> runs;
  for (const double time : {1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23})
    runs.push_back({time, true});
  return runs;
}

TEST(KaplanMeier, textbook_case) {
  // Kleinbaum and Klein, Survival Analysis, table 2.2; errors: Collett, Modelling Survival Data in Medical Research.
  const double known[][5] = {{6, 21, 3, .8571, .0764},  {7, 17, 1, .8067, .0869},  {10, 15, 1, .7529, .0963},
                             {13, 12, 1, .6902, .1068}, {16, 11, 1, .6275, .1141}, {22, 7, 1, .5378, .1282},
                             {23, 6, 1, .4482, .1346}};
  const std::vector<SurvivalStep> steps = kaplanMeier(treated());
  ASSERT_EQ(steps.size(), 7u);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(steps[i].time, known[i][0]);
    EXPECT_EQ(steps[i].atRisk, known[i][1]);
    EXPECT_EQ(steps[i].reached, known[i][2]);
    EXPECT_NEAR(steps[i].share, known[i][3], 5e-5);  // four printed digits
    EXPECT_NEAR(steps[i].standardError, known[i][4], 5e-5);
  }
}

TEST(KaplanMeier, without_censoring_is_the_share_still_running) {
  for (const SurvivalStep& step : kaplanMeier(placebo())) {
    int later = 0;
    for (const TimeToTarget& run : placebo()) later += run.time > step.time ? 1 : 0;
    EXPECT_NEAR(step.share, later / 21.0, 1e-15);
  }
  EXPECT_EQ(kaplanMeier(placebo()).back().standardError, 0);
}

TEST(RestrictedMean, is_the_mean_of_the_times_cut_at_the_budget) {
  double sum = 0;
  for (const TimeToTarget& run : placebo()) sum += std::min(run.time, 10.0);
  EXPECT_NEAR(restrictedMean(placebo(), 10).value, sum / 21, 1e-13);
  EXPECT_EQ(restrictedMean(std::vector<TimeToTarget>{{400, false}, {400, false}}, 400).value, 400);
  EXPECT_EQ(restrictedMean(std::vector<TimeToTarget>{{400, false}, {400, false}}, 400).standardError, 0);
}

TEST(RestrictedMean, of_the_textbook_case) {
  // Steps of width 6 1 3 3 3 6 1 12 with shares 1 .857143 .806723 .752941 .690196 .627451 .537815 .448179; the error by
  // Greenwood: sum of (area to the right)^2 d / (n (n - d)).
  const double widths[] = {6, 1, 3, 3, 3, 6, 1, 12};
  const double shares[] = {1, 18. / 21, 18. / 21 * 16 / 17, 18. / 21 * 16 / 17 * 14 / 15, 0, 0, 0, 0};
  const int atRisk[] = {21, 17, 15, 12, 11, 7, 6}, reached[] = {3, 1, 1, 1, 1, 1, 1};
  double share[8];
  for (int i = 0; i < 4; ++i) share[i] = shares[i];
  share[4] = share[3] * 11 / 12, share[5] = share[4] * 10 / 11, share[6] = share[5] * 6 / 7,
  share[7] = share[6] * 5 / 6;
  double mean = 0, variance = 0;
  for (int i = 0; i < 8; ++i) mean += widths[i] * share[i];
  for (int i = 0; i < 7; ++i) {
    double area = 0;
    for (int j = i + 1; j < 8; ++j) area += widths[j] * share[j];
    variance += area * area * reached[i] / (atRisk[i] * (atRisk[i] - reached[i]));
  }
  const RestrictedMean result = restrictedMean(treated(), 35);
  EXPECT_NEAR(result.value, mean, 1e-12);
  EXPECT_NEAR(result.standardError, std::sqrt(variance), 1e-12);
  EXPECT_NEAR(result.value, 23.287, 5e-4);  // as survfit of R prints it
}

TEST(Medians, of_the_textbook_case) {
  EXPECT_EQ(medianTime(treated()), 23);
  EXPECT_EQ(medianTime(placebo()), 8);
  EXPECT_FALSE(medianTime(std::vector<TimeToTarget>{{1, true}, {9, false}, {9, false}}).has_value());
  EXPECT_EQ(medianTime(std::vector<TimeToTarget>{{1, true}, {9, false}}), 1);
}

TEST(Medians, a_ratio_that_is_censored_is_a_bound) {
  const std::vector<TimeToTarget> fast = {{100, true}, {100, true}, {150, true}};
  const std::vector<TimeToTarget> never = {{400, false}, {400, false}, {400, false}};
  using Kind = MedianRatio::Kind;
  EXPECT_EQ(ratioOfMedians(treated(), placebo(), 35).kind, Kind::Exact);
  EXPECT_EQ(ratioOfMedians(treated(), placebo(), 35).ratio, 23.0 / 8);
  EXPECT_EQ(ratioOfMedians(never, fast, 400).kind, Kind::AtLeast);
  EXPECT_EQ(ratioOfMedians(never, fast, 400).ratio, 4);
  EXPECT_EQ(ratioOfMedians(fast, never, 400).kind, Kind::AtMost);
  EXPECT_EQ(ratioOfMedians(fast, never, 400).ratio, 0.25);
  EXPECT_EQ(ratioOfMedians(never, never, 400).kind, Kind::Undefined);
}

TEST(ShareReached, is_a_share_with_wilsons_interval) {
  const Interval share = shareReached(treated());
  EXPECT_EQ(share.estimate, 9.0 / 21);
  EXPECT_EQ(share.lower, wilsonInterval(9, 21).lower);
}

}  // namespace
}  // namespace nnc::statistics
