#include "ir/edit.h"

#include <cassert>
#include <utility>

#include "ir/builder.h"

namespace nnc::ir {

Replacements::Replacements(const Function& function) {
  by_.reserve(function.values.size());
  for (std::size_t i = 0; i < function.values.size(); ++i) by_.emplace_back(i);
}

void Replacements::replace(Value value, Value by) {
  while (by_.size() <= static_cast<std::size_t>(value.index)) by_.emplace_back(by_.size());
  by_[value.index] = by;
}

Value Replacements::operator[](Value value) const {
  return static_cast<std::size_t>(value.index) < by_.size() ? by_[value.index] : value;
}

void Replacements::applyTo(std::vector<Value>& values) const {
  for (Value& value : values) value = (*this)[value];
}

static bool hasLiveResult(const Node& node, const std::vector<bool>& live) {
  for (const Value result : node.results)
    if (live[result.index]) return true;
  return false;
}

std::vector<bool> liveValues(const Function& function) {
  std::vector<bool> live(function.values.size(), false);
  for (const Value parameter : function.parameters) live[parameter.index] = true;
  for (const Value result : function.results) live[result.index] = true;
  for (std::size_t i = function.body.size(); i-- > 0;) {
    const Node& node = function.node(function.body[i]);
    if (!hasLiveResult(node, live)) continue;
    for (const Value operand : node.operands) live[operand.index] = true;
  }
  return live;
}

bool dropDeadNodes(Function& function) {
  const std::vector<bool> live = liveValues(function);
  const auto dropped = std::erase_if(function.body, [&](NodeId id) { return !hasLiveResult(function.node(id), live); });
  if (dropped > 0) function.plan.reset();
  return dropped > 0;
}

/// Erases the entries whose flag is not set.
template <typename T>
static void keepEntries(std::vector<T>& entries, const std::vector<bool>& keep) {
  assert(entries.size() == keep.size() && "one flag for each entry");
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (keep[i]) std::swap(entries[kept++], entries[i]);
  entries.resize(kept);
}

static void renumber(Function& function, const std::vector<Value>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) function.values[values[i].index].resultIndex = static_cast<int>(i);
}

void keepParameters(Function& function, const std::vector<bool>& keep) {
  assert(function.aliases.empty() && "an alias names a parameter by its position");
  keepEntries(function.parameters, keep);
  keepEntries(function.parameterNames, keep);
  renumber(function, function.parameters);
  function.plan.reset();
}

void keepResults(Function& function, const std::vector<bool>& keep) {
  assert(function.aliases.empty() && "an alias names a result by its position");
  keepEntries(function.results, keep);
  keepEntries(function.resultNames, keep);
  function.plan.reset();
}

void keepNodeResults(Function& function, NodeId node, const std::vector<bool>& keep) {
  keepEntries(function.node(node).results, keep);
  renumber(function, function.node(node).results);
  function.plan.reset();
}

static bool isInlined(const Node& node, InlineWhich which) {
  if (node.op != Op::Call) return false;
  const auto& call = std::get<CallAttributes>(node.attributes);
  if (call.kind != CallKind::Composite) return false;
  return which == InlineWhich::AllComposites || !call.vjp.has_value();
}

/// One level; returns whether a call was replaced.
static bool inlineOnce(Module& module, FunctionId id, InlineWhich which) {
  bool changed = false;
  for (const NodeId node : module.function(id).body) changed |= isInlined(module.function(id).node(node), which);
  if (!changed) return false;

  Builder builder(module, id);
  Replacements replacements(module.function(id));
  const std::vector<NodeId> old = std::exchange(module.function(id).body, {});
  for (const NodeId nodeId : old) {
    Node& node = module.function(id).node(nodeId);
    replacements.applyTo(node.operands);
    if (!isInlined(node, which)) {
      module.function(id).body.push_back(nodeId);
      continue;
    }
    const Node call = node;  // a copy: nodes move while the builder appends
    builder.setLocation(call.span, call.scope);
    const auto results = builder.inlineCall(std::get<CallAttributes>(call.attributes).body, call.operands);
    for (std::size_t i = 0; i < results.size(); ++i) replacements.replace(call.results[i], results[i]);
  }
  replacements.applyTo(module.function(id).results);
  module.function(id).plan.reset();
  return true;
}

bool inlineComposites(Module& module, FunctionId function, InlineWhich which) {
  bool changed = false;
  while (inlineOnce(module, function, which)) changed = true;
  return changed;
}

}  // namespace nnc::ir
