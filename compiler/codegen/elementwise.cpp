// One case per op, then per kind of dtype.
#include "codegen/elementwise.h"

#include <cassert>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

#include "codegen/vector_math.h"

namespace nnc::codegen {

static bool isSigned(ir::DType dtype) { return dtype != ir::DType::U8 && dtype != ir::DType::Bool; }

llvm::Value* emitAdd(const Emitter& e, ir::DType dtype, llvm::Value* a, llvm::Value* b) {
  return ir::isFloat(dtype) ? e.builder.CreateFAdd(a, b) : e.builder.CreateAdd(a, b);
}

llvm::Value* emitMax(const Emitter& e, ir::DType dtype, llvm::Value* a, llvm::Value* b) {
  if (dtype == ir::DType::Bool) return e.builder.CreateOr(a, b);
  if (!ir::isFloat(dtype)) {
    llvm::Value* isLarger = isSigned(dtype) ? e.builder.CreateICmpSGT(a, b) : e.builder.CreateICmpUGT(a, b);
    return e.builder.CreateSelect(isLarger, a, b);
  }
  // The select is x86's max, which gives b for ties and where either is NaN; then a NaN in a wins.
  llvm::Value* larger = e.builder.CreateSelect(e.builder.CreateFCmpOGT(a, b), a, b);
  return e.builder.CreateSelect(e.builder.CreateFCmpUNO(a, a), a, larger);
}

static llvm::Value* toBool(const Emitter& e, ir::DType from, llvm::Value* value) {
  if (ir::isFloat(from)) return e.builder.CreateFCmpUNE(value, e.real(value->getType(), 0.0));
  return e.builder.CreateICmpNE(value, e.integer(value->getType(), 0));
}

llvm::Value* emitCast(const Emitter& e, ir::DType from, ir::DType to, llvm::Value* value) {
  if (from == to) return value;
  if (to == ir::DType::Bool) return toBool(e, from, value);
  llvm::Type* type = e.withElement(value->getType(), e.registerType(to));
  if (ir::isFloat(from) && ir::isFloat(to)) {
    if (from == ir::DType::F64) value = e.builder.CreateFPTrunc(value, e.withElement(type, e.builder.getFloatTy()));
    if (to == ir::DType::F64) return e.builder.CreateFPExt(value, type);
    return to == ir::DType::BF16 ? e.roundToBf16(value) : value;
  }
  if (ir::isFloat(from)) {
    const auto intrinsic = isSigned(to) ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat;
    return e.builder.CreateIntrinsic(intrinsic, {type, value->getType()}, {value});
  }
  if (ir::isFloat(to)) {
    value = isSigned(from) ? e.builder.CreateSIToFP(value, type) : e.builder.CreateUIToFP(value, type);
    return to == ir::DType::BF16 ? e.roundToBf16(value) : value;
  }
  return isSigned(from) ? e.builder.CreateSExtOrTrunc(value, type) : e.builder.CreateZExtOrTrunc(value, type);
}

static llvm::CmpInst::Predicate floatPredicate(ir::Predicate predicate) {
  switch (predicate) {
    case ir::Predicate::Eq:
      return llvm::CmpInst::FCMP_OEQ;
    case ir::Predicate::Ne:
      return llvm::CmpInst::FCMP_UNE;
    case ir::Predicate::Lt:
      return llvm::CmpInst::FCMP_OLT;
    case ir::Predicate::Le:
      return llvm::CmpInst::FCMP_OLE;
    case ir::Predicate::Gt:
      return llvm::CmpInst::FCMP_OGT;
    case ir::Predicate::Ge:
      return llvm::CmpInst::FCMP_OGE;
  }
  return llvm::CmpInst::FCMP_FALSE;
}

static llvm::CmpInst::Predicate integerPredicate(ir::Predicate predicate, bool isSignedType) {
  switch (predicate) {
    case ir::Predicate::Eq:
      return llvm::CmpInst::ICMP_EQ;
    case ir::Predicate::Ne:
      return llvm::CmpInst::ICMP_NE;
    case ir::Predicate::Lt:
      return isSignedType ? llvm::CmpInst::ICMP_SLT : llvm::CmpInst::ICMP_ULT;
    case ir::Predicate::Le:
      return isSignedType ? llvm::CmpInst::ICMP_SLE : llvm::CmpInst::ICMP_ULE;
    case ir::Predicate::Gt:
      return isSignedType ? llvm::CmpInst::ICMP_SGT : llvm::CmpInst::ICMP_UGT;
    case ir::Predicate::Ge:
      return isSignedType ? llvm::CmpInst::ICMP_SGE : llvm::CmpInst::ICMP_UGE;
  }
  return llvm::CmpInst::ICMP_EQ;
}

/// Floor division of integers, or its remainder; 0 where b is 0. INT_MIN / -1 wraps.
static llvm::Value* integerDivision(const Emitter& e, ir::DType dtype, llvm::Value* a, llvm::Value* b,
                                    bool wantRemainder) {
  llvm::IRBuilderBase& builder = e.builder;
  llvm::Type* type = a->getType();
  llvm::Value *zero = e.integer(type, 0), *one = e.integer(type, 1);
  llvm::Value* isZero = builder.CreateICmpEQ(b, zero);
  if (!isSigned(dtype)) {
    llvm::Value* divisor = builder.CreateSelect(isZero, one, b);
    llvm::Value* result = wantRemainder ? builder.CreateURem(a, divisor) : builder.CreateUDiv(a, divisor);
    return builder.CreateSelect(isZero, zero, result);
  }
  // Dividing by 0 or INT_MIN by -1 would trap: by 1 instead, and -a for b = -1.
  llvm::Value* isMinusOne = builder.CreateICmpEQ(b, e.integer(type, -1));
  llvm::Value* divisor = builder.CreateSelect(builder.CreateOr(isZero, isMinusOne), one, b);
  llvm::Value* quotient = builder.CreateSDiv(a, divisor);
  llvm::Value* rest = builder.CreateSub(a, builder.CreateMul(quotient, divisor));
  llvm::Value* differ = builder.CreateICmpSLT(builder.CreateXor(rest, divisor), zero);
  llvm::Value* isBelow = builder.CreateAnd(builder.CreateICmpNE(rest, zero), differ);
  llvm::Value* result = nullptr;
  if (wantRemainder) {
    result = builder.CreateSelect(isBelow, builder.CreateAdd(rest, divisor), rest);
  } else {
    result = builder.CreateSelect(isBelow, builder.CreateSub(quotient, one), quotient);
    result = builder.CreateSelect(isMinusOne, builder.CreateSub(zero, a), result);
  }
  return builder.CreateSelect(isZero, zero, result);
}

static llvm::Value* emitFloatOp(const Emitter& e, ir::Op op, ir::DType dtype, const std::vector<llvm::Value*>& x) {
  llvm::IRBuilderBase& b = e.builder;
  switch (op) {
    case ir::Op::Neg:
      return b.CreateFNeg(x[0]);
    case ir::Op::Exp:
      return emitExp(e, x[0]);
    case ir::Op::Log:
      return emitLog(e, x[0]);
    case ir::Op::Sqrt:
      return b.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x[0]);
    case ir::Op::Sin:
      return emitSin(e, x[0]);
    case ir::Op::Tanh:
      return emitTanh(e, x[0]);
    case ir::Op::Floor:
      return emitFloor(e, x[0]);
    case ir::Op::Add:
      return b.CreateFAdd(x[0], x[1]);
    case ir::Op::Mul:
      return b.CreateFMul(x[0], x[1]);
    case ir::Op::Div:
      return b.CreateFDiv(x[0], x[1]);
    case ir::Op::Max:
      return emitMax(e, dtype, x[0], x[1]);
    case ir::Op::Rem:
      return b.CreateFSub(x[0], b.CreateFMul(emitFloor(e, b.CreateFDiv(x[0], x[1])), x[1]));
    default:
      return nullptr;
  }
}

