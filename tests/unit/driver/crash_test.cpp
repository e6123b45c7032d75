// An error of nnc itself is one line and exit code 70.
#include "driver/crash.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

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

TEST(CrashDeathTest, memory_that_runs_out_exits_with_4) {
  const auto allocate = []() noexcept {  // gtest would catch what it throws
    installCrashHandler();
    std::vector<char> most(std::size_t{1} << 60);
    std::exit(most.size() > 0 ? 0 : 1);
  };
  EXPECT_EXIT(allocate(), testing::ExitedWithCode(4), "error\\[E1105\\]: memory ran out, and nnc stopped");
  EXPECT_EXIT(std::thread(allocate).join(), testing::ExitedWithCode(4), "E1105");
}

TEST(CrashDeathTest, memory_that_runs_out_is_json_where_it_is_asked_for) {
  const auto fail = []() noexcept {
    installCrashHandler(/*asJson=*/true);
    throw std::bad_alloc();
  };
  EXPECT_EXIT(fail(), testing::ExitedWithCode(4), "\"code\":\"E1105\"");
}

TEST(CrashDeathTest, another_exception_is_an_internal_error) {
  const auto fail = []() noexcept {
    installCrashHandler();
    throw 1;
  };
  EXPECT_EXIT(fail(), testing::ExitedWithCode(70), "nnc: internal error \\(aborted\\)");
}

#endif

}  // namespace
}  // namespace nnc::driver
