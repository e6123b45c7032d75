// What a person sees on stderr while a run goes on.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "training/run.h"

namespace nnc::training {

/// A bar that is redrawn at most ten times a second, or nothing between the lines.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(Progress mode);
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;
  ~ProgressDisplay();

  /// `title` as in `epoch 2/5`; `total` steps of this pass, `atStart` of them were done before it was shown.
  void begin(std::string title, std::int64_t atStart, std::int64_t total);
  /// Cheap: reads a clock, and draws when it is time.
  void step(std::int64_t done, double loss);
  /// A line that stays.
  void line(std::string_view text);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(std::int64_t done, double loss, Clock::time_point now);
  void clear();

  Progress mode_;
  std::string title_;
  std::int64_t atStart_ = 0, total_ = 0;
  Clock::time_point begun_, drawn_;
  bool isDrawn_ = false;
};

/// `1:02:03`, `4:05`, or `3.2 s` below a minute.
std::string durationText(double seconds);

}  // namespace nnc::training
