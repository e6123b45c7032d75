// exp, log, tanh, sin of floats and doubles, scalar or vector, as LLVM IR: a lane's bits do not depend on the width.
//
// No library call ever. Largest errors, found by tests/unit/codegen/vector_math_test.cpp:
//   f32: exp 1 ulp, log 1 ulp, tanh 2 ulp, sin 2 ulp for |x| <= 2^30
//   f64: exp 1 ulp, log 1 ulp, tanh 3 ulp, sin 3 ulp for |x| <= 2^20
// Beyond those ranges sin still gives a number in [-1, 1], of lower accuracy; sin of an infinity is NaN.
// Coefficients: minimax polynomials by the Remez algorithm, rounded to the dtype. Without FMA in the target the bits
// differ slightly from those with it.
#pragma once
#include "codegen/emitter.h"

namespace nnc::codegen {

/// e^x. Overflow gives inf, underflow goes through denormals to 0; NaN passes.
llvm::Value* emitExp(const Emitter& emitter, llvm::Value* x);
/// Natural logarithm. log 0 = -inf, of a negative number NaN, of inf inf; denormals are right; NaN passes.
llvm::Value* emitLog(const Emitter& emitter, llvm::Value* x);
/// Odd exactly; tanh of +-inf is +-1; NaN passes.
llvm::Value* emitTanh(const Emitter& emitter, llvm::Value* x);
llvm::Value* emitSin(const Emitter& emitter, llvm::Value* x);
/// The largest integer not above x, without a library call on any target.
llvm::Value* emitFloor(const Emitter& emitter, llvm::Value* x);

}  // namespace nnc::codegen
