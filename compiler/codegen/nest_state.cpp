// Expressions and indices as LLVM IR.
#include "codegen/nest_state.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

#include "codegen/elementwise.h"
#include "codegen/pull.h"
#include "codegen/random_bits.h"

namespace nnc::codegen {

NestState::NestState(const Emitter& emitter, const Kernel& kernel, const Schedule& schedule, Values buffers)
    : e_(emitter),
      kernel_(kernel),
      schedule_(schedule),
      buffers_(std::move(buffers)),
      values_(static_cast<std::size_t>(schedule.copies), Values(static_cast<std::size_t>(kernel.body.exprCount()))),
      variables_(static_cast<std::size_t>(kernel.body.space.variableCount()), emitter.i64(0)) {}

NestState::Scope NestState::open(int variable, llvm::Value* iv, int copies, std::int64_t tail) {
  Scope scope{variable, copies_, tail_, indices_};
  variables_[static_cast<std::size_t>(variable)] = iv;
  if (copies > 0) copies_ = copies;
  if (variable == schedule_.lane) tail_ = tail;
  return scope;
}

void NestState::close(const Scope& scope) {
  variables_[static_cast<std::size_t>(scope.variable)] = e_.i64(0);
  copies_ = scope.copies;
  tail_ = scope.tail;
  indices_ = scope.indices;
}

std::uint64_t NestState::loopsOf(std::uint64_t dependsOn) const {
  for (int variable = 0; variable < kernel_.body.space.variableCount(); ++variable)
    if (kernel_.body.space.extent(variable) == 1) dependsOn &= ~(std::uint64_t{1} << variable);
  return dependsOn;
}

llvm::Constant* NestState::firstLanes(std::int64_t count) const {
  std::vector<llvm::Constant*> lanes;
  for (int lane = 0; lane < schedule_.lanes; ++lane) lanes.push_back(e_.builder.getInt1(lane < count));
  return llvm::ConstantVector::get(lanes);
}

llvm::Value* NestState::mask(int copy) const {
  if (tail_ == 0) return nullptr;
  return schedule_.unrolled == schedule_.lane && copy != copies_ - 1 ? nullptr : firstLanes(tail_);
}

llvm::Value* NestState::valueOf(ExprId id, int copy) const {
  const int slot = isPerCopy(kernel_.body.at(id).dependsOn) ? copy : 0;
  llvm::Value* value = values_[static_cast<std::size_t>(slot)][static_cast<std::size_t>(id.index)];
  assert(value != nullptr && "operands are emitted before their users");
  return value;
}

llvm::Value* NestState::vectorOf(ExprId id, int copy) const { return e_.splat(valueOf(id, copy), schedule_.lanes); }

llvm::Value* NestState::operand(ExprId id, int copy, bool asVector) const {
  return asVector ? vectorOf(id, copy) : valueOf(id, copy);
}

void NestState::emit(ExprId id) {
  const Expr& expr = kernel_.body.at(id);
  if (isTransposed(kernel_, schedule_, expr)) return emitTransposedLoad(id);
  if (isBlockwiseDraw(kernel_, schedule_, expr)) return emitBlockwiseDraw(id);
  const int count = isPerCopy(expr.dependsOn) ? copies_ : 1;
  for (int copy = 0; copy < count; ++copy)
    slot(id, copy) = expr.kind == ExprKind::Fold ? emitFold(id, copy) : emitExpr(expr, copy);
}

llvm::Value* NestState::emitExpr(const Expr& expr, int copy) {
  switch (expr.kind) {
    case ExprKind::Real: return e_.real(e_.registerType(expr.dtype), expr.real);
    case ExprKind::Integer: return e_.integer(e_.registerType(expr.dtype), expr.lo);
    case ExprKind::Load: return emitLoad(expr, copy);
    case ExprKind::Position: return emitPosition(expr, copy);
    case ExprKind::InRange: return emitInRange(expr, copy);
    case ExprKind::Random: return emitRandom(expr, copy);
    case ExprKind::Apply: return emitApply(expr, copy);
    case ExprKind::Fold: break;
  }
  return nullptr;
}

llvm::Value* NestState::address(int buffer, llvm::Value* index) const {
  const ir::DType dtype = kernel_.buffers[static_cast<std::size_t>(buffer)];
  return e_.builder.CreateGEP(e_.memoryType(dtype), buffers_[static_cast<std::size_t>(buffer)], index);
}

static llvm::Align alignOf(ir::DType dtype) { return llvm::Align(static_cast<std::uint64_t>(ir::dtypeBytes(dtype))); }

llvm::Value* NestState::emitLoad(const Expr& expr, int copy) {
  llvm::Value* guard = expr.guard.isValid() ? operand(expr.guard, copy, isVector(expr)) : nullptr;
  if (!isVector(expr)) {
    // Element 0 exists: tensors without elements are never read.
    llvm::Value* index = scalarIndex(expr.index, copy);
    if (guard != nullptr) index = e_.builder.CreateSelect(guard, index, e_.i64(0));
    llvm::Value* value =
        e_.builder.CreateAlignedLoad(e_.memoryType(expr.dtype), address(expr.buffer, index), alignOf(expr.dtype));
    return e_.fromMemory(expr.dtype, value);
  }
  const IndexSpace& space = kernel_.body.space;
  const std::int64_t stride = space.factorOf(expr.index, schedule_.lane);
  const bool isHidden = dependsOn(space.hiddenVariables(expr.index), schedule_.lane);
  if (!isHidden && guard == nullptr && stride > 1 && stride <= kMaxShuffledStride) return emitStridedLoad(expr, stride, copy);
  if (isHidden || stride != 1) return emitGather(expr, guard, copy);
  llvm::Value* real = mask(copy);
  if (guard == nullptr) return emitContiguousLoad(expr, real, copy);
  return emitContiguousLoad(expr, real == nullptr ? guard : e_.builder.CreateAnd(guard, real), copy);
}

llvm::Value* NestState::emitContiguousLoad(const Expr& expr, llvm::Value* mask, int copy) {
  llvm::Type* type = e_.memoryType(expr.dtype, schedule_.lanes);
  llvm::Value* at = address(expr.buffer, scalarIndex(expr.index, copy));
  llvm::Value* value = mask == nullptr
                           ? static_cast<llvm::Value*>(e_.builder.CreateAlignedLoad(type, at, alignOf(expr.dtype)))
                           : e_.builder.CreateMaskedLoad(type, at, alignOf(expr.dtype), mask,
                                                         llvm::Constant::getNullValue(type));
  return e_.fromMemory(expr.dtype, value);
}

llvm::Value* NestState::loadFirst(const Expr& expr, llvm::Value* at, std::int64_t count) {
  llvm::Type* type = e_.memoryType(expr.dtype, schedule_.lanes);
  if (count >= schedule_.lanes) return e_.builder.CreateAlignedLoad(type, at, alignOf(expr.dtype));
  return e_.builder.CreateMaskedLoad(type, at, alignOf(expr.dtype), firstLanes(count), llvm::Constant::getNullValue(type));
}

// Everything from the first lane's element to the last one's, and the lanes picked out of it.
llvm::Value* NestState::emitStridedLoad(const Expr& expr, std::int64_t stride, int copy) {
  const std::int64_t lanes = schedule_.lanes, real = mask(copy) == nullptr ? lanes : tail_;
  const std::int64_t needed = (real - 1) * stride + 1;
  llvm::Value* base = scalarIndex(expr.index, copy);
  llvm::Value* result = llvm::Constant::getNullValue(e_.memoryType(expr.dtype, schedule_.lanes));
  for (std::int64_t begin = 0; begin < needed; begin += lanes) {
    llvm::Value* part = loadFirst(expr, address(expr.buffer, e_.builder.CreateAdd(base, e_.i64(begin))), needed - begin);
    std::vector<int> picks;
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const std::int64_t at = lane * stride - begin;
      picks.push_back(static_cast<int>(at >= 0 && at < lanes ? lanes + at : lane));
    }
    result = e_.builder.CreateShuffleVector(result, part, picks);
  }
  return e_.fromMemory(expr.dtype, result);
}

