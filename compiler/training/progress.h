// What a person sees on stderr while a run goes on.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "training/run.h"

namespace nnc::training {

/// Lines that stay and, on a terminal, one below them that is drawn anew at most ten times a second.
class StatusLine {
 public:
  explicit StatusLine(Progress mode);
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  ~StatusLine() { clear(); }

  bool isDrawn() const { return mode_ == Progress::Bar; }
  /// Whether it is time to draw again. Cheap: reads a clock.
  bool isDue() const;
  void draw(std::string_view text);
  /// A line that stays.
  void line(std::string_view text);

 private:
  using Clock = std::chrono::steady_clock;
  void clear();

  Progress mode_;
  bool isOnScreen_ = false;
  Clock::time_point drawn_;
};

/// `[=====     ] 12/30`
std::string barText(std::int64_t done, std::int64_t total);

/// What a run shows.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(Progress mode) : status_(mode) {}

  /// `title` as in `epoch 2/5`; `total` steps of this pass, `atStart` of them were done before it was shown.
  void begin(std::string title, std::int64_t atStart, std::int64_t total);
  /// Cheap: reads a clock, and draws when it is time.
  void step(std::int64_t done, double loss);
  /// A line that stays.
  void line(std::string_view text) { status_.line(text); }

 private:
  using Clock = std::chrono::steady_clock;

  StatusLine status_;
  std::string title_;
  std::int64_t atStart_ = 0, total_ = 0;
  Clock::time_point begun_;
};

/// `1:02:03`, `4:05`, or `3.2 s` below a minute.
std::string durationText(double seconds);

}  // namespace nnc::training
