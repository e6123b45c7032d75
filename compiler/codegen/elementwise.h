// The elementwise ops on registers, scalar or vector. Strict IEEE: no reassociation, no contraction, NaN kept, so the
// results are those of ir::evaluate bit for bit (but exp, log, tanh, sin: see codegen/vector_math.h).
#pragma once
#include <vector>

#include "codegen/emitter.h"
#include "ir/module.h"

namespace nnc::codegen {

/// Applies an op of class Elementwise. `operandType` is the dtype of the first operand; all operands have the same
/// number of lanes.
llvm::Value* emitElementwise(const Emitter& emitter, ir::Op op, ir::Predicate predicate, ir::DType operandType,
                             ir::DType resultType, const std::vector<llvm::Value*>& operands);

/// max as the IR defines it: NaN if either is, ties give b. Also the step of reduce_max.
llvm::Value* emitMax(const Emitter& emitter, ir::DType dtype, llvm::Value* a, llvm::Value* b);
llvm::Value* emitAdd(const Emitter& emitter, ir::DType dtype, llvm::Value* a, llvm::Value* b);
llvm::Value* emitCast(const Emitter& emitter, ir::DType from, ir::DType to, llvm::Value* value);

}  // namespace nnc::codegen