llvm::Value* NestState::interleave(llvm::Value* a, llvm::Value* b, bool high) const {
  std::vector<int> picks;
  for (int i = 0; i < schedule_.lanes / 2; ++i) {
    picks.push_back(i + (high ? schedule_.lanes / 2 : 0));
    picks.push_back(picks.back() + schedule_.lanes);
  }
  return e_.builder.CreateShuffleVector(a, b, picks);
}

// One row per lane, each along the unrolled loop; then a transpose in registers. Interleaving row i with row
// i + lanes / 2 moves one bit of the row number into the column number; after log2(lanes) rounds they have changed places.
void NestState::emitTransposedLoad(ExprId id) {
  const Expr& expr = kernel_.body.at(id);
  const std::int64_t stride = kernel_.body.space.factorOf(expr.index, schedule_.lane);
  const std::int64_t rows = tail_ == 0 ? schedule_.lanes : tail_;
  llvm::Value* base = scalarIndex(expr.index, 0);
  Values vectors;
  for (std::int64_t row = 0; row < rows; ++row)
    vectors.push_back(loadFirst(expr, address(expr.buffer, e_.builder.CreateAdd(base, e_.i64(row * stride))), copies_));
  vectors.resize(static_cast<std::size_t>(schedule_.lanes), llvm::Constant::getNullValue(vectors[0]->getType()));
  const std::size_t half = vectors.size() / 2;
  for (std::size_t round = 1; round < vectors.size(); round *= 2) {
    Values next;
    for (std::size_t i = 0; i < half; ++i)
      for (const bool high : {false, true}) next.push_back(interleave(vectors[i], vectors[i + half], high));
    vectors = std::move(next);
  }
  for (int copy = 0; copy < copies_; ++copy) slot(id, copy) = e_.fromMemory(expr.dtype, vectors[static_cast<std::size_t>(copy)]);
}

