// Types, constants and conversions.
#include "codegen/emitter.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

namespace nnc::codegen {

static llvm::Type* vectorOf(llvm::Type* element, int lanes) {
  return lanes == 0 ? element : llvm::FixedVectorType::get(element, static_cast<unsigned>(lanes));
}

llvm::Type* Emitter::registerType(ir::DType dtype, int lanes) const {
  llvm::Type* element = nullptr;
  switch (dtype) {
    case ir::DType::F32:
    case ir::DType::BF16:
      element = builder.getFloatTy();
      break;
    case ir::DType::F64:
      element = builder.getDoubleTy();
      break;
    case ir::DType::I8:
    case ir::DType::U8:
      element = builder.getInt8Ty();
      break;
    case ir::DType::I32:
      element = builder.getInt32Ty();
      break;
    case ir::DType::I64:
      element = builder.getInt64Ty();
      break;
    case ir::DType::Bool:
      element = builder.getInt1Ty();
      break;
  }
  return vectorOf(element, lanes);
}

llvm::Type* Emitter::memoryType(ir::DType dtype, int lanes) const {
  if (dtype == ir::DType::BF16) return vectorOf(builder.getInt16Ty(), lanes);
  if (dtype == ir::DType::Bool) return vectorOf(builder.getInt8Ty(), lanes);
  return registerType(dtype, lanes);
}

llvm::Value* Emitter::real(llvm::Type* like, double value) const { return llvm::ConstantFP::get(like, value); }
llvm::Value* Emitter::integer(llvm::Type* like, std::int64_t value) const {
  return llvm::ConstantInt::get(like, static_cast<std::uint64_t>(value), /*IsSigned=*/true);
}
llvm::Value* Emitter::i64(std::int64_t value) const { return integer(builder.getInt64Ty(), value); }

llvm::Type* Emitter::withElement(llvm::Type* like, llvm::Type* element) const {
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(like);
  return vector == nullptr ? element : llvm::FixedVectorType::get(element, vector->getNumElements());
}

llvm::Value* Emitter::splat(llvm::Value* value, int lanes) const {
  if (lanes == 0 || value->getType()->isVectorTy()) return value;
  return builder.CreateVectorSplat(static_cast<unsigned>(lanes), value);
}

llvm::Value* Emitter::fma(llvm::Value* a, llvm::Value* b, llvm::Value* c) const {
  // Without the instruction, llvm.fma is a call of libm.
  if (!target.hasFma) return builder.CreateFAdd(builder.CreateFMul(a, b), c);
  return builder.CreateIntrinsic(llvm::Intrinsic::fma, {a->getType()}, {a, b, c});
}

llvm::Value* Emitter::roundToBf16(llvm::Value* value) const {
  llvm::Type* bitsType = withElement(value->getType(), builder.getInt32Ty());
  llvm::Value* bits = builder.CreateBitCast(value, bitsType);
  llvm::Value* isOdd = builder.CreateAnd(builder.CreateLShr(bits, 16), integer(bitsType, 1));
  llvm::Value* rounded = builder.CreateAdd(bits, builder.CreateAdd(isOdd, integer(bitsType, 0x7FFF)));
  // The carry of rounding would turn some NaNs into numbers; set the quiet bit instead.
  llvm::Value* quiet = builder.CreateOr(bits, integer(bitsType, 0x400000));
  llvm::Value* result = builder.CreateSelect(builder.CreateFCmpUNO(value, value), quiet, rounded);
  return builder.CreateBitCast(builder.CreateAnd(result, integer(bitsType, 0xFFFF0000)), value->getType());
}

llvm::Value* Emitter::toMemory(ir::DType dtype, llvm::Value* value) const {
  if (dtype == ir::DType::Bool) return builder.CreateZExt(value, withElement(value->getType(), builder.getInt8Ty()));
  if (dtype != ir::DType::BF16) return value;
  llvm::Value* bits = builder.CreateBitCast(value, withElement(value->getType(), builder.getInt32Ty()));
  return builder.CreateTrunc(builder.CreateLShr(bits, 16), withElement(value->getType(), builder.getInt16Ty()));
}

llvm::Value* Emitter::fromMemory(ir::DType dtype, llvm::Value* value) const {
  if (dtype == ir::DType::Bool) return builder.CreateICmpNE(value, integer(value->getType(), 0));
  if (dtype != ir::DType::BF16) return value;
  llvm::Value* bits = builder.CreateZExt(value, withElement(value->getType(), builder.getInt32Ty()));
  return builder.CreateBitCast(builder.CreateShl(bits, 16), withElement(value->getType(), builder.getFloatTy()));
}

}  // namespace nnc::codegen
