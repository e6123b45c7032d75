#include "study/tuning.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace nnc::study {

double lastValue(const Run& run, const std::string& metric) {
  for (const Curve& curve : run.curves)
    if (curve.metric == metric && !curve.values.empty()) return curve.values.back();
  return std::numeric_limits<double>::quiet_NaN();
}

namespace {

/// What the trials of one value came to.
struct Score {
  double value = 0.0, sum = 0.0;
  int count = 0, bad = 0;
  double mean() const { return sum / count; }
};

Score scoreOf(double value, const std::string& metric, std::vector<const Run*> trials) {
  std::erase_if(trials, [&](const Run* run) { return run->tuned != value; });
  // In the order of the blocks: a sum of doubles depends on its order.
  std::sort(trials.begin(), trials.end(), [](const Run* a, const Run* b) { return a->block < b->block; });
  Score score{value};
  for (const Run* const run : trials) {
    const double last = lastValue(*run, metric);
    const bool isOver = run->status == Status::Ok || run->status == Status::TimedOut;
    if (!isOver || std::isnan(last)) {
      ++score.bad;
      continue;
    }
    score.sum += last;
    ++score.count;
  }
  return score;
}

bool isBetter(const Score& a, const Score& b, bool isLowerBetter) {
  if (a.bad != b.bad) return a.bad < b.bad;
  if (a.count == 0 || b.count == 0) return a.count > b.count;
  return isLowerBetter ? a.mean() < b.mean() : a.mean() > b.mean();
}

}  // namespace

TunedChoice chooseTuned(const Tuning& tuning, const std::vector<const Run*>& trials) {
  assert(!tuning.grid.empty() && "the plan has a value to try");
  Score best = scoreOf(tuning.grid[0], tuning.metric, trials);
  for (std::size_t i = 1; i < tuning.grid.size(); ++i) {
    const Score score = scoreOf(tuning.grid[i], tuning.metric, trials);
    if (isBetter(score, best, tuning.isLowerBetter)) best = score;
  }
  TunedChoice choice;
  choice.value = best.value;
  choice.isEdge = tuning.grid.size() > 1 && (best.value == tuning.grid.front() || best.value == tuning.grid.back());
  if (best.count > 0) choice.mean = best.mean();
  return choice;
}

}  // namespace nnc::study