llvm::Value* NestState::emitGather(const Expr& expr, llvm::Value* guard, int copy) {
  llvm::Value* indices = vectorIndex(expr.index, copy);
  if (!e_.target.hasGather || ir::dtypeBytes(expr.dtype) < 4) return emitGatherByLane(expr, indices, guard, copy);
  llvm::Value* active = mask(copy);
  if (guard != nullptr) active = active == nullptr ? guard : e_.builder.CreateAnd(guard, active);
  llvm::Type* type = e_.memoryType(expr.dtype, schedule_.lanes);
  llvm::Value* value = e_.builder.CreateMaskedGather(type, address(expr.buffer, indices), alignOf(expr.dtype), active,
                                                     llvm::Constant::getNullValue(type));
  return e_.fromMemory(expr.dtype, value);
}

llvm::Value* NestState::emitGatherByLane(const Expr& expr, llvm::Value* indices, llvm::Value* guard, int copy) {
  if (guard != nullptr)
    indices = e_.builder.CreateSelect(guard, indices, llvm::Constant::getNullValue(indices->getType()));
  llvm::Value* result = llvm::Constant::getNullValue(e_.memoryType(expr.dtype, schedule_.lanes));
  const std::int64_t count = mask(copy) == nullptr ? schedule_.lanes : tail_;
  for (std::int64_t lane = 0; lane < count; ++lane) {
    llvm::Value* index = e_.builder.CreateExtractElement(indices, static_cast<std::uint64_t>(lane));
    llvm::Value* element =
        e_.builder.CreateAlignedLoad(e_.memoryType(expr.dtype), address(expr.buffer, index), alignOf(expr.dtype));
    result = e_.builder.CreateInsertElement(result, element, static_cast<std::uint64_t>(lane));
  }
  return e_.fromMemory(expr.dtype, result);
}

llvm::Value* NestState::emitPosition(const Expr& expr, int copy) {
  llvm::Value* index = isVector(expr) ? vectorIndex(expr.index, copy) : scalarIndex(expr.index, copy);
  return e_.builder.CreateSExtOrTrunc(index, e_.withElement(index->getType(), e_.registerType(expr.dtype)));
}

llvm::Value* NestState::emitInRange(const Expr& expr, int copy) {
  llvm::Value* index = isVector(expr) ? vectorIndex(expr.index, copy) : scalarIndex(expr.index, copy);
  llvm::Type* type = index->getType();
  if (expr.lo == expr.hi) return e_.builder.CreateICmpEQ(index, e_.integer(type, expr.lo));
  // One unsigned comparison: what is below lo wraps to large numbers.
  return e_.builder.CreateICmpULE(e_.builder.CreateSub(index, e_.integer(type, expr.lo)),
                                  e_.integer(type, expr.hi - expr.lo));
}

llvm::Value* NestState::emitRandom(const Expr& expr, int copy) {
  llvm::Value* key = emitRandomKey(e_, expr.key, valueOf(expr.operands[0], copy));
  llvm::Value* index = isVector(expr) ? vectorIndex(expr.index, copy) : scalarIndex(expr.index, copy);
  return emitDraw(e_, expr.dtype, emitRandomBits(e_, key, valueOf(expr.operands[1], copy), index));
}

