#include "ir/evaluate.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <set>

#include "ir/evaluate_ops.h"

namespace nnc::ir {

using evaluation::Operation;

namespace {

/// Rows of axis 0: what one step of a scan sees, and where it leaves its result.
Tensor rowOf(const Tensor& stacked, std::int64_t row) {
  Type type = stacked.type;
  type.shape.erase(type.shape.begin());
  Tensor slice(type);
  std::copy_n(stacked.bytes.begin() + row * static_cast<std::int64_t>(slice.bytes.size()), slice.bytes.size(),
              slice.bytes.begin());
  return slice;
}
void setRow(Tensor& stacked, std::int64_t row, const Tensor& value) {
  std::copy(value.bytes.begin(), value.bytes.end(),
            stacked.bytes.begin() + row * static_cast<std::int64_t>(value.bytes.size()));
}

/// A node that is neither a scan nor a call.
Tensor evaluateOne(const Operation& operation) {
  switch (operation.node.op) {
#define NNC_OP(NAME, ...) \
  case Op::NAME:          \
    return evaluation::evaluate##NAME(operation);
#include "ir/ops.def"
#undef NNC_OP
  }
  return {};
}

class Machine {
 public:
  explicit Machine(const Module& module) : module_(module) {}

  std::vector<Tensor> run(FunctionId id, const std::vector<const Tensor*>& arguments) const {
    const Function& function = module_.function(id);
    assert(arguments.size() == function.parameters.size() && "one argument per parameter");
    std::vector<Tensor> owned(function.values.size());
    std::vector<const Tensor*> values(function.values.size());
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      assert(arguments[i]->type == function.type(function.parameters[i]) && "an argument of another type");
      values[function.parameters[i].index] = arguments[i];
    }
    for (const NodeId nodeId : function.body) {
      const Node& node = function.node(nodeId);
      std::vector<const Tensor*> operands;
      for (const Value operand : node.operands) operands.push_back(values[operand.index]);
      std::vector<Tensor> results = runNode(function, node, operands);
      for (std::size_t i = 0; i < results.size(); ++i) {
        owned[node.results[i].index] = std::move(results[i]);
        values[node.results[i].index] = &owned[node.results[i].index];
      }
    }
    std::vector<Tensor> results;
    for (const Value result : function.results) results.push_back(*values[result.index]);
    return results;
  }

 private:
  std::vector<Tensor> runNode(const Function& function, const Node& node,
                              const std::vector<const Tensor*>& operands) const {
    if (node.op == Op::Scan) return runScan(std::get<ScanAttributes>(node.attributes), operands);
    if (node.op == Op::Call) {
      const auto& call = std::get<CallAttributes>(node.attributes);
      assert(call.kind != CallKind::Gradient && "gradient calls are expanded before evaluation");
      return run(call.body, operands);
    }
    std::vector<Tensor> results;
    results.push_back(evaluateOne({node, operands, function.type(node.results[0])}));
    return results;
  }

  std::vector<Tensor> runScan(const ScanAttributes& scan, const std::vector<const Tensor*>& operands) const {
    const Function& body = module_.function(scan.body);
    std::vector<Tensor> carries, stacked;
    for (int i = 0; i < scan.carries; ++i) carries.push_back(*operands[i]);
    for (std::size_t i = scan.carries; i < body.results.size(); ++i) {
      Type type = body.type(body.results[i]);
      type.shape.insert(type.shape.begin(), scan.length);
      stacked.emplace_back(type);
    }
    for (std::int64_t step = 0; step < scan.length; ++step) {
      const std::int64_t t = scan.reverse ? scan.length - 1 - step : step;
      std::vector<Tensor> slices;
      for (int i = 0; i < scan.xs; ++i) slices.push_back(rowOf(*operands[scan.carries + i], t));
      std::vector<const Tensor*> arguments;
      for (const Tensor& carry : carries) arguments.push_back(&carry);
      for (const Tensor& slice : slices) arguments.push_back(&slice);
      for (std::size_t i = scan.carries + scan.xs; i < operands.size(); ++i) arguments.push_back(operands[i]);
      std::vector<Tensor> results = run(scan.body, arguments);
      for (std::size_t i = 0; i < stacked.size(); ++i) setRow(stacked[i], t, results[scan.carries + i]);
      for (int i = 0; i < scan.carries; ++i) carries[i] = std::move(results[i]);
    }
    for (Tensor& ys : stacked) carries.push_back(std::move(ys));
    return carries;
  }

  const Module& module_;
};

}  // namespace

std::vector<Tensor> evaluate(const Module& module, FunctionId function, const std::vector<Tensor>& arguments) {
  std::vector<const Tensor*> lent;
  for (const Tensor& argument : arguments) lent.push_back(&argument);
  return Machine(module).run(function, lent);
}

/// Nodes that `value` needs. Empty: more than constants.
static std::optional<std::set<NodeId>> constantNodes(const Function& function, Value value, std::int64_t mostElements) {
  std::set<NodeId> nodes;
  std::vector<Value> open = {value};  // expressions may be long: no recursion
  std::int64_t elements = 0;
  while (!open.empty()) {
    const NodeId id = function.values[open.back().index].definition;
    open.pop_back();
    if (!id.isValid()) return std::nullopt;
    if (!nodes.insert(id).second) continue;
    const Node& node = function.node(id);
    const bool isOpen = node.op == Op::Scan || node.op == Op::Call || node.op == Op::StopGradient;
    if (isOpen) return std::nullopt;
    elements += function.type(node.results[0]).elementCount();
    if (elements > mostElements) return std::nullopt;
    open.insert(open.end(), node.operands.begin(), node.operands.end());
  }
  return nodes;
}

std::optional<Tensor> constantValue(const Function& function, Value value, std::int64_t mostElements) {
  const std::optional<std::set<NodeId>> nodes = constantNodes(function, value, mostElements);
  if (!nodes) return std::nullopt;
  std::map<Value, Tensor> values;
  for (const NodeId id : *nodes) {  // in the order in which they were made
    const Node& node = function.node(id);
    std::vector<const Tensor*> operands;
    for (const Value operand : node.operands) operands.push_back(&values.at(operand));
    values.emplace(node.results[0], evaluateOne({node, operands, function.type(node.results[0])}));
  }
  return std::move(values.at(value));
}

}  // namespace nnc::ir
