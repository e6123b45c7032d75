// SIGINT and SIGTERM as a question that the training loop asks between steps.
#pragma once
#include <csignal>

namespace nnc::training {

/// Catches both signals while it lives. The first one only sets a flag; after it the old handlers are back, so that a
/// second one ends the process at once. Guards of one thread nest, and the outermost one counts; any thread may ask it.
class InterruptGuard {
 public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();
  bool isInterrupted() const;

 private:
  struct sigaction oldInterrupt_{}, oldTerminate_{};
};

}  // namespace nnc::training