// Words 0 to 3 of block l are the elements 4 l .. 4 l + 3: interleaved, a vector of blocks is four vectors of elements.
void NestState::emitBlockwiseDraw(ExprId id) {
  const Expr& expr = kernel_.body.at(id);
  llvm::Value* key = emitRandomKey(e_, expr.key, scalarOf(expr.operands[0]));
  llvm::Value* first = e_.builder.CreateLShr(scalarIndex(expr.index, 0), 2);
  llvm::Type* word = kernel_.body.space.at(expr.index).hi < std::numeric_limits<std::int32_t>::max() ? e_.builder.getInt32Ty()
                                                                                                     : e_.builder.getInt64Ty();
  std::vector<llvm::Constant*> steps;
  for (int lane = 0; lane < schedule_.lanes; ++lane) steps.push_back(llvm::ConstantInt::get(word, static_cast<std::uint64_t>(lane)));
  llvm::Value* blocks = e_.builder.CreateAdd(e_.splat(e_.builder.CreateTrunc(first, word), schedule_.lanes), llvm::ConstantVector::get(steps));
  const RandomWords words = emitPhilox(e_, key, scalarOf(expr.operands[1]), blocks);
  for (int copy = 0; copy < copies_; ++copy) {
    llvm::Value* even = interleave(words.word[0], words.word[2], copy >= 2);
    llvm::Value* odd = interleave(words.word[1], words.word[3], copy >= 2);
    slot(id, copy) = emitDraw(e_, expr.dtype, interleave(even, odd, copy % 2 == 1));
  }
}

llvm::Value* NestState::emitApply(const Expr& expr, int copy) {
  Values operands;
  for (const ExprId id : expr.operands) operands.push_back(operand(id, copy, isVector(expr)));
  const ir::DType operandType = kernel_.body.at(expr.operands[0]).dtype;
  return emitElementwise(e_, expr.op, expr.predicate, operandType, expr.dtype, operands);
}

std::vector<ExprId> NestState::foldBody(ExprId id) const {
  const LoopBody& body = kernel_.body;
  std::uint64_t own = 0;
  for (const int variable : body.at(id).variables) own |= std::uint64_t{1} << variable;
  own = loopsOf(own);
  std::uint64_t scope = own | openFolds_;
  for (const int variable : schedule_.order) scope |= std::uint64_t{1} << variable;
  std::vector<bool> seen(static_cast<std::size_t>(body.exprCount()));
  std::vector<ExprId> stack{body.at(id).operands[0]}, result;
  const auto push = [&](ExprId next) {
    if (next.isValid() && !seen[static_cast<std::size_t>(next.index)]) stack.push_back(next);
  };
  std::vector<IndexId> indices;
  while (!stack.empty()) {
    const ExprId top = stack.back();
    stack.pop_back();
    if (seen[static_cast<std::size_t>(top.index)]) continue;
    seen[static_cast<std::size_t>(top.index)] = true;
    const Expr& expr = body.at(top);
    for (const ExprId operand : expr.operands) push(operand);
    push(expr.guard);
    if (expr.index.isValid()) indices.push_back(expr.index);
    for (; !indices.empty();) {
      const IndexId index = indices.back();
      indices.pop_back();
      for (const Term& term : body.space.at(index).terms) {
        push(body.space.atom(term.atom).value);
        if (body.space.atom(term.atom).argument.isValid()) indices.push_back(body.space.atom(term.atom).argument);
      }
    }
    const std::uint64_t uses = loopsOf(expr.dependsOn);
    if ((uses & own) != 0 && (uses & ~scope) == 0) result.push_back(top);
  }
  std::sort(result.begin(), result.end());
  return result;
}

llvm::Value* NestState::emitFoldLoops(ExprId id, const std::vector<ExprId>& inner, std::size_t depth, llvm::Value* sum,
                                      int copy) {
  const Expr& fold = kernel_.body.at(id);
  const ir::DType dtype = fold.dtype;
  if (depth == fold.variables.size()) {
    for (const ExprId part : inner) {
      const Expr& expr = kernel_.body.at(part);
      values_[static_cast<std::size_t>(isPerCopy(expr.dependsOn) ? copy : 0)][static_cast<std::size_t>(part.index)] =
          expr.kind == ExprKind::Fold ? emitFold(part, copy) : emitExpr(expr, copy);
    }
    llvm::Value* value = operand(fold.operands[0], copy, isVector(fold));
    return fold.op == ir::Op::Add ? emitAdd(e_, dtype, sum, value) : emitMax(e_, dtype, sum, value);
  }
  const int variable = fold.variables[depth];
  return emitLoop(e_, kernel_.body.space.extent(variable), 1, {sum}, [&](llvm::Value* iv, Values carried) -> Values {
    const Scope scope = open(variable, iv, 0, 0);
    llvm::Value* result = emitFoldLoops(id, inner, depth + 1, carried[0], copy);
    close(scope);
    return {result};
  })[0];
}

