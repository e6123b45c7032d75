// What a person sees on stderr while a study goes on.
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "experiment/schedule.h"
#include "training/progress.h"

namespace nnc::experiment {

/// One thread at a time. A bar on a terminal; otherwise a line for each tenth of the work.
class StudyProgress {
 public:
  StudyProgress(training::Progress mode, const study::Study& study, const Schedule& schedule);

  /// A run of the plan, made by this process or by an earlier one.
  void count(const study::Run& run);
  /// Draws when it is time.
  void show();
  void line(const std::string& text) { status_.line(text); }

 private:
  std::string text() const;
  std::string leftText() const;

  training::StatusLine status_;
  const study::Study& study_;
  const Schedule& schedule_;
  std::chrono::steady_clock::time_point begun_;
  double workAtStart_;
  int tenths_;                  // of the work, that a line has told of
  std::optional<double> best_;  // of the first measure
  std::size_t diverged_ = 0, failed_ = 0, timedOut_ = 0;
};

}  // namespace nnc::experiment
