// What a person sees when nnc itself fails: one line and exit code 70, never a bare signal.
#pragma once

namespace nnc::driver {

/// From here on SIGABRT (a failed assert), SIGSEGV, SIGBUS, SIGFPE and SIGILL print one line and exit with 70. Does
/// nothing in a build with sanitizers, which have their own reports.
void installCrashHandler();

}  // namespace nnc::driver
