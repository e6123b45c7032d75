// The evaluator's core: where a message points, where a node is appended, what may stand at module level.
#include "elaborate/elaborator.h"

#include <algorithm>
#include <cassert>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/tensor_ops.h"

namespace nnc::elaborate {

Elaborator::Elaborator(const Modules& modules, const SourceManager& sources, Diagnostics& diagnostics)
    : modules_(modules), sources_(sources), diagnostics_(diagnostics) {
  frames_.emplace_back();
}

Elaborator::~Elaborator() = default;

ir::Builder& Elaborator::at(Span span) {
  ir::Builder& builder = trace_->builder;
  Instance* instance = frame().instance;
  if (instance && !instance->scope.isValid()) instance->scope = builder.module().scope(instance->path);
  builder.setLocation(span, instance ? instance->scope : ir::ScopeId());
  return builder;
}

bool Elaborator::requireTrace(Span where) {
  if (trace_) return true;
  error<diag::NotTraced>(where);
  return false;
}

Value Elaborator::traced(ir::Value value, Span origin, const SlotRecord* slot) {
  return keep(
      Traced{.value = value, .type = trace_->builder.type(value), .labels = {}, .slot = slot, .origin = origin});
}

std::optional<ir::Value> Elaborator::toTensor(const Value& value, Span where) {
  const Traced* tensor = asTensor(*this, value, std::nullopt, where);
  if (!tensor) return std::nullopt;
  assert(tensor->labels.empty() && "labels end with the index notation that made them");
  return tensor->value;
}

bool Elaborator::isStdlib(Span span) const { return span && sources_.name(span.file).starts_with("<stdlib>"); }

static std::string appliedHere(const Frame& frame) {
  if (frame.isPure || !frame.instance) return fmt::format("in `{}`, called here", frame.name);
  // Of a path that no one reads to its end, both ends.
  constexpr std::size_t kLongest = 80, kEnd = 32;
  const std::string& path = frame.instance->path;
  if (path.size() <= kLongest) return fmt::format("in `{}`, applied here", path);
  return fmt::format("in `{}..{}`, applied here", path.substr(0, kEnd), path.substr(path.size() - kEnd));
}

std::vector<Label> Elaborator::trail() const {
  constexpr std::size_t kLongest = 8;
  std::vector<Label> labels;
  // A layer that is inside itself is applied at one place many times.
  const auto isListed = [&](Span place) {
    return std::any_of(labels.begin(), labels.end(), [&](const Label& label) { return label.span == place; });
  };
  for (auto at = frames_.rbegin(); at != frames_.rend() && labels.size() < kLongest; ++at)
    if (at->call && !isStdlib(at->call) && !isListed(at->call)) labels.push_back({at->call, appliedHere(*at)});
  // An initial value is computed when the frames of its declaration are gone.
  if (initialising_)
    for (const Label& call : initialising_->declaredTrail)
      if (labels.size() < kLongest) labels.push_back(call);
  return labels;
}

Report::~Report() {
  for (Label& label : trail_) builder_.also(label.span, std::move(label.text));
}

Report& Report::label(std::string text) {
  builder_.label(std::move(text));
  return *this;
}

Report& Report::also(Span span, std::string text) {
  builder_.also(span, std::move(text));
  return *this;
}

Report& Report::note(std::string text) {
  builder_.note(std::move(text));
  return *this;
}

Report& Report::help(std::string text) {
  builder_.help(std::move(text));
  return *this;
}

Report Elaborator::reported(DiagnosticBuilder builder, std::vector<Label> trail) const {
  if (assumption_.isMentioned(diagnostics_.all().back().message)) builder.note(assumption_.note);
  return Report(builder, std::move(trail));
}

/// The place to blame. `labels` gets the other places: the line of the stdlib, the calls on the way.
Span Elaborator::blame(Span where, std::vector<Label>& labels) const {
  const auto encloses = [&](const Label& label) {
    return label.span.file == where.file && label.span.begin <= where.begin && where.end <= label.span.end;
  };
  std::vector<Label> calls = trail();
  // The argument of a call is the caller's: a call around the place adds nothing.
  std::erase_if(calls, encloses);
  if (!isStdlib(where) || calls.empty()) {
    labels = std::move(calls);
    return where;
  }
  const Span primary = calls.front().span;
  labels.push_back({where, "the stdlib says so here"});
  labels.insert(labels.end(), calls.begin() + 1, calls.end());
  return primary;
}

bool Elaborator::Assumption::isMentioned(std::string_view message) const {
  const auto isDigit = [&](std::size_t at) { return at < message.size() && message[at] >= '0' && message[at] <= '9'; };
  return std::any_of(sizes.begin(), sizes.end(), [&](std::int64_t size) {
    const std::string digits = std::to_string(size);
    for (std::size_t at = message.find(digits); at != std::string_view::npos; at = message.find(digits, at + 1))
      if (!(at > 0 && isDigit(at - 1)) && !isDigit(at + digits.size())) return true;
    return false;
  });
}

IndexContext& Elaborator::newIndexContext() { return indexContexts_.emplace_back(); }

}  // namespace nnc::elaborate