llvm::Value* NestState::emitFold(ExprId id, int copy) {
  const Expr& fold = kernel_.body.at(id);
  const std::vector<ExprId> inner = foldBody(id);
  const std::uint64_t outerFolds = openFolds_;
  for (const int variable : fold.variables) openFolds_ |= std::uint64_t{1} << variable;
  llvm::Type* type = e_.registerType(fold.dtype, isVector(fold) ? schedule_.lanes : 0);
  llvm::Value* start = llvm::Constant::getNullValue(type);
  if (fold.op == ir::Op::Max)
    start = ir::isFloat(fold.dtype) ? e_.real(type, lowestReal()) : e_.integer(type, lowestInteger(fold.dtype));
  llvm::Value* result = emitFoldLoops(id, inner, 0, start, copy);
  openFolds_ = outerFolds;
  // Sums of bf16 are kept in f32 and rounded once.
  return fold.dtype == ir::DType::BF16 ? e_.roundToBf16(result) : result;
}

// ---- indices

llvm::Type* NestState::indexType(IndexId id) const {
  const Index& index = kernel_.body.space.at(id);
  const bool fits = index.lo >= std::numeric_limits<std::int32_t>::min() && index.hi <= std::numeric_limits<std::int32_t>::max();
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
      const std::int64_t hi = isNarrow ? std::min<std::int64_t>(atom.hi, std::numeric_limits<std::int32_t>::max()) : atom.hi;
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
      steps.push_back(llvm::ConstantInt::get(element, static_cast<std::uint64_t>(lane * term.factor), /*IsSigned=*/true));
    varying = e_.builder.CreateAdd(varying, llvm::ConstantVector::get(steps));
  }
  uniform = e_.builder.CreateSExtOrTrunc(uniform, type->getScalarType());
  llvm::Value* sum = e_.builder.CreateAdd(e_.splat(uniform, schedule_.lanes), varying);
  indices_[key] = sum;
  return sum;
}

// ---- results

static bool needsRounding(const Kernel& kernel, const Store& store) {
  // A bf16 expression is rounded already; a sum of them, or a product kept in f32, is not.
  return kernel.buffers[static_cast<std::size_t>(store.buffer)] == ir::DType::BF16 &&
         (kernel.isReduce() || kernel.body.at(store.value).dtype != ir::DType::BF16);
}

void NestState::storeVector(const Store& store, llvm::Value* value, int copy) {
  const ir::DType dtype = kernel_.buffers[static_cast<std::size_t>(store.buffer)];
  if (needsRounding(kernel_, store)) value = e_.roundToBf16(value);
  value = e_.toMemory(dtype, value);
  llvm::Value* real = mask(copy);
  const std::int64_t stride = kernel_.body.space.factorOf(store.index, schedule_.lane);
  if (stride != 1) {
    // Results of a reduction whose lanes run along an outer axis: once per lane, not per step.
    llvm::Value* base = scalarIndex(store.index, copy);
    const std::int64_t count = real == nullptr ? schedule_.lanes : tail_;
    for (std::int64_t lane = 0; lane < count; ++lane) {
      llvm::Value* to = address(store.buffer, e_.builder.CreateAdd(base, e_.i64(lane * stride)));
      e_.builder.CreateAlignedStore(e_.builder.CreateExtractElement(value, static_cast<std::uint64_t>(lane)), to, alignOf(dtype));
    }
    return;
  }
  llvm::Value* at = address(store.buffer, scalarIndex(store.index, copy));
  if (real == nullptr) e_.builder.CreateAlignedStore(value, at, alignOf(dtype));
  else e_.builder.CreateMaskedStore(value, at, alignOf(dtype), real);
}

void NestState::storeScalar(const Store& store, llvm::Value* value) {
  const ir::DType dtype = kernel_.buffers[static_cast<std::size_t>(store.buffer)];
  if (needsRounding(kernel_, store)) value = e_.roundToBf16(value);
  e_.builder.CreateAlignedStore(e_.toMemory(dtype, value), address(store.buffer, scalarIndex(store.index, 0)), alignOf(dtype));
}

}  // namespace nnc::codegen
