#include "experiment/study_progress.h"

#include <fmt/format.h>

#include <cmath>

namespace nnc::experiment {

using study::Run;
using study::Status;

/// In tenths, from 0.
static int tenthsOf(const Schedule& schedule) {
  return schedule.totalWork() > 0.0 ? static_cast<int>(10.0 * schedule.finishedWork() / schedule.totalWork()) : 10;
}

StudyProgress::StudyProgress(training::Progress mode, const study::Study& study, const Schedule& schedule)
    : status_(mode),
      study_(study),
      schedule_(schedule),
      begun_(std::chrono::steady_clock::now()),
      workAtStart_(schedule.finishedWork()),
      tenths_(tenthsOf(schedule)) {}

void StudyProgress::count(const Run& run) {
  if (run.role != Run::Role::Run) return;
  diverged_ += run.status == Status::Diverged ? 1 : 0;
  failed_ += run.status == Status::Failed ? 1 : 0;
  timedOut_ += run.status == Status::TimedOut ? 1 : 0;
  if (run.status != Status::Ok || study_.measures.empty()) return;
  const study::Measure& measure = study_.measures[0];
  if (measure.better == study::Measure::Better::Unknown) return;
  const auto found = run.measures.find(measure.name);
  if (found == run.measures.end() || std::isnan(found->second.value)) return;
  const double value = found->second.value;
  if (!best_ || (measure.better == study::Measure::Better::Lower ? value < *best_ : value > *best_)) best_ = value;
}

void StudyProgress::show() {
  if (status_.isDrawn()) {
    if (status_.isDue()) status_.draw(text());
    return;
  }
  const int tenths = tenthsOf(schedule_);
  if (tenths <= tenths_) return;
  tenths_ = tenths;
  status_.line(text());
}

std::string StudyProgress::leftText() const {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  const double done = schedule_.finishedWork() - workAtStart_, left = schedule_.totalWork() - schedule_.finishedWork();
  return done > 0.0 ? training::durationText(left / done * seconds) + " left" : "";
}

std::string StudyProgress::text() const {
  std::string text = fmt::format(
      "{} {} runs  {} of {} cells", study_.name,
      training::barText(static_cast<std::int64_t>(schedule_.finished()), static_cast<std::int64_t>(schedule_.total())),
      schedule_.finishedCells(), schedule_.cells());
  if (best_) {
    const study::Measure& measure = study_.measures[0];
    const bool isPercent = measure.scale == study::Measure::Scale::Fraction;
    text += isPercent ? fmt::format("  best {} {:.1f}%", measure.name, 100.0 * *best_)
                      : fmt::format("  best {} {:.4g}", measure.name, *best_);
  }
  for (const auto& [count, what] : {std::pair(diverged_, "diverged"), {failed_, "failed"}, {timedOut_, "timed out"}})
    if (count > 0) text += fmt::format("  {} {}", count, what);
  const std::string left = leftText();
  return left.empty() ? text : text + "  " + left;
}

}  // namespace nnc::experiment
