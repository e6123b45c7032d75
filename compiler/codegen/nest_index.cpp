// Indices of a kernel's loops as LLVM IR: scalar sums, and vectors where lanes are not evenly apart.
#include <algorithm>
#include <limits>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

#include "codegen/nest_state.h"

namespace nnc::codegen {

llvm::Type* NestState::indexType(IndexId id) const {
  const Index& index = kernel_.body.space.at(id);
  const bool fits =
      index.lo >= std::numeric_limits<std::int32_t>::min() && index.hi <= std::numeric_limits<std::int32_t>::max();
  return llvm::FixedVectorType::get(fits ? e_.builder.getInt32Ty() : e_.builder.getInt64Ty(),
                                    static_cast<unsigned>(schedule_.lanes));
}

llvm::Value* NestState::divided(const Atom& atom, llvm::Value* argument) {
  llvm::Type* type = argument->getType();
  llvm::Value* divisor = e_.integer(type, atom.divisor);
  const bool wantRemainder = atom.kind == AtomKind::Remainder;
  if (kernel_.body.space.at(atom.argument).lo >= 0)
    return wantRemainder ? e_.builder.CreateURem(argument, divisor) : e_.builder.CreateUDiv(argument, divisor);
  llvm::Value* isNegative = e_.builder.CreateICmpSLT(argument, e_.integer(type, 0));
  llvm::Value* lowered = e_.builder.CreateSub(argument, e_.integer(type, atom.divisor - 1));
  llvm::Value* quotient = e_.builder.CreateSDiv(e_.builder.CreateSelect(isNegative, lowered, argument), divisor);
  return wantRemainder ? e_.builder.CreateSub(argument, e_.builder.CreateMul(quotient, divisor)) : quotient;
}

/// `type` says how many lanes and which width are wanted.
llvm::Value* NestState::atomValue(const Atom& atom, int copy, llvm::Type* type) {
  llvm::Value* value = nullptr;
  switch (atom.kind) {
    case AtomKind::Variable: {
      value = variables_[static_cast<std::size_t>(atom.variable)];
      if (atom.variable == schedule_.unrolled && copy > 0)
        value = e_.builder.CreateAdd(value, e_.i64(copy * copyStep()), "", true, true);
      break;
    }
    case AtomKind::Quotient:
    case AtomKind::Remainder:
      value = divided(atom, type->isVectorTy() ? vectorIndex(atom.argument, copy) : scalarIndex(atom.argument, copy));
      break;
    case AtomKind::Loaded: {
      value = operand(atom.value, copy, type->isVectorTy());
      const bool isNarrow = value->getType()->getScalarType()->isIntegerTy(32);
      const std::int64_t hi =
          isNarrow ? std::min<std::int64_t>(atom.hi, std::numeric_limits<std::int32_t>::max()) : atom.hi;
      value = e_.builder.CreateBinaryIntrinsic(llvm::Intrinsic::smax, value, e_.integer(value->getType(), 0));
      value = e_.builder.CreateBinaryIntrinsic(llvm::Intrinsic::smin, value, e_.integer(value->getType(), hi));
      break;
    }
  }
  return e_.builder.CreateSExtOrTrunc(value, type);
}

llvm::Value* NestState::scalarIndex(IndexId id, int copy) {
  const Index& index = kernel_.body.space.at(id);
  // Copies differ by a constant, which addressing modes swallow.
  if (copy > 0 && isPerCopy(index.variables) && !isPerCopy(kernel_.body.space.hiddenVariables(id))) {
    const std::int64_t distance = copy * copyStep() * kernel_.body.space.factorOf(id, schedule_.unrolled);
    return e_.builder.CreateAdd(scalarIndex(id, 0), e_.i64(distance));
  }
  const std::pair<int, int> key{id.index, isPerCopy(index.variables) ? copy : 0};
  const auto known = indices_.find(key);
  if (known != indices_.end()) return known->second;
  // Outer loops first, so that the sum of their terms is invariant in the inner ones.
  std::vector<Term> terms = index.terms;
  const auto levelOf = [&](const Term& term) {
    std::size_t level = 0;
    for (std::size_t i = 0; i < schedule_.order.size(); ++i)
      if (dependsOn(kernel_.body.space.atom(term.atom).variables, schedule_.order[i])) level = i + 1;
    return level;
  };
  std::stable_sort(terms.begin(), terms.end(), [&](const Term& a, const Term& b) { return levelOf(a) < levelOf(b); });
  llvm::Value* sum = e_.i64(index.constant);
  for (const Term& term : terms) {
    llvm::Value* atom = atomValue(kernel_.body.space.atom(term.atom), copy, e_.builder.getInt64Ty());
    sum = e_.builder.CreateAdd(sum, e_.builder.CreateMul(atom, e_.i64(term.factor)));
  }
  indices_[key] = sum;
  return sum;
}

llvm::Value* NestState::vectorIndex(IndexId id, int copy) {
  const IndexSpace& space = kernel_.body.space;
  const Index& index = space.at(id);
  const std::pair<int, int> key{-1 - id.index, isPerCopy(index.variables) ? copy : 0};
  const auto known = indices_.find(key);
  if (known != indices_.end()) return known->second;
  llvm::Type* type = indexType(id);
  // What is the same in all lanes, then what is not.
  llvm::Value* uniform = e_.i64(index.constant);
  llvm::Value* varying = llvm::Constant::getNullValue(type);
  for (const Term& term : index.terms) {
    const Atom& atom = space.atom(term.atom);
    if (dependsOn(atom.variables, schedule_.lane) && atom.kind != AtomKind::Variable) {
      llvm::Value* value = atomValue(atom, copy, type);
      varying = e_.builder.CreateAdd(varying, e_.builder.CreateMul(value, e_.integer(type, term.factor)));
      continue;
    }
    llvm::Value* value = atomValue(atom, copy, e_.builder.getInt64Ty());
    uniform = e_.builder.CreateAdd(uniform, e_.builder.CreateMul(value, e_.i64(term.factor)));
    if (!dependsOn(atom.variables, schedule_.lane)) continue;
    std::vector<llvm::Constant*> steps;
    llvm::Type* element = type->getScalarType();
    for (std::int64_t lane = 0; lane < schedule_.lanes; ++lane)
      steps.push_back(
          llvm::ConstantInt::get(element, static_cast<std::uint64_t>(lane * term.factor), /*IsSigned=*/true));
    varying = e_.builder.CreateAdd(varying, llvm::ConstantVector::get(steps));
  }
  uniform = e_.builder.CreateSExtOrTrunc(uniform, type->getScalarType());
  llvm::Value* sum = e_.builder.CreateAdd(e_.splat(uniform, schedule_.lanes), varying);
  indices_[key] = sum;
  return sum;
}

}  // namespace nnc::codegen
