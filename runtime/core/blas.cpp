#include "nnc/blas.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "io/failures.h"

namespace nnc::runtime {

namespace {

/// By preference: the pthread and serial builds where Debian keeps them, then whatever the system calls OpenBLAS. The
/// OpenMP build comes last by not being named, and is refused if the last name leads to it.
constexpr std::array kLibraries = {"/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0",
                                   "/usr/lib/x86_64-linux-gnu/openblas-serial/libopenblas.so.0", "libopenblas.so.0"};

/// What its constructor reads. Any of these can halve its speed or change its bits without a word.
constexpr std::array kVariables = {"OPENBLAS_CORETYPE",
                                   "OPENBLAS_L2_SIZE",
                                   "OPENBLAS_NUM_THREADS",
                                   "OPENBLAS_DEFAULT_NUM_THREADS",
                                   "GOTO_NUM_THREADS",
                                   "OMP_NUM_THREADS",
                                   "OMP_ADAPTIVE",
                                   "OPENBLAS_MAIN_FREE",
                                   "GOTOBLAS_MAIN_FREE",
                                   "OPENBLAS_VERBOSE",
                                   "OPENBLAS_THREAD_TIMEOUT",
                                   "OPENBLAS_BLOCK_FACTOR"};

/// Sets the variables for the time of its life. getenv in another thread may see either state; nnc reads none of them
/// elsewhere.
class CleanEnvironment {
 public:
  CleanEnvironment() {
    for (const char* const name : kVariables) {
      const char* const value = std::getenv(name);
      if (value == nullptr) continue;
      saved_.emplace_back(name, value);
      ::unsetenv(name);
    }
    ::setenv("OPENBLAS_NUM_THREADS", "1", 1);
    if (const char* const core = std::getenv("NNC_BLAS_CORE")) ::setenv("OPENBLAS_CORETYPE", core, 1);
  }
  CleanEnvironment(const CleanEnvironment&) = delete;
  CleanEnvironment& operator=(const CleanEnvironment&) = delete;
  ~CleanEnvironment() {
    ::unsetenv("OPENBLAS_NUM_THREADS");
    ::unsetenv("OPENBLAS_CORETYPE");
    for (const auto& [name, value] : saved_) ::setenv(name, value.c_str(), 1);
  }

 private:
  std::vector<std::pair<const char*, std::string>> saved_;
};

/// OpenBLAS takes 128 MiB per calling thread on its first call and, when it cannot get them, tries again for ever.
/// Asking for the address space first turns that into a message.
bool hasAddressSpace(Failure& failure) {
  constexpr std::size_t kBytes = std::size_t{192} << 20;
  void* const probe =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (probe == MAP_FAILED) return failSystem(failure, "libopenblas", "needs 192 MiB of address space");
  ::munmap(probe, kBytes);
  return true;
}

template <typename Function>
Function symbol(void* library, const char* name) {
  return reinterpret_cast<Function>(::dlsym(library, name));
}

/// The first product allocates buffers and picks kernels: do it here rather than in somebody's first step.
bool warmUp(const Blas& blas) {
  constexpr int kSize = 16, kRowMajor = 101, kNoTranspose = 111;
  std::array<float, kSize * kSize> a{}, b{}, c{};
  std::array<double, kSize * kSize> da{}, db{}, dc{};
  a.fill(1.0f), b.fill(1.0f), da.fill(1.0), db.fill(1.0);
  blas.sgemm(kRowMajor, kNoTranspose, kNoTranspose, kSize, kSize, kSize, 1.0f, a.data(), kSize, b.data(), kSize, 0.0f,
             c.data(), kSize);
  blas.dgemm(kRowMajor, kNoTranspose, kNoTranspose, kSize, kSize, kSize, 1.0, da.data(), kSize, db.data(), kSize, 0.0,
             dc.data(), kSize);
  return c.back() == kSize && dc.back() == kSize;
}

std::optional<Blas> load(Failure& failure) {
  if (!hasAddressSpace(failure)) return std::nullopt;
  const CleanEnvironment clean;
  void* library = nullptr;
  std::string reason;
  for (const char* const name : kLibraries) {
    library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) break;
    reason = ::dlerror();
  }
  if (library == nullptr) {
    fail(failure, "libopenblas.so.0", -1, "cannot be loaded (Debian: libopenblas0-pthread): " + reason);
    return std::nullopt;
  }
  const auto parallel = symbol<int (*)()>(library, "openblas_get_parallel");
  const auto core = symbol<const char* (*)()>(library, "openblas_get_corename");
  const auto setThreads = symbol<void (*)(int)>(library, "openblas_set_num_threads");
  Blas blas;
  blas.sgemm = symbol<Sgemm>(library, "cblas_sgemm");
  blas.dgemm = symbol<Dgemm>(library, "cblas_dgemm");
  if (parallel == nullptr || core == nullptr || setThreads == nullptr || blas.sgemm == nullptr ||
      blas.dgemm == nullptr) {
    fail(failure, "libopenblas.so.0", -1, "lacks cblas_sgemm or an openblas_* function");
    return std::nullopt;
  }
  constexpr int kOpenMp = 2;
  if (parallel() == kOpenMp) {
    // That build overrides openblas_set_num_threads(1), and results then depend on the number of threads.
    fail(failure, "libopenblas.so.0", -1, "is the OpenMP build; install libopenblas0-pthread");
    return std::nullopt;
  }
  setThreads(1);
  blas.core = core();
  if (!warmUp(blas)) {
    fail(failure, "libopenblas.so.0", -1, "multiplies wrongly with its kernels for " + blas.core);
    return std::nullopt;
  }
  return blas;
}

}  // namespace

const Blas* loadBlas(Failure& failure) {
  struct Loaded {
    Failure failure;
    std::optional<Blas> blas;
    Loaded() : blas(load(failure)) {}
  };
  static const Loaded loaded;
  if (!loaded.blas) {
    failure = loaded.failure;
    return nullptr;
  }
  return &*loaded.blas;
}

}  // namespace nnc::runtime
