// The time that steps take: on the wall, and of the processor in the calling thread.
#pragma once
#include <chrono>

#include "support/processor_time.h"

namespace nnc::training {

/// Runs and pauses. One thread.
class StepClock {
 public:
  void resume() {
    begun_ = std::chrono::steady_clock::now();
    processorBegun_ = threadSeconds();
  }
  void pause() {
    wallSeconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
    processorSeconds_ += threadSeconds() - processorBegun_;
  }
  /// Up to the present moment. Needs: it runs.
  double runningProcessorSeconds() const { return processorSeconds_ + threadSeconds() - processorBegun_; }
  /// Up to the last pause.
  double wallSeconds() const { return wallSeconds_; }
  double processorSeconds() const { return processorSeconds_; }

 private:
  std::chrono::steady_clock::time_point begun_;
  double processorBegun_ = 0.0, wallSeconds_ = 0.0, processorSeconds_ = 0.0;
};

}  // namespace nnc::training
