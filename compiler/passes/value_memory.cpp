#include "passes/value_memory.h"

#include <algorithm>

namespace nnc::passes {

bool isFreeView(ir::Op op) { return op == ir::Op::Reshape || op == ir::Op::StopGradient; }

ir::Value viewedValue(const ir::Function& function, ir::Value value) {
  const ir::Node* node = function.definition(value);
  while (node != nullptr && isFreeView(node->op)) {
    value = node->operands[0];
    node = function.definition(value);
  }
  return value;
}

static bool isElementwise(ir::Op op) { return ir::opInfo(op).opClass == ir::OpClass::Elementwise; }

static const ir::CallAttributes* kernelCall(const ir::Node& node) {
  const auto* call = std::get_if<ir::CallAttributes>(&node.attributes);
  return call != nullptr && call->kind == ir::CallKind::Kernel ? call : nullptr;
}

bool isMap(const ir::Module& module, const ir::Node& node) {
  const ir::CallAttributes* call = kernelCall(node);
  if (call == nullptr) return isElementwise(node.op);
  const ir::Function& body = module.function(call->body);
  return std::none_of(body.body.begin(), body.body.end(), [&](ir::NodeId id) {
    const ir::OpClass opClass = ir::opInfo(body.node(id).op).opClass;
    return opClass == ir::OpClass::Reduction || opClass == ir::OpClass::Contraction;
  });
}

/// By value of a kernel body: whether it is read at another index than the one that the kernel writes.
static std::vector<bool> shiftedValues(const ir::Function& body) {
  std::vector<bool> isShifted(body.values.size(), false);
  for (std::size_t i = body.body.size(); i-- > 0;) {
    const ir::Node& node = body.node(body.body[i]);
    const bool shifts = !isElementwise(node.op) || isShifted[node.results[0].index];
    for (const ir::Value operand : node.operands)
      if (shifts) isShifted[operand.index] = true;
  }
  return isShifted;
}

std::vector<bool> overwritableOperands(const ir::Module& module, const ir::Node& node) {
  std::vector<bool> overwritable(node.operands.size(), false);
  if (node.op == ir::Op::Scatter) {
    overwritable[0] = true;
    return overwritable;
  }
  if (!isMap(module, node)) return overwritable;
  const ir::CallAttributes* call = kernelCall(node);
  if (call == nullptr) {
    overwritable.assign(node.operands.size(), true);
    return overwritable;
  }
  const ir::Function& body = module.function(call->body);
  const std::vector<bool> isShifted = shiftedValues(body);
  for (std::size_t i = 0; i < overwritable.size(); ++i) {
    const ir::Value parameter = body.parameters[i];
    // Results have the shape of the iteration space; a parameter of another shape is not read at its index.
    overwritable[i] = !isShifted[parameter.index] && body.type(parameter).shape == body.type(body.results[0]).shape;
  }
  return overwritable;
}

}  // namespace nnc::passes
