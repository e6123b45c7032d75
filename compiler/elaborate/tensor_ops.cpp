#include "elaborate/tensor_ops.h"

#include <cmath>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/static_ops.h"

namespace nnc::elaborate {

using syntax::BinaryOp;
using syntax::UnaryOp;

static std::string_view verbOf(BinaryOp op) {
  switch (op) {
    case BinaryOp::Add:
      return "added to";
    case BinaryOp::Sub:
      return "reduced by";
    case BinaryOp::Mul:
      return "multiplied by";
    case BinaryOp::Div:
    case BinaryOp::Mod:
      return "divided by";
    case BinaryOp::Pow:
      return "raised to";
    default:
      return "compared with";
  }
}

static std::optional<ir::Predicate> predicateOf(BinaryOp op) {
  switch (op) {
    case BinaryOp::Eq:
      return ir::Predicate::Eq;
    case BinaryOp::Ne:
      return ir::Predicate::Ne;
    case BinaryOp::Lt:
      return ir::Predicate::Lt;
    case BinaryOp::Le:
      return ir::Predicate::Le;
    case BinaryOp::Gt:
      return ir::Predicate::Gt;
    case BinaryOp::Ge:
      return ir::Predicate::Ge;
    default:
      return std::nullopt;
  }
}

/// Remembers that a label is compared with an index: it should name one of the index's values.
static void noteLabelUse(Elaborator& elaborator, BinaryOp op, const Value& a, const Value& b, Span span) {
  if (op != BinaryOp::Eq && op != BinaryOp::Ne) return;
  const Traced* x = asTraced(a);
  const Traced* y = asTraced(b);
  if (!x || !y || x->isIndex == y->isIndex) return;
  const Traced& index = x->isIndex ? *x : *y;
  const Traced& label = x->isIndex ? *y : *x;
  if (index.labels.size() == 1) elaborator.trace().labelUses.push_back({label.value, *index.labels[0]->extent, span});
}

static std::optional<ir::Value> apply(ir::Builder& builder, BinaryOp op, const Aligned& operands) {
  const ir::Value a = operands.values[0], b = operands.values[1];
  if (const std::optional<ir::Predicate> predicate = predicateOf(op)) {
    if (operands.dtype == ir::DType::Bool && op != BinaryOp::Eq && op != BinaryOp::Ne) return std::nullopt;
    return builder.compare(*predicate, a, b);
  }
  const bool isLogical = op == BinaryOp::And || op == BinaryOp::Or;
  if (isLogical != (operands.dtype == ir::DType::Bool)) return std::nullopt;
  switch (op) {
    case BinaryOp::Add:
      return builder.add(a, b);
    case BinaryOp::Sub:
      return builder.sub(a, b);
    case BinaryOp::Mul:
    case BinaryOp::And:
      return builder.mul(a, b);
    case BinaryOp::Or:
      return builder.max(a, b);
    case BinaryOp::Div:
      return builder.div(a, b);
    case BinaryOp::Mod:
      return builder.appendOne(ir::Op::Rem, {a, b});
    default:
      return std::nullopt;
  }
}

static std::optional<Value> tracedBinary(Elaborator& elaborator, BinaryOp op, const Value& a, const Value& b,
                                         Span aSpan, Span bSpan, Span span) {
  if (op == BinaryOp::Pow) return power(elaborator, a, b, aSpan, bSpan, span);
  if (op == BinaryOp::MatMul) return matMul(elaborator, a, b, span);
  // `x - 0.1` is `x + -0.1`: one node less than subtracting a constant.
  const std::optional<double> subtrahend = op == BinaryOp::Sub ? asReal(b) : std::nullopt;
  if (subtrahend) {
    const std::optional<Value> negated = staticUnary(elaborator, UnaryOp::Neg, b, span);
    if (!negated) return std::nullopt;
    return tracedBinary(elaborator, BinaryOp::Add, a, *negated, aSpan, bSpan, span);
  }
  const Value values[] = {a, b};
  const Span spans[] = {aSpan, bSpan};
  const std::optional<Aligned> operands = align(elaborator, values, spans, verbOf(op), span);
  if (!operands) return std::nullopt;
  if (op == BinaryOp::Div && ir::isInteger(operands->dtype)) {
    elaborator.error<diag::IntegerTensorDivision>(span).help(
        "div(a, b) rounds down; for a real quotient cast one operand: cast(.., f32)");
    return std::nullopt;
  }
  noteLabelUse(elaborator, op, a, b, span);
  const std::optional<ir::Value> value = apply(elaborator.at(span), op, *operands);
  if (!value) {
    elaborator.error<diag::NoOperator>(span, operatorText(op), describe(a) + " and " + describe(b));
    return std::nullopt;
  }
  const bool staysIndex =
      operands->isIndex && (op == BinaryOp::Add || op == BinaryOp::Sub || op == BinaryOp::Mul || op == BinaryOp::Mod);
  Traced traced{.value = *value,
                .type = elaborator.trace().builder.type(*value),
                .labels = operands->labels,
                .isIndex = staysIndex,
                .origin = span};
  return elaborator.keep(std::move(traced));
}

/// `true and c` is `c`: a static bool decides or falls away.
static std::optional<Value> logicalWithStatic(Elaborator& elaborator, BinaryOp op, bool known, const Value& other,
                                              Span span) {
  const Traced* traced = asTraced(other);
  if (traced->type.dtype != ir::DType::Bool) {
    elaborator.error<diag::NoOperator>(span, operatorText(op), describe(known) + " and " + describe(other));
    return std::nullopt;
  }
  return known == (op == BinaryOp::And) ? other : Value(known);
}

std::optional<Value> binaryOperator(Elaborator& elaborator, BinaryOp op, const Value& a, const Value& b, Span aSpan,
                                    Span bSpan, Span span) {
  if (!isTraced(a) && !isTraced(b)) return staticBinary(elaborator, op, a, b, span);
  if (op == BinaryOp::And || op == BinaryOp::Or) {
    if (const bool* known = std::get_if<bool>(&a)) return logicalWithStatic(elaborator, op, *known, b, span);
    if (const bool* known = std::get_if<bool>(&b)) return logicalWithStatic(elaborator, op, *known, a, span);
  }
  return tracedBinary(elaborator, op, a, b, aSpan, bSpan, span);
}

std::optional<Value> unaryOperator(Elaborator& elaborator, UnaryOp op, const Value& a, Span span) {
  const Traced* x = asTraced(a);
  if (!x) return staticUnary(elaborator, op, a, span);
  const bool isBool = x->type.dtype == ir::DType::Bool;
  if (isBool != (op == UnaryOp::Not)) {
    elaborator.error<diag::NoOperator>(span, op == UnaryOp::Not ? "not" : "-", describe(a));
    return std::nullopt;
  }
  ir::Builder& builder = elaborator.at(span);
  Traced negated = *x;
  negated.value =
      isBool ? builder.compare(ir::Predicate::Eq, x->value, builder.constantInt(x->type, 0)) : builder.neg(x->value);
  negated.slot = nullptr;
  negated.origin = span;
  return elaborator.keep(std::move(negated));
}

/// x ** n for n >= 1 by squaring.
static ir::Value repeatedProduct(ir::Builder& builder, ir::Value x, std::int64_t n) {
  std::optional<ir::Value> product;
  for (ir::Value square = x; n > 0; n >>= 1) {
    if (n & 1) product = product ? builder.mul(*product, square) : square;
    if (n > 1) square = builder.mul(square, square);
  }
  return *product;
}

static std::optional<Value> staticPower(Elaborator& elaborator, const Traced& x, const Value& exponent, double r,
                                        Span span) {
  ir::Builder& builder = elaborator.at(span);
  Traced y{.value = x.value, .type = x.type, .labels = x.labels, .origin = span};
  const auto n = static_cast<std::int64_t>(std::abs(r));
  const bool isWhole = r == std::floor(r) && n <= 1024;
  if (!ir::isFloat(x.type.dtype) && (!isWhole || r < 0 || !std::holds_alternative<std::int64_t>(exponent))) {
    elaborator.error<diag::NoOperator>(span, "**", describe(&x) + " and " + describe(exponent));
    return std::nullopt;
  }
  if (isWhole && r == 0)
    y.value = builder.constantLike(x.value, 1.0);
  else if (isWhole)
    y.value = repeatedProduct(builder, x.value, n);
  else if (std::abs(r) == 0.5)
    y.value = builder.sqrt(x.value);
  else
    y.value = builder.exp(builder.mul(literal(builder, x.type, r), builder.log(x.value)));
  if ((isWhole || std::abs(r) == 0.5) && r < 0) y.value = builder.div(builder.constantLike(x.value, 1.0), y.value);
  return elaborator.keep(std::move(y));
}

std::optional<Value> power(Elaborator& elaborator, const Value& base, const Value& exponent, Span baseSpan,
                           Span exponentSpan, Span span) {
  const Traced* x = asTraced(base);
  const std::optional<double> r = asReal(exponent);
  if (x && r) {
    if (x->isIndex && std::holds_alternative<double>(exponent)) x = castTo(elaborator, *x, ir::DType::F32, span);
    return staticPower(elaborator, *x, exponent, *r, span);
  }
  const Value values[] = {base, exponent};
  const Span spans[] = {baseSpan, exponentSpan};
  const std::optional<double> b = asReal(base);
  if (b && *b <= 0.0) {
    elaborator.error<diag::NoOperator>(span, "**", describe(base) + ", which has no logarithm, and a tensor");
    return std::nullopt;
  }
  // b ** e = exp(e * log b); the logarithm of a static base is a constant.
  if (b) {
    const std::optional<Value> scaled =
        binaryOperator(elaborator, BinaryOp::Mul, exponent, std::log(*b), exponentSpan, baseSpan, span);
    if (!scaled) return std::nullopt;
    Traced y = *asTraced(*scaled);
    y.value = elaborator.at(span).exp(y.value);
    return elaborator.keep(std::move(y));
  }
  const std::optional<Aligned> operands = align(elaborator, values, spans, "raised to", span);
  if (!operands) return std::nullopt;
  if (!ir::isFloat(operands->dtype)) {
    elaborator.error<diag::NoOperator>(span, "**", describe(base) + " and " + describe(exponent));
    return std::nullopt;
  }
  ir::Builder& builder = elaborator.at(span);
  return result(elaborator, builder.exp(builder.mul(operands->values[1], builder.log(operands->values[0]))), *operands,
                span);
}

}  // namespace nnc::elaborate
