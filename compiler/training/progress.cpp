#include "training/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace nnc::training {

namespace {

constexpr std::int64_t kBarWidth = 24;

}  // namespace

ProgressDisplay::ProgressDisplay(Progress mode) : mode_(mode) {
  if (mode_ == Progress::Auto) mode_ = ::isatty(STDERR_FILENO) != 0 ? Progress::Bar : Progress::Lines;
}

ProgressDisplay::~ProgressDisplay() { clear(); }

void ProgressDisplay::begin(std::string title, std::int64_t atStart, std::int64_t total) {
  title_ = std::move(title);
  atStart_ = atStart;
  total_ = total;
  begun_ = drawn_ = Clock::now();
}

void ProgressDisplay::step(std::int64_t done, double loss) {
  if (mode_ != Progress::Bar) return;
  const Clock::time_point now = Clock::now();
  if (now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  draw(done, loss, now);
}

void ProgressDisplay::draw(std::int64_t done, double loss, Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  const double rate = seconds > 0.0 ? static_cast<double>(done - atStart_) / seconds : 0.0;
  const std::int64_t filled = total_ > 0 ? std::clamp<std::int64_t>(done * kBarWidth / total_, 0, kBarWidth) : 0;
  std::string bar(static_cast<std::size_t>(filled), '=');
  bar.resize(static_cast<std::size_t>(kBarWidth), ' ');
  const std::string left = rate > 0.0 ? durationText(static_cast<double>(total_ - done) / rate) + " left" : "";
  // "Erase to the end of the line" after the text: no flicker.
  fmt::print(stderr, "\r{} [{}] {}/{}  {:.0f} steps/s  loss {:.4g}  {}\033[K", title_, bar, done, total_, rate, loss,
             left);
  std::fflush(stderr);
  isDrawn_ = true;
}

void ProgressDisplay::clear() {
  if (!isDrawn_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  isDrawn_ = false;
}

void ProgressDisplay::line(std::string_view text) {
  clear();
  if (mode_ != Progress::None) fmt::print(stderr, "{}\n", text);
}

std::string durationText(double seconds) {
  if (seconds < 60.0) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace nnc::training
