// Time to a target when some runs never reach it within their budget.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "statistics/intervals.h"

namespace nnc::statistics {

/// One run: the target was reached at `time`, or not up to `time` (right-censored). Any clock: steps, FLOPs, seconds.
struct TimeToTarget {
  double time = 0;
  bool isReached = false;
};

/// A step of the Kaplan-Meier curve, at a time at which runs reached the target.
struct SurvivalStep {
  double time = 0;
  int atRisk = 0;            // runs that had neither reached the target nor been censored before
  int reached = 0;           // at this time
  double share = 1;          // S(t): estimated share of runs that need longer than `time`
  double standardError = 0;  // Greenwood
};

/// The product-limit estimate; runs censored at a time count as at risk at that time. Sources: Kaplan and Meier, J. Am.
/// Stat. Assoc. 53:457-481, 1958; Greenwood, 1926.
std::vector<SurvivalStep> kaplanMeier(std::span<const TimeToTarget> runs);

/// The area under the curve up to `budget`: mean of min(time, budget). Source: Royston and Parmar, BMC Med. Res.
/// Methodol. 13:152, 2013 (standard error: their equation in section 2).
struct RestrictedMean {
  double value = 0;
  double standardError = 0;
};
RestrictedMean restrictedMean(std::span<const TimeToTarget> runs, double budget);

/// Share of runs that reached the target, with Wilson's interval. Needs at least one run.
Interval shareReached(std::span<const TimeToTarget> runs, double level = 0.95);

/// The first time at which the curve is at or below 1/2; empty when half of the runs never got there.
std::optional<double> medianTime(std::span<const TimeToTarget> runs);

/// median(numerator) / median(denominator). When only one median exists, the budget of the other gives a bound.
struct MedianRatio {
  enum class Kind { Exact, AtLeast, AtMost, Undefined };
  Kind kind = Kind::Undefined;
  double ratio = 0;
};
MedianRatio ratioOfMedians(std::span<const TimeToTarget> numerator, std::span<const TimeToTarget> denominator,
                           double budget);

}  // namespace nnc::statistics
