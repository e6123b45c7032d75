// Random numbers and what initialisers ask about their parameter.
#include <numbers>

#include "elaborate/builtin_handlers.h"
#include "elaborate/tensor_ops.h"

namespace nnc::elaborate::builtin {

/// Draws of the steps of a scan differ: the counter of a draw counts them in units of 2^40 steps of training.
static ir::Value loopCounter(ir::Builder& builder, const Trace& trace) {
  const ir::Type type{ir::DType::I64, {}};
  std::optional<ir::Value> steps;
  for (const auto& [time, bound] : trace.times) {
    const ir::Value now = builder.cast(time, ir::DType::I64);
    steps = steps ? builder.add(builder.mul(*steps, builder.constantInt(type, bound)), now) : now;
  }
  return builder.mul(*steps, builder.constantInt(type, std::int64_t{1} << 40));
}

/// One draw in [0, 1).
static ir::Value draw(Elaborator& elaborator, RandomKey& key, const ir::Shape& shape, Span span) {
  Trace& trace = elaborator.trace();
  trace.drawsRandom = true;
  ir::Builder& builder = elaborator.at(span);
  ir::Value counter = trace.step ? *trace.step : builder.constantInt({ir::DType::I64, {}}, 0);
  if (!trace.times.empty()) counter = builder.add(counter, loopCounter(builder, trace));
  return builder.random({ir::DType::F32, shape}, Elaborator::drawKey(key), trace.seed.value(), counter);
}

namespace {
struct DrawArguments {
  RandomKey* key = nullptr;
  ir::Shape shape;
};
}  // namespace

/// The key and the shape of a call: `(key, shape)`, or `(shape)` in a layer.
static std::optional<DrawArguments> drawArguments(Elaborator& elaborator, BuiltinCall& call, std::size_t keyAt,
                                                  std::size_t shapeAt) {
  if (!elaborator.requireTrace(call.span)) return std::nullopt;
  const bool isShapeFirst = keyAt < shapeAt && call.arguments[keyAt] && !call.arguments[shapeAt] &&
                            !std::holds_alternative<RandomKey*>(call.value(keyAt));
  if (isShapeFirst) std::swap(call.arguments[keyAt], call.arguments[shapeAt]);
  DrawArguments arguments;
  const std::optional<ir::Shape> shape = dimsArgument(elaborator, call, shapeAt, "shape");
  if (!shape) return std::nullopt;
  arguments.shape = *shape;
  if (!call.arguments[keyAt]) {
    arguments.key = elaborator.implicitKey(call.span);
  } else if (const auto* key = std::get_if<RandomKey*>(&call.value(keyAt))) {
    arguments.key = *key;
  } else {
    badArgument(elaborator, call, keyAt, "key", "a random key is needed, and this is " + describe(call.value(keyAt)));
  }
  if (!arguments.key) return std::nullopt;
  return arguments;
}

std::optional<Value> RandomUniform(Elaborator& elaborator, BuiltinCall& call) {
  const std::optional<DrawArguments> arguments = drawArguments(elaborator, call, 0, 1);
  if (!arguments) return std::nullopt;
  return elaborator.traced(draw(elaborator, *arguments->key, arguments->shape, call.span), call.span);
}

/// sqrt(-2 log(1 - u)) * sin(2 pi v) for uniform u and v. Source: Box and Muller 1958.
std::optional<Value> RandomNormal(Elaborator& elaborator, BuiltinCall& call) {
  const std::optional<DrawArguments> arguments = drawArguments(elaborator, call, 0, 1);
  if (!arguments) return std::nullopt;
  const ir::Value u = draw(elaborator, *arguments->key, arguments->shape, call.span);
  const ir::Value v = draw(elaborator, *arguments->key, arguments->shape, call.span);
  ir::Builder& builder = elaborator.at(call.span);
  // 1 - u lies in (0, 1], so the logarithm is finite.
  const ir::Value logarithm = builder.log(builder.sub(builder.constantLike(u, 1.0), u));
  const ir::Value radius = builder.sqrt(builder.mul(builder.constantLike(u, -2.0), logarithm));
  const ir::Value angle = builder.sin(builder.mul(literal(builder, builder.type(v), 2.0 * std::numbers::pi), v));
  return elaborator.traced(builder.mul(radius, angle), call.span);
}

std::optional<Value> Bernoulli(Elaborator& elaborator, BuiltinCall& call) {
  const std::optional<double> p = asReal(call.value(0));
  const Traced* traced = asTraced(call.value(0));
  const bool isScalar = traced && traced->type == ir::Type{ir::DType::F32, {}};
  if (!isScalar && (!p || *p < 0.0 || *p > 1.0))
    return badArgument(elaborator, call, 0, "p", "a probability is needed, and this is " + describe(call.value(0)));
  const std::optional<DrawArguments> arguments = drawArguments(elaborator, call, 2, 1);
  if (!arguments) return std::nullopt;
  const ir::Value u = draw(elaborator, *arguments->key, arguments->shape, call.span);
  ir::Builder& builder = elaborator.at(call.span);
  const ir::Value bound = p ? literal(builder, builder.type(u), *p) : builder.splat(traced->value, arguments->shape);
  return elaborator.traced(builder.cast(builder.compare(ir::Predicate::Lt, u, bound), ir::DType::F32), call.span);
}

/// The last axis is the output, all others are the input, unless the parameter being initialised says otherwise.
static std::optional<Value> fan(Elaborator& elaborator, const BuiltinCall& call, bool isIn) {
  const std::optional<ir::Shape> shape = dimsArgument(elaborator, call, 0, "shape");
  if (!shape) return std::nullopt;
  const SlotRecord* record = elaborator.initialising();
  if (record && record->slot.type.shape == *shape)
    if (const std::optional<std::int64_t> written = isIn ? record->fanIn : record->fanOut) return *written;
  std::int64_t inputs = 1;
  for (std::size_t i = 0; i + 1 < shape->size(); ++i) inputs *= (*shape)[i];
  const std::int64_t outputs = shape->empty() ? 1 : shape->back();
  return std::max<std::int64_t>(isIn ? inputs : outputs, 1);
}

std::optional<Value> FanIn(Elaborator& elaborator, BuiltinCall& call) { return fan(elaborator, call, /*isIn=*/true); }
std::optional<Value> FanOut(Elaborator& elaborator, BuiltinCall& call) { return fan(elaborator, call, /*isIn=*/false); }

}  // namespace nnc::elaborate::builtin
