#include "driver/crash.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace nnc::driver {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

void installCrashHandler() {}

#else

namespace {

constexpr int kInternalError = 70;
constexpr int kSignals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

/// Only functions that are safe in a signal handler: write and _exit.
void report(int signal) {
  const char* name = signal == SIGABRT ? "aborted" : signal == SIGSEGV ? "bad memory access" : "bad instruction";
  const char* parts[] = {"nnc: internal error (", name,
                         "). This is a mistake of nnc, not of the program: please report it with the .nn file and the "
                         "command line.\n"};
  for (const char* part : parts)
    if (write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  _exit(kInternalError);
}

}  // namespace

void installCrashHandler() {
  // A stack of its own, so that an overflow of the normal one is reported, too.
  static std::array<char, 64 * 1024> stack;
  stack_t alternate{};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  sigaltstack(&alternate, nullptr);
  struct sigaction action{};
  action.sa_handler = report;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
}

#endif

}  // namespace nnc::driver
