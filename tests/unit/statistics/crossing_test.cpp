// Blocks that share seeds: how uncertain their mean is.
#include "statistics/crossing.h"

#include <gtest/gtest.h>

#include <cmath>

#include "statistics/bootstrap.h"
#include "statistics/intervals.h"
#include "studies.h"

namespace nnc::statistics {
namespace {

/// `seeds: (init: inits, data: datas, noise: noises)`, init fastest.
Crossing crossed(int inits, int datas, int noises) {
  std::vector<StreamSeeds> streams = {{"init", {}}, {"data", {}}, {"noise", {}}};
  for (int n = 0; n < noises; ++n)
    for (int d = 0; d < datas; ++d)
      for (int i = 0; i < inits; ++i) {
        streams[0].seeds.push_back(i);
        streams[1].seeds.push_back(d);
        streams[2].seeds.push_back(n);
      }
  return crossingOf(streams);
}

TEST(Crossing, is_found_in_the_seeds_of_blocks) {
  const Crossing both = crossed(2, 1, 20);
  ASSERT_EQ(both.streams.size(), 2u);
  EXPECT_EQ(both.streams[0].name, "init");
  EXPECT_EQ(both.streams[0].count, 2);
  EXPECT_EQ(both.streams[1].name, "noise");
  EXPECT_EQ(both.streams[1].count, 20);
  EXPECT_TRUE(crossed(4, 1, 1).isEmpty());
  EXPECT_TRUE(crossed(1, 1, 1).isEmpty());
  // `seeds: 3`: all streams change together.
  EXPECT_TRUE(
      crossingOf(std::vector<StreamSeeds>{{"init", {0, 1, 2}}, {"data", {0, 1, 2}}, {"noise", {0, 1, 2}}}).isEmpty());
}

TEST(Crossing, a_stream_without_effect_adds_no_samples) {
  // Two initialisations, each seen twenty times: what two numbers say, and not what forty do.
  std::vector<double> values;
  for (int n = 0; n < 20; ++n) values.insert(values.end(), {0.02, 0.04});
  const Crossing crossing = crossed(2, 1, 20);
  const std::vector<double> two = {0.02, 0.04};
  EXPECT_NEAR(errorOfMean(values, crossing)->standardError, std::sqrt(0.0002 / 2), 1e-15);
  EXPECT_NEAR(errorOfMean(values, crossing)->degrees, 1, 1e-12);
  EXPECT_NEAR(tInterval(values, 0.95, 0, crossing)->lower, tInterval(two)->lower, 1e-14);
  EXPECT_LT(tInterval(values, 0.95, 0, crossing)->lower, 0);
  EXPECT_GT(tInterval(values)->lower, 0.025);
  EXPECT_NEAR(tTest(values, 0, crossing), tTest(two), 1e-14);
  EXPECT_NEAR(*minimumDetectableEffect(values, crossing), *minimumDetectableEffect(two), 1e-14);
  EXPECT_FALSE(probabilityGreater(values, std::vector<double>(40, 0.0), 1, crossing)) << "two levels decide no order";
}

TEST(Crossing, variances_of_level_means_add_up) {
  // init 1, 2, 3 and data 0, 10 without interaction: sd^2 / n is 1/3 and 50/2.
  const std::vector<double> values = {1, 2, 3, 11, 12, 13};
  const MeanError error = *errorOfMean(values, crossed(3, 2, 1));
  const double init = 1.0 / 3, data = 25;
  EXPECT_NEAR(error.standardError, std::sqrt(init + data), 1e-14);
  EXPECT_NEAR(error.degrees, (init + data) * (init + data) / (init * init / 2 + data * data / 1), 1e-12);
}

TEST(Crossing, levels_without_runs_do_not_count) {
  const double none = std::nan("");
  EXPECT_FALSE(errorOfMean(std::vector<double>{1, none, none, none}, crossed(2, 2, 1)));
  // Both data seeds, one initialisation: what is left is one stream of two.
  EXPECT_NEAR(errorOfMean(std::vector<double>{1, none, 3, none}, crossed(2, 2, 1))->standardError, 1, 1e-15);
  EXPECT_EQ(errorOfMean(std::vector<double>{0.1, 0.1, 0.1, none}, crossed(2, 2, 1))->standardError, 0);
}

TEST(Crossing, intervals_cover_at_least_95_of_100) {
  // 3 initialisations x 4 data seeds, a stream of each standard deviation or of none, and the noise of single runs.
  constexpr int kStudies = 2000;
  const Crossing crossing = crossed(3, 4, 1);
  const double deviations[][3] = {{1, 1, 0.5}, {1, 0, 0}, {0, 1, 0.3}, {0, 0, 1}, {0.2, 1, 1}};
  for (const auto& [ofInit, ofData, ofRun] : deviations) {
    int covered = 0;
    for (int study = 0; study < kStudies; ++study) {
      Normals normals(study);
      double init[3], data[4];
      for (double& value : init) value = ofInit * normals.next();
      for (double& value : data) value = ofData * normals.next();
      std::vector<double> values;
      for (const double d : data)
        for (const double i : init) values.push_back(i + d + ofRun * normals.next());
      covered += tInterval(values, 0.95, 0, crossing)->contains(0) ? 1 : 0;
    }
    // Four standard deviations of a share of 0.95 in 2,000: 0.0195. Satterthwaite's degrees are an approximation, known
    // to be a little short where one stream of few levels dominates; the added variance is on the safe side.
    EXPECT_GE(covered / double{kStudies}, 0.95 - 0.0195) << ofInit << " " << ofData << " " << ofRun;
  }
}

TEST(Crossing, the_bootstrap_draws_levels) {
  // One of five initialisations is better by 10, the others are worse by 1, whatever the data: P(draws have it) is
  // 1 - (4/5)^5, the same as with five blocks.
  std::vector<double> better, zero(25, 0.0);
  for (int d = 0; d < 5; ++d) better.insert(better.end(), {10, -1, -1, -1, -1});
  EXPECT_NEAR(*probabilityGreater(better, zero, 1, crossed(5, 5, 1)), 1 - std::pow(0.8, 5), 4 * 0.0047);
}

}  // namespace
}  // namespace nnc::statistics
