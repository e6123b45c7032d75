#include "codegen/tile_step.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>

namespace nnc::codegen {

static const llvm::Align kHalf(2);  // elements of bf16 lie at any even address, pairs of them too

llvm::Value* TileStep::moved(llvm::Value* pointer, std::int64_t elements) const {
  return e_.builder.CreateGEP(e_.memoryType(p_.operands), pointer, e_.i64(elements));
}

/// `active` elements of a vector type of memory, zeros in the other lanes.
llvm::Value* TileStep::load(llvm::Type* type, llvm::Value* pointer, int active) const {
  const int lanes = square_.lanes();
  if (active == lanes) return e_.builder.CreateAlignedLoad(type, pointer, kHalf);
  std::vector<llvm::Constant*> mask;
  for (int i = 0; i < lanes; ++i) mask.push_back(e_.builder.getInt1(i < active));
  return e_.builder.CreateMaskedLoad(type, pointer, kHalf, llvm::ConstantVector::get(mask),
                                     llvm::Constant::getNullValue(type));
}

/// Bits of neighbouring bf16, each in the lower half of a lane.
llvm::Value* TileStep::halves(llvm::Value* pointer, int active) const {
  const auto lanes = static_cast<unsigned>(square_.lanes());
  llvm::Value* bits = load(llvm::FixedVectorType::get(e_.builder.getInt16Ty(), lanes), pointer, active);
  return e_.builder.CreateZExt(bits, llvm::FixedVectorType::get(e_.builder.getInt32Ty(), lanes));
}

llvm::Value* TileStep::half(llvm::Value* pointer) const {
  return e_.builder.CreateZExt(e_.builder.CreateAlignedLoad(e_.builder.getInt16Ty(), pointer, kHalf),
                               e_.builder.getInt32Ty());
}

llvm::Value* TileStep::columns(llvm::Value* pointer, int active) const {
  if (!isBf16()) return square_.load(pointer, active);
  llvm::IRBuilderBase& b = e_.builder;
  llvm::Value* first = halves(pointer, active);
  llvm::Value* bits = p_.pair ? b.CreateOr(first, b.CreateShl(halves(moved(pointer, p_.pair->right), active), 16))
                              : b.CreateShl(first, 16);
  return b.CreateBitCast(bits, square_.type());
}

llvm::Value* TileStep::neighbours(llvm::Value* pointer, int active) const {
  if (!isBf16()) return square_.load(pointer, active);
  if (p_.pair) return load(square_.type(), pointer, active);
  return e_.builder.CreateBitCast(e_.builder.CreateShl(halves(pointer, active), 16), square_.type());
}

llvm::Value* TileStep::single(llvm::Value* pointer, std::int64_t pairDistance) const {
  llvm::IRBuilderBase& b = e_.builder;
  llvm::Type* element = e_.registerType(p_.dtype);
  if (!isBf16())
    return b.CreateAlignedLoad(element, pointer, llvm::Align(static_cast<std::uint64_t>(ir::dtypeBytes(p_.dtype))));
  if (p_.pair && pairDistance == 1) return b.CreateAlignedLoad(element, pointer, kHalf);
  llvm::Value* bits = p_.pair ? b.CreateOr(half(pointer), b.CreateShl(half(moved(pointer, pairDistance)), 16))
                              : b.CreateShl(half(pointer), 16);
  return b.CreateBitCast(bits, element);
}

llvm::Value* TileStep::broadcast(llvm::Value* pointer) const {
  const int lanes = square_.lanes();
  if (!p_.pair || p_.pair->left == 1) return e_.splat(single(pointer, 1), lanes);
  // Both halves from memory: two broadcasts of words, the second one masked.
  llvm::IRBuilderBase& b = e_.builder;
  const auto words = [&](std::int64_t offset) {
    return e_.splat(b.CreateAlignedLoad(b.getInt16Ty(), moved(pointer, offset), kHalf), 2 * lanes);
  };
  std::vector<int> alternate;
  for (int i = 0; i < 2 * lanes; ++i) alternate.push_back(i % 2 == 0 ? i : 2 * lanes + i);
  return b.CreateBitCast(b.CreateShuffleVector(words(0), words(p_.pair->left), alternate), square_.type());
}

llvm::Value* TileStep::multiplyAdd(llvm::Value* left, llvm::Value* right, llvm::Value* sum) const {
  if (!p_.pair) return e_.fma(left, right, sum);
  llvm::IRBuilderBase& b = e_.builder;
  llvm::Type* pairs = llvm::FixedVectorType::get(b.getBFloatTy(), 2 * static_cast<unsigned>(square_.lanes()));
  return b.CreateIntrinsic(llvm::Intrinsic::x86_avx512bf16_dpbf16ps_512, {},
                           {sum, b.CreateBitCast(left, pairs), b.CreateBitCast(right, pairs)});
}

}  // namespace nnc::codegen
