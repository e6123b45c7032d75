#include "autodiff/differentiate.h"

#include <algorithm>
#include <utility>

#include "autodiff/backpropagate.h"
#include "ir/builder.h"
#include "ir/call_graph.h"
#include "ir/edit.h"

namespace nnc::autodiff {

using ir::Value;

static bool isGradientCall(const ir::Node& node) {
  return node.op == ir::Op::Call && std::get<ir::CallAttributes>(node.attributes).kind == ir::CallKind::Gradient;
}

static bool hasGradientCall(const ir::Function& function) {
  return std::any_of(function.body.begin(), function.body.end(),
                     [&](ir::NodeId id) { return isGradientCall(function.node(id)); });
}

/// The arguments of the call, with a name of its own for each one that is differentiated: in loss(x, x) the derivative
/// by the first operand must not see the second.
static std::vector<Value> distinctArguments(ir::Builder& builder, const ir::Node& call) {
  std::vector<Value> arguments = call.operands;
  for (const int i : std::get<ir::CallAttributes>(call.attributes).wrt) {
    if (std::count(arguments.begin(), arguments.end(), arguments[i]) < 2) continue;
    // A reshape to its own shape: the builder's reshape would return its operand.
    arguments[i] =
        builder.appendOne(ir::Op::Reshape, {arguments[i]}, ir::ReshapeAttributes{builder.type(arguments[i]).shape});
  }
  return arguments;
}

/// The results of a gradient call: those of the loss function, then the derivatives.
static std::vector<Value> expand(ir::Builder& builder, const ir::Node& call) {
  const auto& attributes = std::get<ir::CallAttributes>(call.attributes);
  const std::vector<Value> arguments = distinctArguments(builder, call);
  const Forward forward = copyForward(builder, attributes.body, arguments);
  std::vector<Value> results = forward.results;

  const Seed seed{results[0], builder.constantLike(results[0], 1.0)};
  std::vector<Value> wrt;
  for (const int i : attributes.wrt) wrt.push_back(arguments[i]);
  const std::vector<Value> gradients = backpropagate(builder, forward.nodes, {&seed, 1}, wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i)
    results.push_back(gradients[i].isValid() ? gradients[i] : builder.constantLike(wrt[i], 0.0));
  return results;
}

static void expandGradients(ir::Module& module, ir::FunctionId id) {
  if (!hasGradientCall(module.function(id))) return;
  ir::Builder builder(module, id);
  ir::Replacements replacements(module.function(id));
  const std::vector<ir::NodeId> old = std::exchange(module.function(id).body, {});
  for (const ir::NodeId nodeId : old) {
    ir::Node& node = module.function(id).node(nodeId);
    replacements.applyTo(node.operands);
    if (!isGradientCall(node)) {
      module.function(id).body.push_back(nodeId);
      continue;
    }
    const ir::Node call = node;  // a copy: nodes move while the builder appends
    builder.setLocation(call.span, call.scope);
    const std::vector<Value> results = expand(builder, call);
    for (std::size_t i = 0; i < results.size(); ++i) replacements.replace(call.results[i], results[i]);
  }
  replacements.applyTo(module.function(id).results);
  module.function(id).plan.reset();
}

bool differentiate(ir::Module& module, Diagnostics&) {
  if (std::none_of(module.functions.begin(), module.functions.end(), hasGradientCall)) return true;
  const std::vector<bool> calledBefore = ir::calledFunctions(module);
  for (const ir::FunctionId id : ir::calleesFirst(module)) expandGradients(module, id);
  ir::clearUncalled(module, calledBefore);
  return true;
}

}  // namespace nnc::autodiff
