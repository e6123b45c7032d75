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

NestState::NestState(const Emitter& emitter, const Kernel& kernel, const Schedule& schedule, Values buffers,
                     Values numbers)
    : e_(emitter),
      kernel_(kernel),
      schedule_(schedule),
      buffers_(std::move(buffers)),
      numbers_(std::move(numbers)),
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
    case ExprKind::Real:
      return e_.real(e_.registerType(expr.dtype), expr.real);
    case ExprKind::Number:
      return numbers_[static_cast<std::size_t>(expr.lo)];
    case ExprKind::Integer:
      return e_.integer(e_.registerType(expr.dtype), expr.lo);
    case ExprKind::Load:
      return emitLoad(expr, copy);
    case ExprKind::Position:
      return emitPosition(expr, copy);
    case ExprKind::InRange:
      return emitInRange(expr, copy);
    case ExprKind::Random:
      return emitRandom(expr, copy);
    case ExprKind::Apply:
      return emitApply(expr, copy);
    case ExprKind::Fold:
      break;
  }
  return nullptr;
}

llvm::Value* NestState::interleave(llvm::Value* a, llvm::Value* b, bool high) const {
  std::vector<int> picks;
  for (int i = 0; i < schedule_.lanes / 2; ++i) {
    picks.push_back(i + (high ? schedule_.lanes / 2 : 0));
    picks.push_back(picks.back() + schedule_.lanes);
  }
  return e_.builder.CreateShuffleVector(a, b, picks);
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
  llvm::Value* key = emitRandomKey(e_, valueOf(expr.operands[2], copy), valueOf(expr.operands[0], copy));
  llvm::Value* index = isVector(expr) ? vectorIndex(expr.index, copy) : scalarIndex(expr.index, copy);
  return emitDraw(e_, expr.dtype, emitRandomBits(e_, key, valueOf(expr.operands[1], copy), index));
}

// Words 0 to 3 of block l are the elements 4 l .. 4 l + 3: interleaved, a vector of blocks is four vectors of elements.
void NestState::emitBlockwiseDraw(ExprId id) {
  const Expr& expr = kernel_.body.at(id);
  llvm::Value* key = emitRandomKey(e_, scalarOf(expr.operands[2]), scalarOf(expr.operands[0]));
  llvm::Value* first = e_.builder.CreateLShr(scalarIndex(expr.index, 0), 2);
  llvm::Type* word = kernel_.body.space.at(expr.index).hi < std::numeric_limits<std::int32_t>::max()
                         ? e_.builder.getInt32Ty()
                         : e_.builder.getInt64Ty();
  std::vector<llvm::Constant*> steps;
  for (int lane = 0; lane < schedule_.lanes; ++lane)
    steps.push_back(llvm::ConstantInt::get(word, static_cast<std::uint64_t>(lane)));
  llvm::Value* blocks = e_.builder.CreateAdd(e_.splat(e_.builder.CreateTrunc(first, word), schedule_.lanes),
                                             llvm::ConstantVector::get(steps));
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

}  // namespace nnc::codegen
