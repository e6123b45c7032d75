// Rules of simplify for elementwise ops. Each keeps all bits; see simplify.h for what that forbids.
#include <cmath>
#include <optional>
#include <utility>

#include "passes/simplify_rules.h"

namespace nnc::passes::rules {

using ir::DType;
using ir::Op;
using ir::Value;

/// The operand that is not the splat `number`, when one is; else invalid.
static Value besidesSplat(const Rewriter& r, const Candidate& c, double number) {
  if (r.isSplat(c.operands[1], number)) return c.operands[0];
  if (r.isSplat(c.operands[0], number)) return c.operands[1];
  return Value();
}

static bool bothNegated(const Rewriter& r, const Candidate& c) {
  return r.isDefinedBy(c.operands[0], Op::Neg) && r.isDefinedBy(c.operands[1], Op::Neg);
}

/// -(-x) = x; -(x * constant) = x * -constant.
Value neg(Rewriter& r, const Candidate& c) {
  const Value x = c.operands[0];
  if (r.isDefinedBy(x, Op::Neg)) return r.operandOf(x, 0);
  if (!r.isDefinedBy(x, Op::Mul)) return Value();
  for (int i = 0; i < 2; ++i) {
    const ir::ConstAttributes* factor = r.constant(r.operandOf(x, i));
    if (factor == nullptr || !factor->isSplat) continue;
    const Value other = r.operandOf(x, 1 - i);
    const Value negated = r.make(Op::Neg, {r.operandOf(x, i)});
    return r.make(Op::Mul, {other, negated});
  }
  return Value();
}

/// floor of what is whole already.
Value floor(Rewriter& r, const Candidate& c) {
  const Value x = c.operands[0];
  if (r.isDefinedBy(x, Op::Floor)) return x;
  if (r.isDefinedBy(x, Op::Cast) && !ir::isFloat(r.type(r.operandOf(x, 0)).dtype)) return x;
  return Value();
}

/// Whether every value of `from` is a value of `to`.
static bool isExact(DType from, DType to) {
  if (from == to || from == DType::Bool) return true;
  const auto bits = [](DType integer) { return static_cast<int>(8 * ir::dtypeBytes(integer)); };
  if (ir::isInteger(from) && ir::isInteger(to)) {
    if (from == DType::U8) return bits(to) > 8;
    return to != DType::U8 && bits(to) >= bits(from);
  }
  const auto significand = [](DType real) { return real == DType::F64 ? 53 : real == DType::F32 ? 24 : 8; };
  // 2^(n-1) needs one significant bit only, so a signed type of n bits needs n - 1.
  if (ir::isInteger(from)) return ir::isFloat(to) && bits(from) - (from == DType::U8 ? 0 : 1) <= significand(to);
  return ir::isFloat(to) && significand(to) > significand(from);
}

/// cast(cast(x)) where the first cast lost nothing. Float to integer saturates and integer to integer wraps, so the
/// two casts and the one must be of the same sort.
Value cast(Rewriter& r, const Candidate& c) {
  const Value x = c.operands[0];
  const DType to = std::get<ir::CastAttributes>(c.attributes).dtype, between = r.type(x).dtype;
  if (between == to) return x;
  if (!r.isDefinedBy(x, Op::Cast)) return Value();
  const Value inner = r.operandOf(x, 0);
  const DType from = r.type(inner).dtype;
  if (!isExact(from, between)) return Value();
  if (from == to) return inner;
  const bool sameSort = ir::isFloat(from) == ir::isFloat(between);
  if (!ir::isFloat(to) && to != DType::Bool && !sameSort) return Value();
  return r.make(Op::Cast, {inner}, ir::CastAttributes{to});
}

/// x + -0.0 for floats; x + 0 for integers.
Value add(Rewriter& r, const Candidate& c) { return besidesSplat(r, c, ir::isFloat(c.type.dtype) ? -0.0 : 0.0); }

/// x * 1, x * -1, (-a) * (-b); integers and bools also x * 0.
Value mul(Rewriter& r, const Candidate& c) {
  if (const Value x = besidesSplat(r, c, 1.0); x.isValid()) return x;
  if (!ir::isFloat(c.type.dtype)) {
    for (const Value operand : c.operands)
      if (r.isSplat(operand, 0.0)) return operand;
  }
  if (c.type.dtype == DType::Bool) return Value();
  if (const Value x = besidesSplat(r, c, -1.0); x.isValid()) return r.make(Op::Neg, {x});
  if (bothNegated(r, c)) return r.make(Op::Mul, {r.operandOf(c.operands[0], 0), r.operandOf(c.operands[1], 0)});
  return Value();
}

/// 1 / d when that is exact and a normal number: x / d and x * (1 / d) then round the same real number.
static std::optional<double> exactReciprocal(double d, DType dtype) {
  int exponent = 0;
  if (!std::isfinite(d) || std::fabs(std::frexp(d, &exponent)) != 0.5) return std::nullopt;
  const int limit = dtype == DType::F64 ? 1022 : 126;
  if (exponent - 1 < -limit || exponent - 1 > limit) return std::nullopt;
  return 1.0 / d;
}

/// x / 1, x / -1, (-a) / (-b); division by a power of two is a product.
Value div(Rewriter& r, const Candidate& c) {
  const Value a = c.operands[0], b = c.operands[1];
  if (r.isSplat(b, 1.0)) return a;
  if (!ir::isFloat(c.type.dtype)) return Value();
  if (r.isSplat(b, -1.0)) return r.make(Op::Neg, {a});
  if (bothNegated(r, c)) return r.make(Op::Div, {r.operandOf(a, 0), r.operandOf(b, 0)});
  const ir::ConstAttributes* divisor = r.constant(b);
  if (divisor == nullptr || !divisor->isSplat) return Value();
  const std::optional<double> reciprocal = exactReciprocal(divisor->reals[0], c.type.dtype);
  return reciprocal ? r.make(Op::Mul, {a, r.b.constant(c.type, *reciprocal)}) : Value();
}

/// max(x, x), max(x, -inf); or with false and true.
Value max(Rewriter& r, const Candidate& c) {
  if (c.operands[0] == c.operands[1]) return c.operands[0];
  if (ir::isFloat(c.type.dtype)) return besidesSplat(r, c, -INFINITY);
  if (c.type.dtype != DType::Bool) return Value();
  for (const Value operand : c.operands)
    if (r.isSplat(operand, 1.0)) return operand;
  return besidesSplat(r, c, 0.0);
}

/// A constant condition, equal branches, c ? true : false.
Value select(Rewriter& r, const Candidate& c) {
  const Value condition = c.operands[0], a = c.operands[1], b = c.operands[2];
  if (a == b || r.isSplat(condition, 1.0)) return a;
  if (r.isSplat(condition, 0.0)) return b;
  if (c.type.dtype == DType::Bool && r.isSplat(a, 1.0) && r.isSplat(b, 0.0)) return condition;
  return Value();
}

}  // namespace nnc::passes::rules
