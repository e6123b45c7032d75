// An error of nnc itself is one line and exit code 70.
#include "driver/crash.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace nnc::driver {
namespace {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

TEST(CrashDeathTest, a_failed_assert_exits_with_70) {
  EXPECT_EXIT(
      {
        installCrashHandler();
        std::abort();
      },
      testing::ExitedWithCode(70), "nnc: internal error \\(aborted\\)");
}

TEST(CrashDeathTest, a_bad_access_exits_with_70) {
  EXPECT_EXIT(
      {
        installCrashHandler();
        std::raise(SIGSEGV);
      },
      testing::ExitedWithCode(70), "nnc: internal error \\(bad memory access\\)");
}

int depth(int n) {
  volatile char frame[4096] = {};
  return n == 0 ? frame[0] : depth(n - 1) + frame[1] + 1;
}

TEST(CrashDeathTest, an_overflow_of_the_stack_exits_with_70) {
  EXPECT_EXIT(
      {
        installCrashHandler();
        std::exit(depth(1 << 30));
      },
      testing::ExitedWithCode(70), "nnc: internal error \\(bad memory access\\)");
}

#endif

}  // namespace
}  // namespace nnc::driver
