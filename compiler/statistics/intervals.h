// Intervals over blocks and over examples, tests, adjustment for many of them.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "statistics/crossing.h"

namespace nnc::statistics {

enum class IntervalMethod { T, Percentile, Bca, Wilson, ClopperPearson };

/// An estimate with an interval.
struct Interval {
  double estimate = 0;
  double lower = 0;
  double upper = 0;
  int count = 0;  // of blocks (trials for shares)
  IntervalMethod method = IntervalMethod::T;

  bool contains(double value) const { return lower <= value && value <= upper; }
};

double mean(std::span<const double> values);

/// With divisor n - 1; 0 for fewer than two values.
double standardDeviation(std::span<const double> values);

/// The values that are there: NaN stands for a block that is missing.
std::vector<double> finished(std::span<const double> byBlock);

/// mean +- t errorOfMean: of crossing.h, one value for each block. Empty where that is. `furtherError`: a standard
/// error that all values share, so that their spread does not show it (sampled orders); it is added in squares.
std::optional<Interval> tInterval(std::span<const double> byBlock, double level = 0.95, double furtherError = 0,
                                  const Crossing& crossing = {});

/// Two-sided p of "the mean is 0" by the t distribution; 1 for fewer than two values. When all values are equal: 0, or
/// 1 if they are 0.
double tTest(std::span<const double> byBlock, double furtherError = 0, const Crossing& crossing = {});

/// (t_{.975} + t_{.8}) errorOfMean: the effect that a two-sided 5 % test finds with probability 0.8. Empty where the
/// error is.
std::optional<double> minimumDetectableEffect(std::span<const double> byBlock, const Crossing& crossing = {});

/// Wilson's interval for a share. Source: Wilson, J. Am. Stat. Assoc. 22:209-212, 1927. Needs trials >= 1.
Interval wilsonInterval(int successes, int trials, double level = 0.95);

/// P(X >= successes) for a binomial X. Needs trials >= 1.
double binomialTail(std::int64_t successes, std::int64_t trials, double probability);

/// The interval of shares that neither of the two exact one-sided tests at (1 - level) / 2 rejects. Source: Clopper and
/// Pearson, Biometrika 26:404-413, 1934. Needs trials >= 1.
Interval clopperPearson(std::int64_t successes, std::int64_t trials, double level = 0.95);

/// Standard error of an accuracy measured on `examples` examples: half of Wilson's 95 % interval over 1.96. Away from 0
/// and 1 that is sqrt(a (1 - a) / n); at them it is not 0, as n right answers of n do not make errors impossible.
double accuracyStandardError(double accuracy, std::int64_t examples);

/// Adjusted p-values, in the order given. Sources: Holm, Scand. J. Stat. 6:65-70, 1979 (family-wise); Benjamini and
/// Hochberg, J. R. Stat. Soc. B 57:289-300, 1995 (false discovery rate).
std::vector<double> holm(std::span<const double> pValues);
std::vector<double> benjaminiHochberg(std::span<const double> pValues);

}  // namespace nnc::statistics
