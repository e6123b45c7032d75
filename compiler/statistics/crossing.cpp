#include "statistics/crossing.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "statistics/intervals.h"

namespace nnc::statistics {

Crossing crossingOf(std::span<const StreamSeeds> streams) {
  Crossing crossing;
  for (const StreamSeeds& stream : streams) {
    std::map<std::int64_t, int> numbers;
    Crossing::Stream entry{stream.name, {}, 0};
    for (const std::int64_t seed : stream.seeds)
      entry.levels.push_back(numbers.emplace(seed, static_cast<int>(numbers.size())).first->second);
    entry.count = static_cast<int>(numbers.size());
    const bool isKnown = std::any_of(crossing.streams.begin(), crossing.streams.end(),
                                     [&](const Crossing::Stream& known) { return known.levels == entry.levels; });
    if (entry.count > 1 && !isKnown) crossing.streams.push_back(std::move(entry));
  }
  for (const Crossing::Stream& stream : crossing.streams)
    if (stream.count == static_cast<int>(stream.levels.size())) return {};
  return crossing;
}

/// Means of the values at each level; levels without a value are left out.
static std::vector<double> levelMeans(std::span<const double> byBlock, const Crossing::Stream& stream) {
  std::vector<double> sums(static_cast<std::size_t>(stream.count), 0.0), counts(sums.size(), 0.0), means;
  for (std::size_t block = 0; block < byBlock.size(); ++block) {
    if (std::isnan(byBlock[block])) continue;
    const auto level = static_cast<std::size_t>(stream.levels[block]);
    sums[level] += byBlock[block];
    counts[level] += 1;
  }
  for (std::size_t level = 0; level < sums.size(); ++level)
    if (counts[level] > 0) means.push_back(sums[level] / counts[level]);
  return means;
}

std::optional<MeanError> errorOfMean(std::span<const double> byBlock, const Crossing& crossing) {
  const std::vector<double> values = finished(byBlock);
  if (crossing.isEmpty()) {
    if (values.size() < 2) return std::nullopt;
    const auto count = static_cast<double>(values.size());
    return MeanError{standardDeviation(values) / std::sqrt(count), count - 1};
  }
  double variance = 0, overDegrees = 0, fewest = 0;
  // Where all values are equal, means of unequally many may differ by a rounding.
  const bool isConstant = standardDeviation(values) == 0;
  for (const Crossing::Stream& stream : crossing.streams) {
    const std::vector<double> means = levelMeans(byBlock, stream);
    if (means.size() < 2) continue;
    const auto count = static_cast<double>(means.size());
    fewest = fewest == 0 ? count : std::min(fewest, count);
    const double deviation = isConstant ? 0 : standardDeviation(means), part = deviation * deviation / count;
    variance += part;
    overDegrees += part * part / (count - 1);
  }
  if (fewest == 0) return std::nullopt;
  return MeanError{std::sqrt(variance), variance > 0 ? variance * variance / overDegrees : fewest - 1};
}

}  // namespace nnc::statistics
