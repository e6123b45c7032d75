#include "ir/flops.h"

#include <map>
#include <set>

#include "ir/call_graph.h"

namespace nnc::ir {

std::int64_t multiplyAdds(const Function& function, const Node& node) {
  if (node.op != Op::Contract) return 0;
  const auto& letters = std::get<ContractAttributes>(node.attributes);
  std::map<char, std::int64_t> sizes;
  for (std::size_t i = 0; i < letters.a.size(); ++i) sizes[letters.a[i]] = function.type(node.operands[0]).shape[i];
  for (std::size_t i = 0; i < letters.b.size(); ++i) sizes[letters.b[i]] = function.type(node.operands[1]).shape[i];
  std::int64_t product = 1;
  for (const auto& [letter, size] : sizes) product *= size;
  return product;
}

/// Elements of a tensor of floats; what else there is costs nothing.
static double realElements(const Type& type) {
  return isFloat(type.dtype) ? static_cast<double>(type.elementCount()) : 0.0;
}

/// The arithmetic of a node itself.
static double ownFlops(const Function& function, const Node& node) {
  switch (opInfo(node.op).opClass) {
    case OpClass::Contraction:
      return isFloat(function.type(node.results[0]).dtype) ? 2.0 * static_cast<double>(multiplyAdds(function, node))
                                                           : 0.0;
    case OpClass::Reduction:
      return realElements(function.type(node.operands[0]));
    case OpClass::Elementwise:
      if (node.op == Op::Cast || node.op == Op::StopGradient) return 0.0;
      // A comparison of floats is arithmetic, though its result is a bool.
      return node.op == Op::Compare ? realElements(function.type(node.operands[0]))
                                    : realElements(function.type(node.results[0]));
    case OpClass::Data:
      if (node.op == Op::Unwindow) return realElements(function.type(node.operands[0]));
      if (node.op == Op::Scatter && std::get<ScatterAttributes>(node.attributes).mode == ScatterMode::Add)
        return realElements(function.type(node.operands[2]));
      return 0.0;
    case OpClass::Constant:
    case OpClass::View:
    case OpClass::Region:
      return 0.0;
  }
  return 0.0;
}

bool isTranscendental(Op op) { return op == Op::Exp || op == Op::Log || op == Op::Sin || op == Op::Tanh; }

Operations countOperations(const Module& module, FunctionId function) {
  std::vector<Operations> counts(module.functions.size());
  for (const FunctionId id : calleesFirst(module)) {
    const Function& each = module.function(id);
    Operations& sum = counts[static_cast<std::size_t>(id.index)];
    const auto add = [&sum](const Operations& other, double times) {
      sum.all += times * other.all;
      sum.transcendental += times * other.transcendental;
    };
    for (const NodeId nodeId : each.body) {
      const Node& node = each.node(nodeId);
      const double own = ownFlops(each, node);
      add({own, isTranscendental(node.op) ? own : 0.0}, 1.0);
      if (const auto* const scan = std::get_if<ScanAttributes>(&node.attributes))
        add(counts[static_cast<std::size_t>(scan->body.index)], static_cast<double>(scan->length));
      if (const auto* const call = std::get_if<CallAttributes>(&node.attributes))
        add(counts[static_cast<std::size_t>(call->body.index)], 1.0);
    }
  }
  return counts[static_cast<std::size_t>(function.index)];
}

/// What a node takes and gives.
static double ownBytes(const Function& function, const Node& node) {
  if (node.op == Op::Reshape || node.op == Op::Scan) return 0.0;
  double bytes = 0.0;
  const std::set<Value> operands(node.operands.begin(), node.operands.end());
  for (const Value operand : operands) bytes += static_cast<double>(function.type(operand).byteCount());
  for (const Value result : node.results) bytes += static_cast<double>(function.type(result).byteCount());
  return bytes;
}

double countBytes(const Module& module, FunctionId function) {
  std::vector<double> bytes(module.functions.size(), 0.0);
  for (const FunctionId id : calleesFirst(module)) {
    const Function& each = module.function(id);
    double& sum = bytes[static_cast<std::size_t>(id.index)];
    for (const NodeId nodeId : each.body) {
      const Node& node = each.node(nodeId);
      sum += ownBytes(each, node);
      if (const auto* const scan = std::get_if<ScanAttributes>(&node.attributes))
        sum += static_cast<double>(scan->length) * bytes[static_cast<std::size_t>(scan->body.index)];
    }
  }
  return bytes[static_cast<std::size_t>(function.index)];
}

}  // namespace nnc::ir
