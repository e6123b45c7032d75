// Matrix products as loop nests of our own.
#pragma once
#include "codegen/contract.h"
#include "codegen/emitter.h"

namespace nnc::codegen {

/// Whether a product is generated here rather than left to the library: its packed panel must fit on the stack, and
/// it must not be so large in every size that it would need blocking for the outer caches.
bool isGenerated(const Target& target, const MatrixProduct& product, ir::DType dtype);

/// Emits y[batch] = op(left[batch]) op(right[batch]) as a call of an internal function, made once per shape.
///
/// Every element of y is one chain of fused multiply-adds over k, ascending: its bits depend on its row of `left`, its
/// column of `right` and k alone, not on how many rows there are, nor on the width of vectors (where the target has FMA).
/// Needs: isGenerated, no size is 0.
void emitGeneratedProduct(const Emitter& emitter, const MatrixProduct& product, ir::DType dtype, llvm::Value* left,
                          llvm::Value* right, llvm::Value* y);

}  // namespace nnc::codegen
