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

StatusLine::StatusLine(Progress mode) : mode_(mode) {
  if (mode_ == Progress::Auto) mode_ = ::isatty(STDERR_FILENO) != 0 ? Progress::Bar : Progress::Lines;
}

bool StatusLine::isDue() const { return isDrawn() && Clock::now() - drawn_ >= std::chrono::milliseconds(100); }

void StatusLine::draw(std::string_view text) {
  if (!isDrawn()) return;
  // "Erase to the end of the line" after the text: no flicker.
  fmt::print(stderr, "\r{}\033[K", text);
  std::fflush(stderr);
  isOnScreen_ = true;
  drawn_ = Clock::now();
}

void StatusLine::clear() {
  if (!isOnScreen_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  isOnScreen_ = false;
}

void StatusLine::line(std::string_view text) {
  clear();
  if (mode_ != Progress::None) fmt::print(stderr, "{}\n", text);
}

std::string barText(std::int64_t done, std::int64_t total) {
  const std::int64_t filled = total > 0 ? std::clamp<std::int64_t>(done * kBarWidth / total, 0, kBarWidth) : 0;
  std::string bar(static_cast<std::size_t>(filled), '=');
  bar.resize(static_cast<std::size_t>(kBarWidth), ' ');
  return fmt::format("[{}] {}/{}", bar, done, total);
}

void ProgressDisplay::begin(std::string title, std::int64_t atStart, std::int64_t total) {
  title_ = std::move(title);
  atStart_ = atStart;
  total_ = total;
  begun_ = Clock::now();
}

void ProgressDisplay::step(std::int64_t done, double loss) {
  if (!status_.isDue()) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
  // No rate can be told from the first instant.
  if (seconds < 0.1) return;
  const double rate = static_cast<double>(done - atStart_) / seconds;
  const std::string left = rate > 0.0 ? durationText(static_cast<double>(total_ - done) / rate) + " left" : "";
  status_.draw(fmt::format("{} {}  {:.0f} steps/s  loss {:.4g}  {}", title_, barText(done, total_), rate, loss, left));
}

std::string durationText(double seconds) {
  if (seconds < 60.0) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace nnc::training
