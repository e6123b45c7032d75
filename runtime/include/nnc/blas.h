// OpenBLAS, loaded when a program first needs it, pinned to one thread, with its kernels chosen for this machine.
#pragma once
#include <string>

#include "nnc/failure.h"

namespace nnc::runtime {

using Sgemm = void (*)(int order, int transA, int transB, int m, int n, int k, float alpha, const float* a, int lda,
                       const float* b, int ldb, float beta, float* c, int ldc);
using Dgemm = void (*)(int order, int transA, int transB, int m, int n, int k, double alpha, const double* a, int lda,
                       const double* b, int ldb, double beta, double* c, int ldc);

struct Blas {
  Sgemm sgemm = nullptr;
  Dgemm dgemm = nullptr;
  std::string core;  // openblas_get_corename()
};

/// Loads libopenblas once per process. OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE and the thread variables are taken out of
/// the environment while its constructor runs, since with them it can be halved silently (docs/decisions); set
/// NNC_BLAS_CORE to force a kernel set. Thread-safe. Null: `failure` says why.
const Blas* loadBlas(Failure& failure);

}  // namespace nnc::runtime
