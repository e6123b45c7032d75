#include "support/processor_time.h"

#include <ctime>

namespace nnc {

static double secondsOf(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double threadSeconds() { return secondsOf(CLOCK_THREAD_CPUTIME_ID); }

double processSeconds() { return secondsOf(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace nnc