static llvm::Value* emitIntegerOp(const Emitter& e, ir::Op op, ir::DType dtype, const std::vector<llvm::Value*>& x) {
  llvm::IRBuilderBase& b = e.builder;
  switch (op) {
    case ir::Op::Neg:
      return b.CreateNeg(x[0]);
    case ir::Op::Floor:
      return x[0];
    case ir::Op::Add:
      return b.CreateAdd(x[0], x[1]);
    case ir::Op::Mul:
      return b.CreateMul(x[0], x[1]);
    case ir::Op::Max:
      return emitMax(e, dtype, x[0], x[1]);
    case ir::Op::Div:
      return integerDivision(e, dtype, x[0], x[1], /*wantRemainder=*/false);
    case ir::Op::Rem:
      return integerDivision(e, dtype, x[0], x[1], /*wantRemainder=*/true);
    default:
      return nullptr;
  }
}

llvm::Value* emitElementwise(const Emitter& e, ir::Op op, ir::Predicate predicate, ir::DType operandType,
                             ir::DType resultType, const std::vector<llvm::Value*>& operands) {
  if (op == ir::Op::Select) return e.builder.CreateSelect(operands[0], operands[1], operands[2]);
  if (op == ir::Op::StopGradient) return operands[0];
  if (op == ir::Op::Cast) return emitCast(e, operandType, resultType, operands[0]);
  if (op == ir::Op::Compare) {
    if (ir::isFloat(operandType)) return e.builder.CreateFCmp(floatPredicate(predicate), operands[0], operands[1]);
    return e.builder.CreateICmp(integerPredicate(predicate, isSigned(operandType)), operands[0], operands[1]);
  }
  llvm::Value* result =
      ir::isFloat(resultType) ? emitFloatOp(e, op, resultType, operands) : emitIntegerOp(e, op, resultType, operands);
  assert(result != nullptr && "the verifier lets only elementwise ops of fitting dtypes through");
  if (resultType != ir::DType::BF16) return result;
  // Choosing among bf16 numbers and flipping signs leave them bf16.
  return op == ir::Op::Max || op == ir::Op::Neg || op == ir::Op::Floor ? result : e.roundToBf16(result);
}

}  // namespace nnc::codegen
