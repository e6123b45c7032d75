// Intervals over blocks and over examples, tests, adjustment for many of them.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nnc::statistics {

enum class IntervalMethod { T, Percentile, Bca, Wilson };

/// An estimate with an interval.
struct Interval {
  double estimate = 0;
  double lower = 0;
  double upper = 0;
  int count = 0;  // of blocks (trials for Wilson)
  IntervalMethod method = IntervalMethod::T;

  bool contains(double value) const { return lower <= value && value <= upper; }
};

double mean(std::span<const double> values);

/// With divisor n - 1; 0 for fewer than two values.
double standardDeviation(std::span<const double> values);

/// mean +- t_{n-1} sd / sqrt n. Empty for fewer than two values.
std::optional<Interval> tInterval(std::span<const double> values, double level = 0.95);

/// Two-sided p of "the mean is 0" by the t distribution; 1 for fewer than two values. When all values are equal: 0, or
/// 1 if they are 0.
double tTest(std::span<const double> values);

/// (t_{.975} + t_{.8}) sd / sqrt n: the effect that a two-sided 5 % test finds with probability 0.8. Empty for n < 2.
std::optional<double> minimumDetectableEffect(std::span<const double> values);

/// Wilson's interval for a share. Source: Wilson, J. Am. Stat. Assoc. 22:209-212, 1927. Needs trials >= 1.
Interval wilsonInterval(int successes, int trials, double level = 0.95);

/// Standard error of an accuracy measured on `examples` examples: sqrt(a (1 - a) / n).
double binomialStandardError(double accuracy, std::int64_t examples);

/// Standard error of the difference of two accuracies on the same examples: `onlyFirst` are right for the first model
/// alone, `onlySecond` for the second alone. Source: McNemar, Psychometrika 12:153-157, 1947.
double mcNemarStandardError(std::int64_t onlyFirst, std::int64_t onlySecond, std::int64_t examples);

/// Adjusted p-values, in the order given. Sources: Holm, Scand. J. Stat. 6:65-70, 1979 (family-wise); Benjamini and
/// Hochberg, J. R. Stat. Soc. B 57:289-300, 1995 (false discovery rate).
std::vector<double> holm(std::span<const double> pValues);
std::vector<double> benjaminiHochberg(std::span<const double> pValues);

// ---- block bootstrap ----

inline constexpr int kBootstrapDraws = 10'000;
inline constexpr int kFewestBlocksForBootstrap = 5;  // with fewer it is too narrow
inline constexpr int kFewestBlocksForBca = 10;

/// A quantity of a list of block numbers (with repetitions). NaN: not defined for this draw, which is then left out.
using BlockStatistic = std::function<double(std::span<const int> blocks)>;

/// Resamples blocks 0..blockCount-1. The percentile interval; BCa from ten blocks on: Efron, J. Am. Stat. Assoc.
/// 82:171-185, 1987. The draws are a function of `seed` alone.
///
/// Errors  empty with fewer than five blocks, or when the statistic is not defined on the blocks as they are, or in
///         more than one draw in twenty.
std::optional<Interval> bootstrapInterval(int blockCount, const BlockStatistic& statistic, std::uint64_t seed,
                                          double level = 0.95, int draws = kBootstrapDraws);

/// The share of bootstrap draws of blocks in which the mean of `first` exceeds that of `second`; equal means count
/// half.
///
/// Needs   equal lengths: entry i of both is block i.
/// Errors  empty with fewer than five blocks.
std::optional<double> probabilityGreater(std::span<const double> first, std::span<const double> second,
                                         std::uint64_t seed, int draws = kBootstrapDraws);

}  // namespace nnc::statistics
