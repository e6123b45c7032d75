// Where the time went: named intervals, printed by `--time`.
#pragma once
#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace nnc {

/// A list of (name, milliseconds) in the order of completion. Any thread may add to it.
struct Timings {
  void add(std::string name, double milliseconds) {
    const std::lock_guard lock(mutex);
    entries.emplace_back(std::move(name), milliseconds);
  }
  std::vector<std::pair<std::string, double>> entries;
  std::mutex mutex;
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
    timings_->add(std::move(name_), elapsed.count());
  }

 private:
  Timings* timings_;
  std::string name_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace nnc
