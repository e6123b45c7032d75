// Studies with known truth: intervals must cover it as often as they say.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "statistics/analysis.h"
#include "statistics/bootstrap.h"
#include "statistics/distributions.h"
#include "studies.h"

namespace nnc::statistics {
namespace {

constexpr int kStudies = 4000;
// A share of n studies that is 0.95 in truth has the standard deviation sqrt(0.95 * 0.05 / n): 0.0034 for 4,000, and
// four of them are 0.014, which is stricter than the 2 % that the specification allows. With 1,000 studies and the 33
// intervals looked at here, one of ten sets of seeds would leave 2 % by chance.
constexpr double kTolerance = 0.014;

/// Three factors; only norm and skip do anything, and they stand in for each other. act is a null factor.
constexpr double kTruth[] = {0.10, 0.10, 0.55, 0.55, 0.65, 0.65, 0.80, 0.80};

/// A study: truth, plus what a block does to all its cells, plus the noise of each run.
Responses simulate(int study, int blocks, double noise) {
  Normals normals(study);
  std::vector<double> ofBlock;
  for (int block = 0; block < blocks; ++block) ofBlock.push_back(0.02 * normals.next());
  return fullStudy(3, blocks, [&](Coalition coalition, int block) {
    return kTruth[coalition] + ofBlock[static_cast<std::size_t>(block)] + noise * normals.next();
  });
}

/// Every estimator that a report shows, by name.
std::map<std::string, Estimate> estimatesOf(const Responses& responses) {
  std::map<std::string, Estimate> estimates;
  const std::vector<Estimate> values = shapley(responses);
  for (int i = 0; i < 3; ++i) {
    const std::string name = responses.factors()[static_cast<std::size_t>(i)].name;
    estimates["first-in " + name] = firstIn(responses, FactorSet{1} << i);
    estimates["last-in " + name] = lastIn(responses, FactorSet{1} << i);
    estimates["main " + name] = mainEffect(responses, i);
    estimates["shapley " + name] = values[static_cast<std::size_t>(i)];
    for (int j = i + 1; j < 3; ++j)
      estimates["pair " + std::to_string(i) + std::to_string(j)] = interaction(responses, i, j).contrast;
  }
  estimates["gain"] = totalGain(responses);
  return estimates;
}

TEST(Simulation, intervals_cover_the_truth_in_95_of_100_studies) {
  const auto truth = estimatesOf(fullStudy(3, 1, [](Coalition coalition, int) { return kTruth[coalition]; }));
  for (const int blocks : {3, 5}) {
    std::map<std::string, int> covered;
    for (int study = 0; study < kStudies; ++study)
      for (const auto& [name, estimate] : estimatesOf(simulate(study + 10'000 * blocks, blocks, 0.01)))
        covered[name] += tInterval(estimate.values())->contains(truth.at(name).byBlock[0]) ? 1 : 0;
    EXPECT_EQ(covered.size(), 16u);
    for (const auto& [name, count] : covered)
      EXPECT_NEAR(count / double{kStudies}, 0.95, kTolerance) << name << ", " << blocks << " blocks";
  }
}

TEST(Simulation, the_interval_of_a_null_factor_covers_0) {
  int covered = 0;
  for (int study = 0; study < kStudies; ++study)
    covered += tInterval(shapley(simulate(study + 500'000, 4, 0.01))[0].values())->contains(0) ? 1 : 0;
  EXPECT_NEAR(covered / double{kStudies}, 0.95, kTolerance);
}

TEST(Simulation, the_minimum_detectable_effect_is_found_in_8_of_10_studies) {
  constexpr double kNoise = 0.01;
  // The effect by the formula, for the true standard deviation; by the noncentral t distribution the test finds it with
  // probability 0.791.
  const double effect = (tQuantile(0.975, 4) + tQuantile(0.8, 4)) * kNoise / std::sqrt(5.0);
  int found = 0;
  Normals normals(77);
  for (int study = 0; study < kStudies; ++study) {
    std::vector<double> values;
    for (int block = 0; block < 5; ++block) values.push_back(effect + kNoise * normals.next());
    found += tTest(values) < 0.05 ? 1 : 0;
  }
  EXPECT_NEAR(found / double{kStudies}, 0.791, 0.026);  // four standard deviations, sqrt(0.8 * 0.2 / 4000) = 0.0063
}

TEST(Simulation, holm_keeps_the_share_of_studies_with_a_false_alarm) {
  int alarms = 0, rawAlarms = 0;
  for (int study = 0; study < kStudies; ++study) {
    Normals normals(study + 900'000);
    std::vector<double> pValues;
    for (int factor = 0; factor < 5; ++factor) {
      std::vector<double> values;
      for (int block = 0; block < 5; ++block) values.push_back(normals.next());
      pValues.push_back(tTest(values));
    }
    const std::vector<double> adjusted = holm(pValues);
    alarms += *std::min_element(adjusted.begin(), adjusted.end()) < 0.05 ? 1 : 0;
    rawAlarms += *std::min_element(pValues.begin(), pValues.end()) < 0.05 ? 1 : 0;
  }
  EXPECT_LE(alarms / double{kStudies}, 0.05 + kTolerance);
  EXPECT_GT(rawAlarms / double{kStudies}, 0.15);  // 1 - 0.95^5 = 0.23 without it
}

TEST(Simulation, bootstrap_of_a_mean_covers_nearly_as_often_as_it_says) {
  // Ten blocks of normal noise. BCa of so few is known to be a little narrow: the percentile interval has the width of
  // a normal one with the standard deviation by divisor n, P(|t_9| < 1.96 sqrt(0.9)) = 0.90. Standard deviation over
  // 400 studies 0.015.
  int covered = 0;
  constexpr int kFewer = 400;
  for (int study = 0; study < kFewer; ++study) {
    Normals normals(study + 700'000);
    std::vector<double> values;
    for (int block = 0; block < 10; ++block) values.push_back(normals.next());
    const auto meanOf = [&](std::span<const int> blocks) {
      double sum = 0;
      for (const int block : blocks) sum += values[static_cast<std::size_t>(block)];
      return sum / static_cast<double>(blocks.size());
    };
    covered += bootstrapInterval(10, meanOf, static_cast<std::uint64_t>(study), 0.95, 1000)->contains(0) ? 1 : 0;
  }
  EXPECT_NEAR(covered / double{kFewer}, 0.90, 3 * 0.015);
}

}  // namespace
}  // namespace nnc::statistics
