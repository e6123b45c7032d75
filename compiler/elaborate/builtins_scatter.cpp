// Builtins that write by index.
#include "elaborate/builtin_handlers.h"
#include "elaborate/tensor_ops.h"

namespace nnc::elaborate::builtin {

/// Indices within `size`, as a gather or scatter along that axis alone would clamp them.
static ir::Value clamped(ir::Builder& builder, ir::Value index, std::int64_t size) {
  const ir::Value last = builder.constantInt(builder.type(index), size - 1);
  const ir::Value least = builder.max(index, builder.constantInt(builder.type(index), 0));
  return builder.select(builder.compare(ir::Predicate::Gt, least, last), last, least);
}

/// One scatter for every combination of `labels`, which the positions differ by: through one flat axis.
static ir::Value scatterRows(ir::Builder& builder, ir::Value x, ir::Value at, const ir::Shape& labels,
                             std::int64_t entries, std::int64_t size) {
  std::int64_t rows = 1;
  for (const std::int64_t extent : labels) rows *= extent;
  const ir::Shape full = builder.type(x).shape;
  const ir::Shape rest(full.begin() + static_cast<std::ptrdiff_t>(labels.size()) + 1, full.end());
  const ir::Type type{ir::DType::I64, {rows, entries}};
  const ir::Value place = builder.cast(clamped(builder, builder.reshape(at, type.shape), size), ir::DType::I64);
  const ir::Value first = builder.mul(builder.iota(type, 0), builder.constantInt(type, size));
  const ir::Value flat = builder.reshape(builder.add(first, place), {rows * entries});
  const ir::Value update = builder.reshape(x, concatenated({rows * entries}, rest));
  const ir::Value zeros = builder.constant({builder.type(x).dtype, concatenated({rows * size}, rest)}, 0.0);
  const ir::Value sum = builder.scatter(zeros, flat, update, 0, ir::ScatterMode::Add);
  return builder.reshape(sum, concatenated(concatenated(labels, {size}), rest));
}

/// y[at[e], ..] is the sum of all x[e, ..] that go there.
std::optional<Value> ScatterAdd(Elaborator& elaborator, BuiltinCall& call) {
  const Traced* x = asTensor(elaborator, call.value(0), std::nullopt, call.spanOf(0));
  const Traced* at = x ? asTensor(elaborator, call.value(1), std::nullopt, call.spanOf(1)) : nullptr;
  if (!at) return std::nullopt;
  const auto* size = std::get_if<std::int64_t>(&call.value(2));
  if (!size || *size < 1) return badArgument(elaborator, call, 2, "size", "an int >= 1 is needed");
  if (!ir::isFloat(x->type.dtype) && !ir::isInteger(x->type.dtype))
    return badArgument(elaborator, call, 0, "x", "numbers are needed, and this is " + describe(x));
  if (!ir::isInteger(at->type.dtype))
    return badArgument(elaborator, call, 1, "at", "ints are needed, and this is " + describe(at));
  if (x->ownRank() < 1 || at->ownShape() != ir::Shape{x->ownShape()[0]})
    return badArgument(elaborator, call, 1, "at",
                       fmt::format("it is {}, and the first axis of x: {} needs one position for each entry",
                                   ir::toString(at->ownType()), ir::toString(x->ownType())));
  const auto range = knownRange(elaborator, *at);
  if (range && (range->least < 0 || range->most >= *size))
    return badArgument(
        elaborator, call, 1, "at",
        fmt::format("it holds {}, and the result has {} rows", range->least < 0 ? range->least : range->most, *size));
  if (!at->isIndex) elaborator.trace().labelUses.push_back({at->value, *size, call.spanOf(1)});
  if (at->type.dtype != ir::DType::I32 && at->type.dtype != ir::DType::I64)
    at = castTo(elaborator, *at, ir::DType::I32, call.spanOf(1));
  Aligned aligned;
  aligned.labels = mergeLabels(x->labels, at->labels);
  const ir::Shape own = x->ownShape();
  ir::Shape shape = concatenated(extents(aligned.labels), own);
  shape[aligned.labels.size()] = *size;
  if (!checkLimits(elaborator, shape, call.span)) return std::nullopt;
  const std::optional<ir::Value> update = spread(elaborator, *x, aligned.labels, own, call.span);
  if (!update) return std::nullopt;
  ir::Builder& builder = elaborator.at(call.span);
  if (at->labels.empty()) {
    const ir::Value zeros = builder.constant({x->type.dtype, shape}, 0.0);
    const int axis = static_cast<int>(aligned.labels.size());
    return result(elaborator, builder.scatter(zeros, at->value, *update, axis, ir::ScatterMode::Add), aligned,
                  call.span);
  }
  const std::optional<ir::Value> place = spread(elaborator, *at, aligned.labels, at->ownShape(), call.span);
  if (!place) return std::nullopt;
  return result(elaborator, scatterRows(builder, *update, *place, extents(aligned.labels), own[0], *size), aligned,
                call.span);
}

}  // namespace nnc::elaborate::builtin
