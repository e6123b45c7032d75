// What a person sees when nnc itself fails or memory runs out: a message and an exit code, never a bare signal.
#pragma once

namespace nnc::driver {

/// From here on SIGABRT (a failed assert), SIGSEGV, SIGBUS, SIGFPE and SIGILL print one line and exit with 70. Does
/// nothing in a build with sanitizers, which have their own reports. A request for memory or for a thread that the
/// system refuses, and that nobody handles, prints E1105 (with `asJson` as JSON) and exits with 4.
void installCrashHandler(bool asJson = false);

}  // namespace nnc::driver
