// Philox4x32-10, lane by lane.
#include "codegen/random_bits.h"

#include <vector>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>

namespace nnc::codegen {

static llvm::Value* splitMix(const Emitter& e, llvm::Value* x) {
  llvm::IRBuilderBase& b = e.builder;
  const auto u64 = [&](std::uint64_t value) { return b.getInt64(value); };
  x = b.CreateAdd(x, u64(0x9E3779B97F4A7C15u));
  x = b.CreateMul(b.CreateXor(x, b.CreateLShr(x, 30)), u64(0xBF58476D1CE4E5B9u));
  x = b.CreateMul(b.CreateXor(x, b.CreateLShr(x, 27)), u64(0x94D049BB133111EBu));
  return b.CreateXor(x, b.CreateLShr(x, 31));
}

llvm::Value* emitRandomKey(const Emitter& e, llvm::Value* key, llvm::Value* seed) {
  return splitMix(e, e.builder.CreateAdd(key, splitMix(e, seed)));
}

/// High and low words of the product of a 32-bit constant and each lane.
static void multiply(const Emitter& e, std::uint32_t factor, llvm::Value* x, llvm::Value*& high, llvm::Value*& low) {
  llvm::IRBuilderBase& b = e.builder;
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(x->getType());
  if (vector == nullptr) {
    llvm::Value* product = b.CreateMul(b.CreateZExt(x, b.getInt64Ty()), b.getInt64(factor));
    high = b.CreateTrunc(b.CreateLShr(product, 32), x->getType());
    low = b.CreateTrunc(product, x->getType());
    return;
  }
  // Products of even and of odd lanes, as x86 multiplies them; then the halves are sorted apart.
  llvm::Type* wide = llvm::FixedVectorType::get(b.getInt64Ty(), vector->getNumElements() / 2);
  llvm::Value* pairs = b.CreateBitCast(x, wide);
  llvm::Value* multiplier = llvm::ConstantInt::get(wide, factor);
  llvm::Value* even = b.CreateMul(b.CreateAnd(pairs, llvm::ConstantInt::get(wide, 0xFFFFFFFFu)), multiplier);
  llvm::Value* odd = b.CreateMul(b.CreateLShr(pairs, 32), multiplier);
  even = b.CreateBitCast(even, x->getType());
  odd = b.CreateBitCast(odd, x->getType());
  const int lanes = static_cast<int>(vector->getNumElements());
  std::vector<int> lows, highs;
  for (int i = 0; i < lanes; i += 2) {
    lows.insert(lows.end(), {i, lanes + i});
    highs.insert(highs.end(), {i + 1, lanes + i + 1});
  }
  low = b.CreateShuffleVector(even, odd, lows);
  high = b.CreateShuffleVector(even, odd, highs);
}

RandomWords emitPhilox(const Emitter& e, llvm::Value* mixedKey, llvm::Value* counter, llvm::Value* block) {
  llvm::IRBuilderBase& b = e.builder;
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(block->getType());
  const int lanes = vector == nullptr ? 0 : static_cast<int>(vector->getNumElements());
  llvm::Type* word = e.withElement(block->getType(), b.getInt32Ty());
  const auto low32 = [&](llvm::Value* x) { return b.CreateTrunc(x, b.getInt32Ty()); };
  const auto high32 = [&](llvm::Value* x) { return low32(b.CreateLShr(x, 32)); };
  const bool isWide = block->getType()->getScalarType()->isIntegerTy(64);
  llvm::Value* c0 = isWide ? b.CreateTrunc(block, word) : block;
  llvm::Value* c1 = isWide ? b.CreateTrunc(b.CreateLShr(block, 32), word) : e.integer(word, 0);
  llvm::Value *c2 = e.splat(low32(counter), lanes), *c3 = e.splat(high32(counter), lanes);
  llvm::Value *k0 = low32(mixedKey), *k1 = high32(mixedKey);
  for (int round = 0; round < 10; ++round) {
    llvm::Value *aHigh = nullptr, *aLow = nullptr, *bHigh = nullptr, *bLow = nullptr;
    multiply(e, 0xD2511F53u, c0, aHigh, aLow);
    multiply(e, 0xCD9E8D57u, c2, bHigh, bLow);
    c0 = b.CreateXor(b.CreateXor(bHigh, c1), e.splat(k0, lanes));
    c1 = bLow;
    c2 = b.CreateXor(b.CreateXor(aHigh, c3), e.splat(k1, lanes));
    c3 = aLow;
    k0 = b.CreateAdd(k0, b.getInt32(0x9E3779B9u));
    k1 = b.CreateAdd(k1, b.getInt32(0xBB67AE85u));
  }
  return {{c0, c1, c2, c3}};
}

llvm::Value* emitRandomBits(const Emitter& e, llvm::Value* mixedKey, llvm::Value* counter, llvm::Value* index) {
  llvm::IRBuilderBase& b = e.builder;
  const RandomWords words = emitPhilox(e, mixedKey, counter, b.CreateLShr(index, 2));
  llvm::Value* which = b.CreateAnd(index, e.integer(index->getType(), 3));
  llvm::Value* result = words.word[0];
  for (int w = 1; w < 4; ++w)
    result = b.CreateSelect(b.CreateICmpEQ(which, e.integer(index->getType(), w)), words.word[w], result);
  return result;
}

llvm::Value* emitDraw(const Emitter& e, ir::DType dtype, llvm::Value* bits) {
  if (dtype == ir::DType::I32) return bits;
  llvm::IRBuilderBase& b = e.builder;
  llvm::Type* type = e.withElement(bits->getType(), b.getFloatTy());
  // 24 bits fit a signed integer: the cheaper conversion.
  llvm::Value* uniform = b.CreateFMul(b.CreateSIToFP(b.CreateLShr(bits, 8), type), e.real(type, 0x1p-24));
  if (dtype == ir::DType::F64) return b.CreateFPExt(uniform, e.withElement(type, b.getDoubleTy()));
  return dtype == ir::DType::BF16 ? e.roundToBf16(uniform) : uniform;
}

}  // namespace nnc::codegen
