// Contractions that are matrix products.
#pragma once
#include <optional>

#include "codegen/emitter.h"
#include "ir/module.h"

namespace nnc::codegen {

/// y[batch] = op(left[batch]) op(right[batch]), row-major.
struct MatrixProduct {
  std::int64_t batch = 1, m = 1, n = 1, k = 1;
  bool transposeLeft = false, transposeRight = false;
  bool isSwapped = false;  // left is operand 1 of the contraction
};

/// The product that a contraction is, if it has the canonical form (passes/assign_layouts.h), its dtype is f32 or f64
/// and its sizes fit the library's int.
std::optional<MatrixProduct> matrixProduct(const ir::Function& function, const ir::Node& contraction);

/// Whether the library's blocking for the outer caches wins over generated code: huge in every size.
bool isForLibrary(const MatrixProduct& product);

/// Emits the calls of cblas_sgemm or cblas_dgemm, one per batch index. Needs: no size is 0.
void emitMatrixProduct(const Emitter& emitter, const MatrixProduct& product, ir::DType dtype, llvm::Value* left,
                       llvm::Value* right, llvm::Value* y);

}  // namespace nnc::codegen
