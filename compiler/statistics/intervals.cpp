#include "statistics/intervals.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "statistics/distributions.h"

namespace nnc::statistics {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standardDeviation(std::span<const double> values) {
  if (values.size() < 2) return 0;
  // Equal values must give 0, and their mean may be off by a rounding.
  if (std::all_of(values.begin(), values.end(), [&](double value) { return value == values[0]; })) return 0;
  const double center = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - center) * (value - center);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

std::vector<double> finished(std::span<const double> byBlock) {
  std::vector<double> values;
  for (const double value : byBlock)
    if (!std::isnan(value)) values.push_back(value);
  return values;
}

std::optional<Interval> tInterval(std::span<const double> byBlock, double level, double furtherError,
                                  const Crossing& crossing) {
  const std::optional<MeanError> error = errorOfMean(byBlock, crossing);
  if (!error) return std::nullopt;
  const std::vector<double> values = finished(byBlock);
  const double center = mean(values);
  const double reach = tQuantile((1 + level) / 2, error->degrees) * std::hypot(error->standardError, furtherError);
  return Interval{center, center - reach, center + reach, static_cast<int>(values.size()), IntervalMethod::T};
}

double tTest(std::span<const double> byBlock, double furtherError, const Crossing& crossing) {
  const std::optional<MeanError> error = errorOfMean(byBlock, crossing);
  if (!error) return 1;
  const double center = mean(finished(byBlock)), reach = std::hypot(error->standardError, furtherError);
  if (reach == 0) return center == 0 ? 1 : 0;
  return 2 * tCdf(-std::abs(center / reach), error->degrees);
}

std::optional<double> minimumDetectableEffect(std::span<const double> byBlock, const Crossing& crossing) {
  const std::optional<MeanError> error = errorOfMean(byBlock, crossing);
  if (!error) return std::nullopt;
  return (tQuantile(0.975, error->degrees) + tQuantile(0.8, error->degrees)) * error->standardError;
}

/// Half of Wilson's interval for a share of `n` trials.
static double wilsonReach(double share, double n, double z) {
  return z / (1 + z * z / n) * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
}

Interval wilsonInterval(int successes, int trials, double level) {
  assert(trials >= 1 && successes >= 0 && successes <= trials && "a share of something");
  const double z = normalQuantile((1 + level) / 2), n = trials, share = successes / n;
  const double center = (share + z * z / (2 * n)) / (1 + z * z / n), reach = wilsonReach(share, n, z);
  // At 0 and n successes the bound is the share itself, but for rounding.
  const double lower = successes == 0 ? 0 : center - reach, upper = successes == trials ? 1 : center + reach;
  return {share, lower, upper, trials, IntervalMethod::Wilson};
}

double binomialTail(std::int64_t successes, std::int64_t trials, double probability) {
  assert(trials >= 1 && successes <= trials && "a share of something");
  if (successes <= 0) return 1;
  const auto k = static_cast<double>(successes), n = static_cast<double>(trials);
  return incompleteBeta(k, n - k + 1, probability);
}

/// The probability at which `successes` or more have the probability `tail`.
static double probabilityOfTail(std::int64_t successes, std::int64_t trials, double tail) {
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = low + (high - low) / 2;
    (binomialTail(successes, trials, middle) < tail ? low : high) = middle;
  }
  return low;
}

Interval clopperPearson(std::int64_t successes, std::int64_t trials, double level) {
  assert(trials >= 1 && successes >= 0 && successes <= trials && "a share of something");
  const double tail = (1 - level) / 2;
  const double lower = successes == 0 ? 0 : probabilityOfTail(successes, trials, tail);
  const double upper = successes == trials ? 1 : probabilityOfTail(successes + 1, trials, 1 - tail);
  return {static_cast<double>(successes) / static_cast<double>(trials), lower, upper, static_cast<int>(trials),
          IntervalMethod::ClopperPearson};
}

double accuracyStandardError(double accuracy, std::int64_t examples) {
  const double z = normalQuantile(0.975);
  return wilsonReach(accuracy, static_cast<double>(examples), z) / z;
}

/// Places of `pValues`, the smallest first.
static std::vector<std::size_t> ascending(std::span<const double> pValues) {
  std::vector<std::size_t> order(pValues.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return pValues[a] < pValues[b]; });
  return order;
}

std::vector<double> holm(std::span<const double> pValues) {
  const std::vector<std::size_t> order = ascending(pValues);
  std::vector<double> adjusted(pValues.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, std::min(1.0, pValues[order[rank]] * static_cast<double>(order.size() - rank)));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

std::vector<double> benjaminiHochberg(std::span<const double> pValues) {
  const std::vector<std::size_t> order = ascending(pValues);
  std::vector<double> adjusted(pValues.size());
  double smallest = 1;
  for (std::size_t rank = order.size(); rank-- > 0;) {
    const double raised = pValues[order[rank]] * static_cast<double>(order.size()) / static_cast<double>(rank + 1);
    smallest = std::min(smallest, raised);
    adjusted[order[rank]] = smallest;
  }
  return adjusted;
}

}  // namespace nnc::statistics
