#include "driver/crash.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "diagnostics/kinds/engine.h"
#include "diagnostics/render.h"
#include "support/source.h"

namespace nnc::driver {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

void installCrashHandler(bool) {}

#else

namespace {

constexpr int kInternalError = 70;
constexpr int kOutOfMemory = 4;
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

/// Made at the start: when it is needed, there is no memory to make it.
std::string& outOfMemoryText() {
  static std::string text;
  return text;
}

bool isOutOfMemory() {
  const std::exception_ptr thrown = std::current_exception();
  if (!thrown) return false;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (const std::system_error& error) {  // a thread that cannot be made
    return error.code() == std::errc::resource_unavailable_try_again || error.code() == std::errc::not_enough_memory;
  } catch (...) {
    return false;
  }
}

/// Of an exception that nobody catches, in any thread.
void terminated() {
  if (!isOutOfMemory()) std::abort();
  const std::string& text = outOfMemoryText();
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) _exit(kOutOfMemory);
  _exit(kOutOfMemory);
}

std::string renderOutOfMemory(bool asJson) {
  Diagnostics diagnostics;
  diagnostics.emit<diag::OutOfMemory>({}).help(
      "use a smaller batch, a smaller network or fewer rows; nnc itself needs "
      "some 500 MB (ulimit -v)");
  const SourceManager sources;
  return asJson ? renderJson(diagnostics, sources) : renderText(diagnostics, sources, {.color = false});
}

}  // namespace

void installCrashHandler(bool asJson) {
  outOfMemoryText() = renderOutOfMemory(asJson);
  std::set_terminate(terminated);
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
