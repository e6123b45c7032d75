#include "training/interrupt.h"

#include <atomic>

namespace nnc::training {

namespace {

// A signal handler can reach nothing but a global; several threads ask it.
std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may write it");

void noteInterrupt(int) { interrupted = true; }

int guards = 0;  // that live

}  // namespace

InterruptGuard::InterruptGuard() {
  if (guards++ > 0) return;
  interrupted = false;
  struct sigaction action{};
  action.sa_handler = noteInterrupt;
  // Restart: a write of a checkpoint goes on. Reset: the second signal has its usual effect.
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  sigaction(SIGINT, &action, &oldInterrupt_);
  sigaction(SIGTERM, &action, &oldTerminate_);
}

InterruptGuard::~InterruptGuard() {
  if (--guards > 0) return;
  sigaction(SIGINT, &oldInterrupt_, nullptr);
  sigaction(SIGTERM, &oldTerminate_, nullptr);
}

bool InterruptGuard::isInterrupted() const { return interrupted; }

}  // namespace nnc::training
