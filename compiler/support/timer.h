// Where the time went: named intervals, printed by `--time`.
#pragma once
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace nnc {

/// A list of (name, milliseconds) in the order of completion. Not thread-safe.
struct Timings {
  std::vector<std::pair<std::string, double>> entries;
};

/// Appends the time from construction to destruction to `timings`, when that is not null.
class ScopedTimer {
 public:
  ScopedTimer(Timings* timings, std::string name)
      : timings_(timings), name_(std::move(name)), start_(std::chrono::steady_clock::now()) {}
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;
  ~ScopedTimer() {
    if (timings_ == nullptr) return;
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start_;
    timings_->entries.emplace_back(std::move(name_), elapsed.count());
  }

 private:
  Timings* timings_;
  std::string name_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace nnc
