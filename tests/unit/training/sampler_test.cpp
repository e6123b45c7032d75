// The choice of the next token: what is allowed, how often it is drawn, on what it depends.
#include "training/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <vector>

namespace nnc::training {
namespace {

std::map<std::int32_t, int> draw(const std::vector<double>& logits, const SamplerOptions& options, int count) {
  std::map<std::int32_t, int> counts;
  for (int i = 0; i < count; ++i) ++counts[sampleToken(logits, options, i)];
  return counts;
}

const std::vector<double> kLogits = {std::log(0.1), std::log(0.4), std::log(0.2), std::log(0.3)};

TEST(Sampler, TemperatureZeroIsTheMostLikelyTokenTheLowestOfEquals) {
  SamplerOptions options;
  options.temperature = 0.0;
  EXPECT_EQ(sampleToken(kLogits, options, 0), 1);
  EXPECT_EQ(sampleToken(std::vector<double>{1, 3, 3}, options, 5), 1);
}

TEST(Sampler, FrequenciesAreTheProbabilities) {
  constexpr int kDraws = 100'000;
  const std::map<std::int32_t, int> counts = draw(kLogits, {}, kDraws);
  const std::vector<double> expected = {0.1, 0.4, 0.2, 0.3};
  // A count of n draws has the deviation sqrt(n p (1 - p)); five of them are exceeded once in 1.7 million.
  for (std::int32_t v = 0; v < 4; ++v) {
    const double p = expected[static_cast<std::size_t>(v)];
    EXPECT_NEAR(counts.at(v), kDraws * p, 5.0 * std::sqrt(kDraws * p * (1 - p)));
  }
  SamplerOptions half;
  half.temperature = 0.5;  // probabilities squared, and divided by their sum 0.3
  const double p = 0.16 / 0.30;
  EXPECT_NEAR(draw(kLogits, half, kDraws).at(1), kDraws * p, 5.0 * std::sqrt(kDraws * p * (1 - p)));
}

TEST(Sampler, TopKAndTopPLeaveTheLeastLikelyOut) {
  SamplerOptions options;
  options.topK = 2;
  std::map<std::int32_t, int> counts = draw(kLogits, options, 1000);
  EXPECT_EQ(counts.size(), 2u);
  EXPECT_TRUE(counts.contains(1) && counts.contains(3));
  options = {};
  options.topP = 0.7;  // 0.4 and 0.3 are exactly enough, up to rounding of the logarithms
  EXPECT_LE(draw(kLogits, options, 1000).size(), 3u);
  options.topP = 0.69;
  counts = draw(kLogits, options, 1000);
  EXPECT_EQ(counts.size(), 2u);
  options.topP = 1e-9;
  EXPECT_EQ(draw(kLogits, options, 1000).size(), 1u) << "at least one token";
}

TEST(Sampler, DependsOnSeedAndPositionAlone) {
  SamplerOptions options;
  options.seed = 7;
  std::vector<std::int32_t> forwards, backwards;
  for (int i = 0; i < 50; ++i) forwards.push_back(sampleToken(kLogits, options, i));
  for (int i = 50; i-- > 0;) backwards.push_back(sampleToken(kLogits, options, i));
  EXPECT_EQ(forwards, std::vector<std::int32_t>(backwards.rbegin(), backwards.rend()));
  options.seed = 8;
  std::vector<std::int32_t> other;
  for (int i = 0; i < 50; ++i) other.push_back(sampleToken(kLogits, options, i));
  EXPECT_NE(forwards, other);
}

TEST(Sampler, NumbersThatAreNoneAreNotChosen) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(draw({nan, 1.0, nan}, {}, 100).size(), 1u);
  const std::map<std::int32_t, int> counts = draw({1.0, infinity, -infinity}, {}, 100);
  EXPECT_EQ(counts.at(1), 100);
}

}  // namespace
}  // namespace nnc::training
