// Builtins that make, rearrange and count. They see the tensor's own axes; labels of index notation ride along in
// front.
#include "diagnostics/kinds/elaborate.h"
#include "elaborate/builtin_handlers.h"
#include "elaborate/tensor_ops.h"
#include "support/checked.h"

namespace nnc::elaborate::builtin {

std::optional<ir::Shape> dimsArgument(Elaborator& elaborator, const BuiltinCall& call, std::size_t i,
                                      std::string_view parameter) {
  if (!call.arguments[i]) {
    elaborator.error<diag::MissingArgument>(call.span, fmt::format("`{}`", call.builtin->name), parameter);
    return std::nullopt;
  }
  const std::optional<ir::Shape> dims = asDims(call.value(i));
  if (!dims) {
    badArgument(elaborator, call, i, parameter,
                fmt::format("a list of ints >= 0 is needed, and this is {}", describe(call.value(i))));
    return std::nullopt;
  }
  if (!checkLimits(elaborator, *dims, call.spanOf(i))) return std::nullopt;
  return dims;
}

static std::optional<Value> filled(Elaborator& elaborator, const BuiltinCall& call, double value) {
  const std::optional<ir::Shape> dims = dimsArgument(elaborator, call, 0, "dims");
  if (!dims || !elaborator.requireTrace(call.span)) return std::nullopt;
  return elaborator.traced(elaborator.at(call.span).constant({ir::DType::F32, *dims}, value), call.span);
}

std::optional<Value> Zeros(Elaborator& elaborator, BuiltinCall& call) { return filled(elaborator, call, 0.0); }
std::optional<Value> Ones(Elaborator& elaborator, BuiltinCall& call) { return filled(elaborator, call, 1.0); }

std::optional<Value> Full(Elaborator& elaborator, BuiltinCall& call) {
  const std::optional<ir::Shape> dims = dimsArgument(elaborator, call, 0, "dims");
  const Traced* value = dims ? asTensor(elaborator, call.value(1), std::nullopt, call.spanOf(1)) : nullptr;
  if (!value) return std::nullopt;
  if (value->ownRank() != 0)
    return badArgument(elaborator, call, 1, "value", "one number is needed, and this is " + describe(value));
  const std::optional<ir::Value> wide = spread(elaborator, *value, value->labels, *dims, call.span);
  if (!wide) return std::nullopt;
  return rebuilt(elaborator, *value, *wide, call.span);
}

std::optional<Value> Reshape(Elaborator& elaborator, BuiltinCall& call) {
  const Traced* x = asTensor(elaborator, call.value(0), std::nullopt, call.spanOf(0));
  const std::optional<ir::Shape> dims = x ? dimsArgument(elaborator, call, 1, "dims") : std::nullopt;
  if (!dims) return std::nullopt;
  const std::optional<std::int64_t> have = checkedElementCount(x->ownShape()), want = checkedElementCount(*dims);
  if (have != want) {
    if (have && want) elaborator.noteClash(*have, *want);
    elaborator.error<diag::ElementCount>(call.span, ir::toString(x->ownType()), have.value_or(0), ir::toString(*dims),
                                         want.value_or(0));
    return std::nullopt;
  }
  const ir::Shape shape = concatenated(extents(x->labels), *dims);
  if (!checkLimits(elaborator, shape, call.span)) return std::nullopt;
  return rebuilt(elaborator, *x, elaborator.at(call.span).reshape(x->value, shape), call.span);
}

std::optional<Value> Concat(Elaborator& elaborator, BuiltinCall& call) {
  const auto* axisArgument = std::get_if<std::int64_t>(&call.value(0));
  if (!axisArgument) return badArgument(elaborator, call, 0, "axis", "an int is needed");
  std::vector<const Traced*> parts;
  Labels labels;
  for (const Argument& argument : call.rest) {
    const Traced* part = asTensor(elaborator, argument.value, std::nullopt, argument.span);
    if (!part) return std::nullopt;
    labels = mergeLabels(labels, part->labels);
    parts.push_back(part);
  }
  if (parts.empty()) {
    elaborator.error<diag::MissingArgument>(call.span, "`concat`", "parts");
    return std::nullopt;
  }
  const ir::Shape first = parts[0]->ownShape();
  const auto rank = static_cast<std::int64_t>(first.size());
  const std::int64_t axis = *axisArgument < 0 ? *axisArgument + rank : *axisArgument;
  if (axis < 0 || axis >= rank)
    return badArgument(elaborator, call, 0, "axis",
                       fmt::format("{} has no axis {}", ir::toString(parts[0]->ownType()), *axisArgument));
  std::vector<ir::Value> values;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Traced* part =
        parts[i]->isIndex ? castTo(elaborator, *parts[i], parts[0]->type.dtype, call.rest[i].span) : parts[i];
    ir::Shape own = part->ownShape();
    const bool fits = own.size() == first.size() && part->type.dtype == parts[0]->type.dtype;
    if (fits) own[static_cast<std::size_t>(axis)] = first[static_cast<std::size_t>(axis)];
    if (!fits || own != first) {
      elaborator
          .error<diag::BadArgumentValue>(call.rest[i].span, "parts", "concat",
                                         fmt::format("{} does not fit {} along axis {}", ir::toString(part->ownType()),
                                                     ir::toString(parts[0]->ownType()), axis))
          .also(call.rest[0].span, ir::toString(parts[0]->ownType()));
      return std::nullopt;
    }
    const std::optional<ir::Value> value = spread(elaborator, *part, labels, part->ownShape(), call.span);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  Aligned aligned;
  aligned.labels = labels;
  const ir::Value joined =
      elaborator.at(call.span).concat(std::move(values), static_cast<int>(labels.size()) + static_cast<int>(axis));
  if (!checkLimits(elaborator, elaborator.trace().builder.type(joined).shape, call.span)) return std::nullopt;
  return result(elaborator, joined, aligned, call.span);
}

/// `2` or `(1, 2)`
static std::optional<std::pair<std::int64_t, std::int64_t>> padding(const Value& value) {
  if (const auto* both = std::get_if<std::int64_t>(&value))
    return *both >= 0 ? std::optional(std::pair(*both, *both)) : std::nullopt;
  const auto* record = std::get_if<const Record*>(&value);
  if (!record || (*record)->fields.size() != 2) return std::nullopt;
  const auto* before = std::get_if<std::int64_t>(&(*record)->fields[0].second);
  const auto* after = std::get_if<std::int64_t>(&(*record)->fields[1].second);
  if (!before || !after || *before < 0 || *after < 0) return std::nullopt;
  return std::pair(*before, *after);
}

std::optional<Value> ZeroPad(Elaborator& elaborator, BuiltinCall& call) {
  const Traced* x = asTensor(elaborator, call.value(0), std::nullopt, call.spanOf(0));
  if (!x) return std::nullopt;
  const auto* pads = std::get_if<const List*>(&call.value(1));
  if (!pads || (*pads)->items.size() != x->ownShape().size())
    return badArgument(
        elaborator, call, 1, "pads",
        fmt::format("a list of {} is needed, one entry per axis of {}", x->ownRank(), ir::toString(x->ownType())));
  const std::size_t labels = x->labels.size();
  ir::Shape lo(labels, 0), hi(labels, 0), shape = x->type.shape;
  bool isNeeded = false;
  for (const Value& item : (*pads)->items) {
    const auto pad = padding(item);
    if (!pad)
      return badArgument(elaborator, call, 1, "pads",
                         fmt::format("{} is neither an int >= 0 nor a pair of them", describe(item)));
    shape[lo.size()] = (Checked(shape[lo.size()]) + pad->first + pad->second).value().value_or(kMaxDim + 1);
    lo.push_back(pad->first);
    hi.push_back(pad->second);
    isNeeded = isNeeded || pad->first > 0 || pad->second > 0;
  }
  if (!checkLimits(elaborator, shape, call.span)) return std::nullopt;
  if (!isNeeded) return call.value(0);
  const ir::Shape interior(lo.size(), 0);
  return rebuilt(elaborator, *x, elaborator.at(call.span).pad(x->value, lo, hi, interior, 0.0), call.span);
}

// ---------------------------------------------------------------- counting

std::optional<Value> ShapeOf(Elaborator& elaborator, BuiltinCall& call) {
  const Traced* x = asTraced(call.value(0));
  if (!x) return badArgument(elaborator, call, 0, "x", "a tensor is needed, and this is " + describe(call.value(0)));
  List dims;
  for (const std::int64_t size : x->ownShape()) dims.items.emplace_back(size);
  return elaborator.keepList(std::move(dims));
}

std::optional<Value> Count(Elaborator& elaborator, BuiltinCall& call) {
  if (const Traced* x = asTraced(call.value(0))) return static_cast<double>(*checkedElementCount(x->ownShape()));
  if (const auto* list = std::get_if<const List*>(&call.value(0))) return static_cast<double>((*list)->items.size());
  return badArgument(elaborator, call, 0, "x", "a tensor or a list is needed, and this is " + describe(call.value(0)));
}

std::optional<Value> CountTrue(Elaborator& elaborator, BuiltinCall& call) {
  const Traced* c = asTensor(elaborator, call.value(0), std::nullopt, call.spanOf(0));
  if (!c) return std::nullopt;
  if (c->type.dtype != ir::DType::Bool)
    return badArgument(elaborator, call, 0, "c", "bools are needed, and this is " + describe(c));
  ir::Builder& builder = elaborator.at(call.span);
  std::vector<int> axes;
  for (int axis = static_cast<int>(c->labels.size()); axis < c->type.rank(); ++axis) axes.push_back(axis);
  return rebuilt(elaborator, *c, builder.reduceSum(builder.cast(c->value, ir::DType::F32), std::move(axes)), call.span);
}

}  // namespace nnc::elaborate::builtin
