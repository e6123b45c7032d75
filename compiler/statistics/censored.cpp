#include "statistics/censored.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace nnc::statistics {

std::vector<SurvivalStep> kaplanMeier(std::span<const TimeToTarget> runs) {
  struct Leaving {
    int reached = 0, censored = 0;
  };
  std::map<double, Leaving> leavingAt;
  for (const TimeToTarget& run : runs) ++(run.isReached ? leavingAt[run.time].reached : leavingAt[run.time].censored);
  std::vector<SurvivalStep> steps;
  int atRisk = static_cast<int>(runs.size());
  double share = 1, greenwood = 0;
  for (const auto& [time, leaving] : leavingAt) {
    if (leaving.reached > 0) {
      const double n = atRisk, d = leaving.reached;
      share *= 1 - d / n;
      // At the last step nobody is left: the share is 0 and its error with it.
      if (atRisk > leaving.reached) greenwood += d / (n * (n - d));
      steps.push_back({time, atRisk, leaving.reached, share, share * std::sqrt(greenwood)});
    }
    atRisk -= leaving.reached + leaving.censored;
  }
  return steps;
}

RestrictedMean restrictedMean(std::span<const TimeToTarget> runs, double budget) {
  std::vector<SurvivalStep> steps = kaplanMeier(runs);
  std::erase_if(steps, [&](const SurvivalStep& step) { return step.time >= budget; });
  // Backwards: the area to the right of a step is what its error is multiplied by.
  double area = 0, variance = 0, end = budget;
  for (std::size_t i = steps.size(); i-- > 0;) {
    const SurvivalStep& step = steps[i];
    area += step.share * (end - step.time);
    end = step.time;
    if (step.atRisk > step.reached)
      variance += area * area * step.reached / (static_cast<double>(step.atRisk) * (step.atRisk - step.reached));
  }
  return {area + end, std::sqrt(variance)};
}

Interval shareReached(std::span<const TimeToTarget> runs, double level) {
  const auto reached = std::count_if(runs.begin(), runs.end(), [](const TimeToTarget& run) { return run.isReached; });
  return wilsonInterval(static_cast<int>(reached), static_cast<int>(runs.size()), level);
}

std::optional<double> medianTime(std::span<const TimeToTarget> runs) {
  for (const SurvivalStep& step : kaplanMeier(runs))
    if (step.share <= 0.5 + 1e-12) return step.time;  // products of (n - d) / n may round above 1/2
  return std::nullopt;
}

MedianRatio ratioOfMedians(std::span<const TimeToTarget> numerator, std::span<const TimeToTarget> denominator,
                           double budget) {
  using Kind = MedianRatio::Kind;
  const std::optional<double> above = medianTime(numerator), below = medianTime(denominator);
  if (!above && !below) return {Kind::Undefined, 0};
  if (below && *below <= 0) return {Kind::Undefined, 0};
  if (!above) return {Kind::AtLeast, budget / *below};
  if (!below) return {Kind::AtMost, *above / budget};
  return {Kind::Exact, *above / *below};
}

}  // namespace nnc::statistics
