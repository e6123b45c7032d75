// Initial values of slots, and the keys of random numbers.
#include <algorithm>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/elaborator.h"
#include "elaborate/observation.h"
#include "elaborate/tensor_ops.h"
#include "support/hash.h"

namespace nnc::elaborate {

std::uint64_t Elaborator::drawKey(RandomKey& key) {
  // Stream and path cannot contain a zero byte, so the parts cannot run together.
  const std::string text = fmt::format("{}{}{}{}{}", key.stream, '\0', key.path, '\0', key.draws++);
  return hashBytes(text);
}

RandomKey* Elaborator::implicitKey(Span where) {
  Instance* instance = frame().instance;
  if (frame().isPure || !instance) {
    error<diag::RandomInFn>(where, text(where), frames_.size() == 1 ? "this block" : "a fn");
    return nullptr;
  }
  if (trace_->observation && frame().decl) trace_->observation->noteNoise(frame().decl);
  return arena_.make(RandomKey{.stream = trace_->stream, .path = instance->path, .draws = instance->draws++});
}

namespace {
/// Puts the slot back whose initial value was computed before.
struct RestoreSlot {
  const SlotRecord*& place;
  const SlotRecord* before;
  ~RestoreSlot() { place = before; }
};
}  // namespace

std::optional<ir::Value> Elaborator::initialise(const SlotRecord& record) {
  const RestoreSlot restore{initialising_, std::exchange(initialising_, &record)};
  const ir::Type& type = record.slot.type;
  if (const bool* flag = std::get_if<bool>(&record.init)) return at(record.initSpan).constantInt(type, *flag);
  if (const std::optional<double> number = asReal(record.init)) return literal(at(record.initSpan), type, *number);
  List shape;
  for (const std::int64_t size : type.shape) shape.items.emplace_back(size);
  const Value shapeValue = keepList(std::move(shape));
  RandomKey* key = arena_.make(RandomKey{.stream = "init", .path = record.slot.path});
  std::vector<Argument> arguments;
  const std::span<const syntax::ParamDecl> parameters = dataParameters(record.init);
  const auto takes = [&](std::string_view name) {
    return parameters.empty() ||
           std::any_of(parameters.begin(), parameters.end(), [&](const auto& p) { return p.name.text == name; });
  };
  // A lambda or chain takes both by position, a builtin (`zeros`) the shape alone.
  const Callable* const callable = asCallable(record.init);
  const bool isBuiltin = callable != nullptr && std::holds_alternative<BuiltinCallable>(callable->node);
  const auto name = [&](std::string_view n) { return parameters.empty() ? std::string_view() : n; };
  if (takes("shape")) arguments.push_back({name("shape"), shapeValue, record.initSpan});
  if (takes("key") && !isBuiltin) arguments.push_back({name("key"), key, record.initSpan});
  const Result value = apply(record.init, std::move(arguments), {record.initSpan, {}});
  if (!value) return std::nullopt;
  if (const std::optional<double> number = asReal(*value)) return literal(at(record.initSpan), type, *number);
  const Traced* tensor = asTraced(*value);
  if (!tensor || tensor->type != type) {
    error<diag::BadInitialiser>(record.initSpan, describe(*value),
                                fmt::format("{}: {}", record.slot.path, ir::toString(type)));
    return std::nullopt;
  }
  return tensor->value;
}

}  // namespace nnc::elaborate
