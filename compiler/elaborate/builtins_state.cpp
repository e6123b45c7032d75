// `write`: a part of a state replaced, the way of a KV cache. `frozen`: a layer that keeps its state.
#include "diagnostics/kinds/elaborate.h"
#include "elaborate/builtin_handlers.h"
#include "elaborate/tensor_ops.h"

namespace nnc::elaborate::builtin {

namespace {

/// Arguments of a `write`, checked but for the position.
struct Written {
  const Traced* state = nullptr;
  const Traced* part = nullptr;
  int axis = 0;
  std::int64_t room = 0;   // of the state along the axis
  std::int64_t count = 0;  // of the part
};

}  // namespace

static std::optional<Written> readWritten(Elaborator& elaborator, BuiltinCall& call) {
  Written written;
  written.state = asTensor(elaborator, call.value(0), std::nullopt, call.spanOf(0));
  written.part =
      written.state ? asTensor(elaborator, call.value(1), written.state->type.dtype, call.spanOf(1)) : nullptr;
  if (!written.part) return std::nullopt;
  const auto refuse = [&](std::size_t i, std::string_view parameter, const std::string& reason) {
    (void)badArgument(elaborator, call, i, parameter, reason);
    return std::nullopt;
  };
  if (!written.state->labels.empty() || !written.part->labels.empty())
    return refuse(written.state->labels.empty() ? 1 : 0, written.state->labels.empty() ? "x" : "state",
                  "`write` takes whole tensors, and stands outside of index notation");
  const auto* axis = std::get_if<std::int64_t>(&call.value(3));
  const std::int64_t rank = written.state->type.rank();
  if (!axis || *axis < -rank || *axis >= rank)
    return refuse(3, "axis",
                  fmt::format("{} has no axis {}", ir::toString(written.state->type), toText(call.value(3))));
  written.axis = static_cast<int>(*axis < 0 ? *axis + rank : *axis);
  const auto along = static_cast<std::size_t>(written.axis);
  ir::Shape expected = written.state->type.shape;
  if (written.part->type.rank() == rank) expected[along] = written.part->type.shape[along];
  if (written.part->type != ir::Type{written.state->type.dtype, expected})
    return refuse(1, "x",
                  fmt::format("{} does not fit {} along axis {}", ir::toString(written.part->type),
                              ir::toString(written.state->type), written.axis));
  written.room = written.state->type.shape[along];
  written.count = written.part->type.shape[along];
  return written;
}

/// The position as an i32 scalar. A number is checked here; a traced one before each call of the session.
static std::optional<ir::Value> readPosition(Elaborator& elaborator, BuiltinCall& call, const Written& written) {
  const Span where = call.spanOf(2);
  const auto outside = [&](const std::string& reason) {
    elaborator.error<diag::WriteOutside>(where, ir::toString(written.state->type), reason);
    return std::nullopt;
  };
  if (written.count > written.room)
    return outside(
        fmt::format("axis {} has {} entries, and {} are written", written.axis, written.room, written.count));
  ir::Builder& builder = elaborator.at(call.span);
  const ir::Type scalar{ir::DType::I32, {}};
  if (const auto* number = std::get_if<std::int64_t>(&call.value(2))) {
    if (*number < 0 || *number > written.room - written.count)
      return outside(fmt::format("axis {} has {} entries, and {} are written from {}", written.axis, written.room,
                                 written.count, *number));
    return builder.constantInt(scalar, *number);
  }
  const Traced* position = asTraced(call.value(2));
  if (!position || position->type != scalar) {
    (void)badArgument(elaborator, call, 2, "at",
                      fmt::format("an int or an i32 is needed, and this is {}", describe(call.value(2))));
    return std::nullopt;
  }
  Trace& trace = elaborator.trace();
  if (trace.mode != Mode::Serve)
    return outside("`at` is known only when the program runs, and mode .serve alone checks it then");
  const ir::Value below = builder.compare(ir::Predicate::Lt, position->value, builder.constantInt(scalar, 0));
  const ir::Value last = builder.constantInt(scalar, written.room - written.count);
  trace.overruns.push_back(builder.max(below, builder.compare(ir::Predicate::Gt, position->value, last)));
  return position->value;
}

std::optional<Value> Write(Elaborator& elaborator, BuiltinCall& call) {
  if (!elaborator.requireTrace(call.span)) return std::nullopt;
  const std::optional<Written> written = readWritten(elaborator, call);
  const std::optional<ir::Value> position = written ? readPosition(elaborator, call, *written) : std::nullopt;
  if (!position) return std::nullopt;
  ir::Builder& builder = elaborator.at(call.span);
  const ir::Type indexType{ir::DType::I32, {written->count}};
  const ir::Value index = builder.add(builder.iota(indexType, 0), builder.splat(*position, indexType.shape));
  const ir::Value result =
      builder.scatter(written->state->value, index, written->part->value, written->axis, ir::ScatterMode::Set);
  return elaborator.traced(result, call.span);
}

std::optional<Value> Frozen(Elaborator& elaborator, BuiltinCall& call) {
  const Value& f = call.value(0);
  const Callable* callable = asCallable(f);
  const DeclaredCallable* declared = callable ? callable->declared() : nullptr;
  if (!callable || (declared && declared->decl->kind == syntax::CallableKind::Optimizer))
    return badArgument(elaborator, call, 0, "f",
                       fmt::format("a layer or a shared instance is needed, and this is {}", describe(f)));
  const std::optional<Value> complete = elaborator.completed(f, call.spanOf(0));
  if (!complete) return std::nullopt;
  return elaborator.keepCallable(Callable{FrozenCallable{*complete}, call.span});
}

}  // namespace nnc::elaborate::builtin
