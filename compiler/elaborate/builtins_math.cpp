// Builtins that work element by element.
#include <cmath>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/builtin_handlers.h"
#include "elaborate/static_ops.h"
#include "elaborate/tensor_ops.h"
#include "support/checked.h"

namespace nnc::elaborate::builtin {

std::optional<Value> badArgument(Elaborator& elaborator, const BuiltinCall& call, std::size_t i,
                                 std::string_view parameter, std::string_view reason) {
  const Span where = call.arguments[i] ? call.spanOf(i) : call.span;
  elaborator.error<diag::BadArgumentValue>(where, parameter, call.builtin->name, reason);
  return std::nullopt;
}

Value rebuilt(Elaborator& elaborator, const Traced& x, ir::Value value, Span span) {
  return elaborator.keep(
      Traced{.value = value, .type = elaborator.trace().builder.type(value), .labels = x.labels, .origin = span});
}

static std::optional<Value> unary(Elaborator& elaborator, const BuiltinCall& call, ir::Op op,
                                  double (*compute)(double)) {
  if (const std::optional<double> number = asReal(call.value(0))) {
    const double value = compute(*number);
    if (std::isfinite(value)) return value;
    return badArgument(elaborator, call, 0, "x",
                       fmt::format("there is no {}({})", call.builtin->name, toText(call.value(0))));
  }
  const Traced* x = asTensor(elaborator, call.value(0), ir::DType::F32, call.spanOf(0));
  if (!x) return std::nullopt;
  if (x->isIndex) x = castTo(elaborator, *x, ir::DType::F32, call.spanOf(0));
  if (!ir::isFloat(x->type.dtype))
    return badArgument(
        elaborator, call, 0, "x",
        fmt::format("a float tensor is needed, and this is {}; cast(x, f32) converts", ir::toString(x->ownType())));
  return rebuilt(elaborator, *x, elaborator.at(call.span).appendOne(op, {x->value}), call.span);
}

std::optional<Value> Exp(Elaborator& e, BuiltinCall& call) {
  return unary(e, call, ir::Op::Exp, [](double x) { return std::exp(x); });
}
std::optional<Value> Log(Elaborator& e, BuiltinCall& call) {
  return unary(e, call, ir::Op::Log, [](double x) { return std::log(x); });
}
std::optional<Value> Sqrt(Elaborator& e, BuiltinCall& call) {
  return unary(e, call, ir::Op::Sqrt, [](double x) { return std::sqrt(x); });
}
std::optional<Value> Sin(Elaborator& e, BuiltinCall& call) {
  return unary(e, call, ir::Op::Sin, [](double x) { return std::sin(x); });
}
std::optional<Value> Tanh(Elaborator& e, BuiltinCall& call) {
  return unary(e, call, ir::Op::Tanh, [](double x) { return std::tanh(x); });
}
std::optional<Value> Floor(Elaborator& e, BuiltinCall& call) {
  return unary(e, call, ir::Op::Floor, [](double x) { return std::floor(x); });
}

std::optional<Value> CastTo(Elaborator& elaborator, BuiltinCall& call) {
  const auto* dtype = std::get_if<ir::DType>(&call.value(1));
  if (!dtype) return badArgument(elaborator, call, 1, "dtype", "an element type is needed, such as f32 or i32");
  if (const std::optional<double> number = asReal(call.value(0))) {
    if (ir::isFloat(*dtype)) return *number;
    if (std::holds_alternative<std::int64_t>(call.value(0))) return call.value(0);
    if (std::abs(*number) < 0x1p63) return static_cast<std::int64_t>(*number);
    return badArgument(elaborator, call, 0, "x", fmt::format("{} does not fit in an integer", toText(call.value(0))));
  }
  const Traced* x = asTensor(elaborator, call.value(0), std::nullopt, call.spanOf(0));
  if (!x) return std::nullopt;
  return rebuilt(elaborator, *x, elaborator.at(call.span).cast(x->value, *dtype), call.span);
}

std::optional<Value> StopGradient(Elaborator& elaborator, BuiltinCall& call) {
  const Traced* x = asTraced(call.value(0));
  if (!x) return call.value(0);
  Traced y = *x;
  y.value = elaborator.at(call.span).stopGradient(x->value);
  y.slot = nullptr;
  return elaborator.keep(std::move(y));
}

std::optional<Value> AcrossParams(Elaborator& elaborator, BuiltinCall& call) {
  const bool isInOptimizer = elaborator.isTracing() && elaborator.trace().across && elaborator.frame().instance;
  if (!isInOptimizer) {
    elaborator.error<diag::AcrossOutside>(call.span);
    return std::nullopt;
  }
  const Traced* term = asTensor(elaborator, call.value(0), ir::DType::F32, call.spanOf(0));
  if (!term) return std::nullopt;
  if (term->type.rank() > 0 || !ir::isFloat(term->type.dtype))
    return badArgument(elaborator, call, 0, "e",
                       "one number is needed, such as total(g ** 2), and this is " + describe(term));
  const std::string& owner = elaborator.frame().instance->path;
  ir::Builder& builder = elaborator.at(call.span);
  return elaborator.traced(elaborator.trace().across->add(builder, term->value, owner, call.span), call.span);
}

std::optional<Value> OverBatches(Elaborator& elaborator, BuiltinCall& call) {
  if (!elaborator.isTracing() || elaborator.trace().metric.empty()) return call.value(0);
  const Traced* x = asTensor(elaborator, call.value(0), ir::DType::F32, call.spanOf(0));
  if (!x) return std::nullopt;
  Trace& trace = elaborator.trace();
  if (!x->labels.empty() || !trace.times.empty() || !ir::isFloat(x->type.dtype))
    return badArgument(elaborator, call, 0, "x",
                       !ir::isFloat(x->type.dtype) ? "a tensor of floats is needed, and this is " + describe(x)
                                                   : "the whole tensor is summed: outside index notation and scans");
  BatchTotal total{x->type, trace.metric, call.span, {}, x->value};
  if (trace.mode == Mode::Eval) {
    ir::Builder& builder = elaborator.at(call.span);
    total.before = builder.addParameter(x->type, fmt::format("{}.total{}", trace.metric, trace.totals.size()));
    total.after = builder.add(total.before, x->value);
  }
  trace.totals.push_back(total);
  return elaborator.traced(total.after, call.span);
}

// ---------------------------------------------------------------- extremes

static std::optional<Value> extreme(Elaborator& elaborator, const BuiltinCall& call, bool isMin) {
  const Value& a = call.value(0);
  const Value& b = call.value(1);
  if (!isTraced(a) && !isTraced(b)) {
    const std::optional<Value> isLess = staticBinary(elaborator, syntax::BinaryOp::Lt, a, b, call.span);
    if (!isLess) return std::nullopt;
    return std::get<bool>(*isLess) == isMin ? a : b;
  }
  const Value values[] = {a, b};
  const Span spans[] = {call.spanOf(0), call.spanOf(1)};
  const std::optional<Aligned> operands = align(elaborator, values, spans, "compared with", call.span);
  if (!operands) return std::nullopt;
  if (operands->dtype == ir::DType::Bool)
    return badArgument(elaborator, call, 0, "a", "bools have no order; use `and`, `or`");
  ir::Builder& builder = elaborator.at(call.span);
  const ir::Value x = operands->values[0], y = operands->values[1];
  if (!isMin) return result(elaborator, builder.max(x, y), *operands, call.span);
  // Floats by way of max, which passes NaN on; unsigned integers have no negative.
  if (ir::isFloat(operands->dtype))
    return result(elaborator, builder.neg(builder.max(builder.neg(x), builder.neg(y))), *operands, call.span);
  return result(elaborator, builder.select(builder.compare(ir::Predicate::Lt, x, y), x, y), *operands, call.span);
}

std::optional<Value> Max(Elaborator& elaborator, BuiltinCall& call) {
  return extreme(elaborator, call, /*isMin=*/false);
}
std::optional<Value> Min(Elaborator& elaborator, BuiltinCall& call) {
  return extreme(elaborator, call, /*isMin=*/true);
}

std::optional<Value> Sum(Elaborator& elaborator, BuiltinCall& call) {
  return badArgument(elaborator, call, 0, "x", "say over which index: `sum[i](x[i])`, or `total(x)` for all elements");
}

std::optional<Value> Select(Elaborator& elaborator, BuiltinCall& call) {
  if (const bool* known = std::get_if<bool>(&call.value(0))) return call.value(*known ? 1 : 2);
  const Traced* condition = asTensor(elaborator, call.value(0), std::nullopt, call.spanOf(0));
  if (!condition) return std::nullopt;
  if (condition->type.dtype != ir::DType::Bool)
    return badArgument(elaborator, call, 0, "c", "a bool is needed, and this is " + describe(condition));
  const Value values[] = {call.value(1), call.value(2)};
  const Span spans[] = {call.spanOf(1), call.spanOf(2)};
  const std::optional<Aligned> operands = align(elaborator, values, spans, "chosen beside", call.span, condition);
  if (!operands) return std::nullopt;
  const ir::Value chosen =
      elaborator.at(call.span).select(operands->values[2], operands->values[0], operands->values[1]);
  Traced y{.value = chosen,
           .type = elaborator.trace().builder.type(chosen),
           .labels = operands->labels,
           .isIndex = operands->isIndex,
           .origin = call.span};
  return elaborator.keep(std::move(y));
}

// ------------------------------------------------------- integer quotients

static std::optional<Value> integerDivision(Elaborator& elaborator, const BuiltinCall& call, bool roundsUp) {
  const Value& a = call.value(0);
  const Value& b = call.value(1);
  const auto* i = std::get_if<std::int64_t>(&a);
  const auto* j = std::get_if<std::int64_t>(&b);
  if (i && j) {
    if (*j == 0) {
      elaborator.error<diag::DivisionByZero>(call.span, *i, call.builtin->name);
      return std::nullopt;
    }
    if (*j == -1) return staticUnary(elaborator, syntax::UnaryOp::Neg, a, call.span);
    return floorDiv(*i, *j) + (roundsUp && *i % *j != 0 ? 1 : 0);
  }
  if (!isTraced(a) && !isTraced(b))
    return badArgument(elaborator, call, i ? 1 : 0, i ? "b" : "a",
                       "ints are needed, and this is " + describe(i ? b : a));
  const Value values[] = {a, b};
  const Span spans[] = {call.spanOf(0), call.spanOf(1)};
  const std::optional<Aligned> operands = align(elaborator, values, spans, "divided by", call.span);
  if (!operands) return std::nullopt;
  if (!ir::isInteger(operands->dtype))
    return badArgument(elaborator, call, 0, "a", "integers are needed; floor(a / b) works on floats");
  ir::Builder& builder = elaborator.at(call.span);
  const ir::Value x = operands->values[0], y = operands->values[1];
  const ir::Value quotient = roundsUp ? builder.neg(builder.div(builder.neg(x), y)) : builder.div(x, y);
  Traced traced{.value = quotient,
                .type = builder.type(quotient),
                .labels = operands->labels,
                .isIndex = operands->isIndex,
                .origin = call.span};
  return elaborator.keep(std::move(traced));
}

std::optional<Value> FloorDiv(Elaborator& elaborator, BuiltinCall& call) {
  return integerDivision(elaborator, call, /*roundsUp=*/false);
}
std::optional<Value> CeilDiv(Elaborator& elaborator, BuiltinCall& call) {
  return integerDivision(elaborator, call, /*roundsUp=*/true);
}

}  // namespace nnc::elaborate::builtin
