// The generator of support/philox.h as LLVM IR.
#pragma once
#include "codegen/emitter.h"

namespace nnc::codegen {

/// philoxKey(key, seed); both are i64.
llvm::Value* emitRandomKey(const Emitter& emitter, llvm::Value* key, llvm::Value* seed);
/// randomBits(mixedKey, counter, index) for a scalar or vector of indices (i32, not negative, or i64): i32 of as many
/// lanes. `mixedKey` and `counter` are scalar i64.
llvm::Value* emitRandomBits(const Emitter& emitter, llvm::Value* mixedKey, llvm::Value* counter, llvm::Value* index);
/// The four words of the blocks `block` (i32 or i64, scalar or vector).
struct RandomWords {
  llvm::Value* word[4];
};
RandomWords emitPhilox(const Emitter& emitter, llvm::Value* mixedKey, llvm::Value* counter, llvm::Value* block);
/// 24 bits as a number in [0, 1), in the register form of a float dtype; the bits themselves for i32.
llvm::Value* emitDraw(const Emitter& emitter, ir::DType dtype, llvm::Value* bits);

}  // namespace nnc::codegen
