// Interned scalar expressions.
#include "codegen/loop_body.h"

#include <bit>
#include <utility>

namespace nnc::codegen {

ExprId LoopBody::intern(Expr expr) {
  std::vector<std::int64_t> key{static_cast<int>(expr.kind),
                                static_cast<int>(expr.dtype),
                                static_cast<int>(expr.op),
                                static_cast<int>(expr.predicate),
                                expr.index.index,
                                expr.guard.index,
                                expr.buffer,
                                std::bit_cast<std::int64_t>(expr.real),
                                expr.lo,
                                expr.hi};
  for (const ExprId operand : expr.operands) {
    key.push_back(operand.index);
    expr.dependsOn |= at(operand).dependsOn;
  }
  if (expr.index.isValid()) expr.dependsOn |= space.at(expr.index).variables;
  if (expr.guard.isValid()) expr.dependsOn |= at(expr.guard).dependsOn;
  key.push_back(-1);
  for (const int variable : expr.variables) {
    key.push_back(variable);
    expr.dependsOn &= ~(std::uint64_t{1} << variable);
  }
  const auto [place, isNew] = ids_.emplace(std::move(key), exprCount());
  if (isNew) exprs_.push_back(std::move(expr));
  return ExprId(static_cast<std::size_t>(place->second));
}

ExprId LoopBody::real(ir::DType dtype, double value) {
  Expr expr;
  expr.dtype = dtype;
  expr.real = value;
  return intern(std::move(expr));
}

ExprId LoopBody::number(ir::DType dtype, int which) {
  Expr expr;
  expr.kind = ExprKind::Number;
  expr.dtype = dtype;
  expr.lo = which;
  return intern(std::move(expr));
}

ExprId LoopBody::integer(ir::DType dtype, std::int64_t value) {
  Expr expr;
  expr.kind = ExprKind::Integer;
  expr.dtype = dtype;
  expr.lo = value;
  return intern(std::move(expr));
}

ExprId LoopBody::zero(ir::DType dtype) { return ir::isFloat(dtype) ? real(dtype, 0.0) : integer(dtype, 0); }

ExprId LoopBody::load(ir::DType dtype, int buffer, IndexId index, ExprId guard) {
  if (guard.isValid() && isConstant(guard, 0)) return zero(dtype);
  Expr expr;
  expr.kind = ExprKind::Load;
  expr.dtype = dtype;
  expr.buffer = buffer;
  expr.index = index;
  if (guard.isValid() && !isConstant(guard, 1)) expr.guard = guard;
  return intern(std::move(expr));
}

ExprId LoopBody::position(ir::DType dtype, IndexId index) {
  Expr expr;
  expr.kind = ExprKind::Position;
  expr.dtype = dtype;
  expr.index = index;
  return intern(std::move(expr));
}

ExprId LoopBody::inRange(IndexId index, std::int64_t lo, std::int64_t hi) {
  const Index& i = space.at(index);
  if (i.lo >= lo && i.hi <= hi) return integer(ir::DType::Bool, 1);
  if (i.hi < lo || i.lo > hi || lo > hi) return integer(ir::DType::Bool, 0);
  Expr expr;
  expr.kind = ExprKind::InRange;
  expr.dtype = ir::DType::Bool;
  expr.index = index;
  expr.lo = lo;
  expr.hi = hi;
  return intern(std::move(expr));
}

ExprId LoopBody::random(ir::DType dtype, ExprId key, ExprId seed, ExprId counter, IndexId index) {
  Expr expr;
  expr.kind = ExprKind::Random;
  expr.dtype = dtype;
  expr.operands = {seed, counter, key};
  expr.index = index;
  return intern(std::move(expr));
}

ExprId LoopBody::apply(ir::DType dtype, ir::Op op, std::vector<ExprId> operands, ir::Predicate predicate) {
  Expr expr;
  expr.kind = ExprKind::Apply;
  expr.dtype = dtype;
  expr.op = op;
  expr.predicate = predicate;
  expr.operands = std::move(operands);
  return intern(std::move(expr));
}

ExprId LoopBody::fold(ir::Op op, ExprId body, std::vector<int> variables) {
  Expr expr;
  expr.kind = ExprKind::Fold;
  expr.dtype = at(body).dtype;
  expr.op = op;
  expr.operands = {body};
  expr.variables = std::move(variables);
  return intern(std::move(expr));
}

bool LoopBody::isConstant(ExprId id, std::int64_t value) const {
  return at(id).kind == ExprKind::Integer && at(id).lo == value;
}

ExprId LoopBody::both(ExprId a, ExprId b) {
  if (!a.isValid() || isConstant(a, 1)) return b;
  if (!b.isValid() || isConstant(b, 1) || a == b) return a;
  if (isConstant(a, 0)) return a;
  if (isConstant(b, 0)) return b;
  return apply(ir::DType::Bool, ir::Op::Mul, {a, b});
}

ExprId LoopBody::choose(ExprId condition, ExprId a, ExprId b) {
  if (!condition.isValid() || isConstant(condition, 1) || a == b) return a;
  if (isConstant(condition, 0)) return b;
  const ir::DType dtype = at(a).dtype;
  return apply(dtype, ir::Op::Select, {condition, a, b});
}

}  // namespace nnc::codegen
