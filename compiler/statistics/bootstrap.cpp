#include "statistics/bootstrap.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "statistics/distributions.h"
#include "support/draws.h"

namespace nnc::statistics {

/// Calls `visit` with each draw of as many blocks as there are.
template <typename Visit>
static void forEachDraw(int blockCount, std::uint64_t seed, int draws, const Visit& visit) {
  Draws random("statistics/bootstrap", static_cast<std::int64_t>(seed), 0);
  std::vector<int> blocks(static_cast<std::size_t>(blockCount));
  for (int draw = 0; draw < draws; ++draw) {
    for (int& block : blocks) block = static_cast<int>(random.below(blockCount));
    visit(blocks);
  }
}

/// The quantile of ascending values, linear between neighbours: definition 7 of Hyndman and Fan, Am. Stat. 50:361-365,
/// 1996.
static double quantile(std::span<const double> ascending, double probability) {
  const double place = std::clamp(probability, 0.0, 1.0) * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  return ascending[below] + (place - static_cast<double>(below)) * (ascending[above] - ascending[below]);
}

/// The skewness of the statistic, from leaving out one block at a time; empty when it is not defined for one of them.
static std::optional<double> acceleration(int blockCount, const BlockStatistic& statistic) {
  std::vector<double> values;
  for (int left = 0; left < blockCount; ++left) {
    std::vector<int> blocks;
    for (int block = 0; block < blockCount; ++block)
      if (block != left) blocks.push_back(block);
    values.push_back(statistic(blocks));
    if (std::isnan(values.back())) return std::nullopt;
  }
  const double center = mean(values);
  double squares = 0, cubes = 0;
  for (const double value : values) {
    const double distance = center - value;
    squares += distance * distance;
    cubes += distance * distance * distance;
  }
  return squares == 0 ? 0.0 : cubes / (6 * std::pow(squares, 1.5));
}

/// The probabilities at which BCa reads the draws; empty when all draws lie on one side of the estimate.
static std::optional<std::pair<double, double>> bcaProbabilities(std::span<const double> ascending, double estimate,
                                                                 double a, double level) {
  const auto [first, last] = std::equal_range(ascending.begin(), ascending.end(), estimate);
  // Draws that equal the estimate count half: with few blocks there are many.
  const double below = static_cast<double>(first - ascending.begin()) + static_cast<double>(last - first) / 2;
  const double share = below / static_cast<double>(ascending.size());
  if (share <= 0 || share >= 1) return std::nullopt;
  const double bias = normalQuantile(share);
  const auto adjusted = [&](double probability) {
    const double z = bias + normalQuantile(probability);
    return normalCdf(bias + z / (1 - a * z));
  };
  return std::pair(adjusted((1 - level) / 2), adjusted((1 + level) / 2));
}

std::optional<Interval> bootstrapInterval(int blockCount, const BlockStatistic& statistic, std::uint64_t seed,
                                          double level, int draws) {
  if (blockCount < kFewestBlocksForBootstrap) return std::nullopt;
  std::vector<int> all(static_cast<std::size_t>(blockCount));
  std::iota(all.begin(), all.end(), 0);
  const double estimate = statistic(all);
  if (std::isnan(estimate)) return std::nullopt;

  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(draws));
  forEachDraw(blockCount, seed, draws, [&](std::span<const int> blocks) {
    const double value = statistic(blocks);
    if (!std::isnan(value)) values.push_back(value);
  });
  if (static_cast<double>(values.size()) < 0.95 * draws) return std::nullopt;
  std::sort(values.begin(), values.end());

  std::pair<double, double> probabilities((1 - level) / 2, (1 + level) / 2);
  IntervalMethod method = IntervalMethod::Percentile;
  if (blockCount >= kFewestBlocksForBca) {
    const std::optional<double> a = acceleration(blockCount, statistic);
    const auto adjusted = a ? bcaProbabilities(values, estimate, *a, level) : std::nullopt;
    if (adjusted) probabilities = *adjusted, method = IntervalMethod::Bca;
  }
  return Interval{estimate, quantile(values, probabilities.first), quantile(values, probabilities.second), blockCount,
                  method};
}

static constexpr double kRounding = 1e-12;  // of values that are sums of up to thousands of terms

/// The streams of blocks that are drawn: those of the crossing, or one in which each block is a level.
static Crossing drawnStreams(const Crossing& crossing, const std::vector<bool>& isKnown) {
  Crossing drawn;
  if (crossing.isEmpty()) {
    Crossing::Stream& blocks = drawn.streams.emplace_back();
    for (const bool known : isKnown) blocks.levels.push_back(known ? blocks.count++ : 0);
    return drawn;
  }
  for (const Crossing::Stream& stream : crossing.streams) {
    std::map<int, int> places;  // levels that have a block
    for (std::size_t block = 0; block < isKnown.size(); ++block)
      if (isKnown[block]) places.emplace(stream.levels[block], static_cast<int>(places.size()));
    Crossing::Stream& entry = drawn.streams.emplace_back(stream);
    entry.count = static_cast<int>(places.size());
    for (int& level : entry.levels) level = places.contains(level) ? places[level] : 0;
  }
  return drawn;
}

std::optional<double> probabilityGreater(std::span<const double> first, std::span<const double> second,
                                         std::uint64_t seed, const Crossing& crossing, int draws) {
  assert(first.size() == second.size() && "entry i of both is block i");
  std::vector<bool> isKnown(first.size());
  for (std::size_t block = 0; block < first.size(); ++block)
    isKnown[block] = !std::isnan(first[block]) && !std::isnan(second[block]);
  const Crossing drawn = drawnStreams(crossing, isKnown);
  for (const Crossing::Stream& stream : drawn.streams)
    if (stream.count < kFewestBlocksForBootstrap) return std::nullopt;

  Draws random("statistics/bootstrap", static_cast<std::int64_t>(seed), 0);
  std::vector<double> weights(first.size());
  double greater = 0;
  for (int draw = 0; draw < draws; ++draw) {
    for (std::size_t block = 0; block < weights.size(); ++block) weights[block] = isKnown[block] ? 1 : 0;
    for (const Crossing::Stream& stream : drawn.streams) {
      std::vector<double> times(static_cast<std::size_t>(stream.count), 0.0);
      for (int i = 0; i < stream.count; ++i) times[static_cast<std::size_t>(random.below(stream.count))] += 1;
      for (std::size_t block = 0; block < weights.size(); ++block)
        weights[block] *= times[static_cast<std::size_t>(stream.levels[block])];
    }
    double difference = 0, size = 0;
    for (std::size_t block = 0; block < weights.size(); ++block) {
      if (weights[block] == 0) continue;
      difference += weights[block] * (first[block] - second[block]);
      size += weights[block] * (std::abs(first[block]) + std::abs(second[block]));
    }
    // What two symmetric factors differ by is the rounding of their sums, with the same sign in every block.
    const bool isTie = std::abs(difference) <= kRounding * size;
    greater += isTie ? 0.5 : difference > 0 ? 1 : 0;
  }
  return greater / draws;
}

}  // namespace nnc::statistics
