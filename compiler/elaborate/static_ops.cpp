#include "elaborate/static_ops.h"

#include <cmath>

#include "diagnostics/kinds/elaborate.h"
#include "support/checked.h"

namespace nnc::elaborate {

using syntax::BinaryOp;

std::string_view operatorText(BinaryOp op) {
  switch (op) {
    case BinaryOp::Pow:
      return "**";
    case BinaryOp::Mul:
      return "*";
    case BinaryOp::Div:
      return "/";
    case BinaryOp::Mod:
      return "%";
    case BinaryOp::MatMul:
      return "@";
    case BinaryOp::Add:
      return "+";
    case BinaryOp::Sub:
      return "-";
    case BinaryOp::Range:
      return "..";
    case BinaryOp::Eq:
      return "==";
    case BinaryOp::Ne:
      return "!=";
    case BinaryOp::Lt:
      return "<";
    case BinaryOp::Le:
      return "<=";
    case BinaryOp::Gt:
      return ">";
    case BinaryOp::Ge:
      return ">=";
    case BinaryOp::And:
      return "and";
    case BinaryOp::Or:
      return "or";
    case BinaryOp::Pipe:
      return "|>";
  }
  return "";
}

static std::optional<Value> noOperator(Elaborator& elaborator, BinaryOp op, const Value& a, const Value& b, Span span) {
  elaborator.error<diag::NoOperator>(span, operatorText(op), describe(a) + " and " + describe(b));
  return std::nullopt;
}

static std::optional<Value> overflow(Elaborator& elaborator, BinaryOp op, std::int64_t a, std::int64_t b, Span span) {
  elaborator.error<diag::IntegerOverflow>(span, a, operatorText(op), b);
  return std::nullopt;
}

static std::optional<Value> intPower(Elaborator& elaborator, std::int64_t a, std::int64_t b, Span span) {
  if (b < 0) return std::pow(static_cast<double>(a), static_cast<double>(b));
  Checked result(1), base(a);
  for (std::int64_t n = b; n > 0; n >>= 1) {
    if (n & 1) result = result * base;
    if (n > 1) base = base * base;
    if (result.hasOverflowed()) break;
  }
  if (!result.value()) return overflow(elaborator, BinaryOp::Pow, a, b, span);
  return *result.value();
}

static std::optional<Value> intDivision(Elaborator& elaborator, BinaryOp op, std::int64_t a, std::int64_t b,
                                        Span span) {
  if (b == 0) {
    elaborator.error<diag::DivisionByZero>(span, a, operatorText(op));
    return std::nullopt;
  }
  // The one quotient that does not fit: -2^63 / -1.
  if (b == -1)
    return op == BinaryOp::Mod ? Value(std::int64_t{0}) : staticUnary(elaborator, syntax::UnaryOp::Neg, a, span);
  if (op == BinaryOp::Mod) return floorMod(a, b);
  if (a % b == 0) return a / b;
  elaborator.error<diag::InexactDivision>(span, a, b)
      .help(fmt::format("`div({0}, {1})` is {2}, `ceil_div({0}, {1})` is {3}; for a real quotient write `{0}.0 / {1}`",
                        a, b, floorDiv(a, b), floorDiv(a, b) + 1));
  return std::nullopt;
}

static std::optional<Value> intBinary(Elaborator& elaborator, BinaryOp op, std::int64_t a, std::int64_t b, Span span) {
  switch (op) {
    case BinaryOp::Pow:
      return intPower(elaborator, a, b, span);
    case BinaryOp::Div:
    case BinaryOp::Mod:
      return intDivision(elaborator, op, a, b, span);
    case BinaryOp::Range:
      return Range{a, b};
    case BinaryOp::Lt:
      return a < b;
    case BinaryOp::Le:
      return a <= b;
    case BinaryOp::Gt:
      return a > b;
    case BinaryOp::Ge:
      return a >= b;
    case BinaryOp::Mul:
    case BinaryOp::Add:
    case BinaryOp::Sub: {
      const Checked result = op == BinaryOp::Mul   ? Checked(a) * Checked(b)
                             : op == BinaryOp::Add ? Checked(a) + Checked(b)
                                                   : Checked(a) - Checked(b);
      if (!result.value()) return overflow(elaborator, op, a, b, span);
      return *result.value();
    }
    default:
      return noOperator(elaborator, op, a, b, span);
  }
}

/// A result of finite numbers that is none.
static std::optional<Value> finite(Elaborator& elaborator, BinaryOp op, double a, double b, double result, Span span) {
  if (std::isfinite(result) || !std::isfinite(a) || !std::isfinite(b)) return result;
  elaborator.error<diag::IntegerOverflow>(span, toText(a), operatorText(op), toText(b));
  return std::nullopt;
}

static std::optional<Value> realBinary(Elaborator& elaborator, BinaryOp op, double a, double b, Span span) {
  switch (op) {
    case BinaryOp::Pow:
      return finite(elaborator, op, a, b, std::pow(a, b), span);
    case BinaryOp::Mul:
      return finite(elaborator, op, a, b, a * b, span);
    case BinaryOp::Add:
      return finite(elaborator, op, a, b, a + b, span);
    case BinaryOp::Sub:
      return finite(elaborator, op, a, b, a - b, span);
    case BinaryOp::Lt:
      return a < b;
    case BinaryOp::Le:
      return a <= b;
    case BinaryOp::Gt:
      return a > b;
    case BinaryOp::Ge:
      return a >= b;
    case BinaryOp::Div:
    case BinaryOp::Mod:
      if (b == 0.0) {
        elaborator.error<diag::DivisionByZero>(span, toText(a), operatorText(op));
        return std::nullopt;
      }
      return op == BinaryOp::Div ? a / b : a - std::floor(a / b) * b;
    default:
      return noOperator(elaborator, op, a, b, span);
  }
}

std::optional<Value> staticBinary(Elaborator& elaborator, BinaryOp op, const Value& a, const Value& b, Span span) {
  if (op == BinaryOp::Eq || op == BinaryOp::Ne) {
    // A bare `batch_norm` is the same recipe as `batch_norm()`.
    const std::optional<Value> x = elaborator.withDefaults(a, span), y = elaborator.withDefaults(b, span);
    if (!x || !y) return std::nullopt;
    return equalValues(*x, *y) == (op == BinaryOp::Eq);
  }
  if (op == BinaryOp::And || op == BinaryOp::Or) {
    const bool* x = std::get_if<bool>(&a);
    const bool* y = std::get_if<bool>(&b);
    if (!x || !y) return noOperator(elaborator, op, a, b, span);
    return op == BinaryOp::And ? *x && *y : *x || *y;
  }
  const auto* i = std::get_if<std::int64_t>(&a);
  const auto* j = std::get_if<std::int64_t>(&b);
  if (i && j) return intBinary(elaborator, op, *i, *j, span);
  const std::optional<double> x = asReal(a), y = asReal(b);
  if (x && y) return realBinary(elaborator, op, *x, *y, span);
  return noOperator(elaborator, op, a, b, span);
}

std::optional<Value> staticUnary(Elaborator& elaborator, syntax::UnaryOp op, const Value& a, Span span) {
  if (op == syntax::UnaryOp::Not) {
    if (const bool* b = std::get_if<bool>(&a)) return !*b;
  } else if (const auto* i = std::get_if<std::int64_t>(&a)) {
    return intBinary(elaborator, BinaryOp::Sub, 0, *i, span);
  } else if (const auto* r = std::get_if<double>(&a)) {
    return -*r;
  }
  elaborator.error<diag::NoOperator>(span, op == syntax::UnaryOp::Not ? "not" : "-", describe(a));
  return std::nullopt;
}

}  // namespace nnc::elaborate
