// OpenBLAS as nnc loads it: right products, one thread, an environment that cannot slow it down.
#include "nnc/blas.h"

#include <dirent.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace nnc::runtime {
namespace {

int threadCount() {
  DIR* const directory = ::opendir("/proc/self/task");
  int count = -2;  // . and ..
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

// One test, since a process loads the library once.
TEST(Blas, is_one_thread_with_the_kernels_of_this_machine) {
  ::setenv("OPENBLAS_CORETYPE", "Prescott", 1);
  ::setenv("OPENBLAS_NUM_THREADS", "2", 1);
  ::unsetenv("NNC_BLAS_CORE");
  const int threads = threadCount();
  Failure failure;
  const Blas* const blas = loadBlas(failure);
  ASSERT_NE(blas, nullptr) << failure.message;
  EXPECT_EQ(loadBlas(failure), blas);
  EXPECT_EQ(threadCount(), threads);
  EXPECT_FALSE(blas->core.empty());
  EXPECT_NE(blas->core, "Prescott");
  EXPECT_STREQ(std::getenv("OPENBLAS_CORETYPE"), "Prescott");
  EXPECT_STREQ(std::getenv("OPENBLAS_NUM_THREADS"), "2");

  // Small integers: the products are exact in any order of summation.
  constexpr int kM = 37, kN = 29, kK = 53;
  std::vector<float> a(kM * kK), b(kK * kN), c(kM * kN, 1.0f);
  std::vector<double> da(kM * kK), db(kK * kN), dc(kM * kN, 1.0);
  for (int i = 0; i < kM * kK; ++i) da[i] = a[i] = static_cast<float>(i % 7 - 3);
  for (int i = 0; i < kK * kN; ++i) db[i] = b[i] = static_cast<float>(i % 5 - 2);
  blas->sgemm(101, 111, 111, kM, kN, kK, 1.0f, a.data(), kK, b.data(), kN, 2.0f, c.data(), kN);
  blas->dgemm(101, 111, 111, kM, kN, kK, 1.0, da.data(), kK, db.data(), kN, 2.0, dc.data(), kN);
  for (int i = 0; i < kM; ++i) {
    for (int j = 0; j < kN; ++j) {
      double sum = 2.0;
      for (int k = 0; k < kK; ++k) sum += da[i * kK + k] * db[k * kN + j];
      ASSERT_EQ(c[i * kN + j], sum) << i << " " << j;
      ASSERT_EQ(dc[i * kN + j], sum) << i << " " << j;
    }
  }
}

}  // namespace
}  // namespace nnc::runtime
