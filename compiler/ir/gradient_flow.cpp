#include "ir/gradient_flow.h"

#include <algorithm>
#include <cassert>

namespace nnc::ir {

bool hasDerivative(Op op, int operand) {
  switch (op) {
    case Op::Const:
    case Op::Iota:
    case Op::Random:
    case Op::Floor:
    case Op::Compare:
    case Op::StopGradient:
      return false;
    case Op::Select:
      return operand != 0;  // not the condition
    case Op::Gather:
      return operand == 0;  // not the index
    case Op::Scatter:
      return operand != 1;
    case Op::Neg:
    case Op::Exp:
    case Op::Log:
    case Op::Sqrt:
    case Op::Sin:
    case Op::Tanh:
    case Op::Cast:
    case Op::Add:
    case Op::Mul:
    case Op::Div:
    case Op::Max:
    case Op::Rem:
    case Op::Reshape:
    case Op::Transpose:
    case Op::Broadcast:
    case Op::Slice:
    case Op::Pad:
    case Op::Concat:
    case Op::Window:
    case Op::Unwindow:
    case Op::ReduceSum:
    case Op::ReduceMax:
    case Op::Contract:
    case Op::Scan:
    case Op::Call:
      return true;
  }
  assert(false && "an op outside the table");
  return false;
}

static bool any(const std::vector<bool>& flags) { return std::find(flags.begin(), flags.end(), true) != flags.end(); }

static std::vector<bool> flagsOf(const std::vector<Value>& values, const std::vector<bool>& marked) {
  std::vector<bool> flags;
  flags.reserve(values.size());
  for (const Value value : values) flags.push_back(marked[value.index]);
  return flags;
}

/// Marks the float values among `values` whose flag is set.
static void mark(const Function& function, const std::vector<Value>& values, const std::vector<bool>& flags,
                 std::vector<bool>& marked) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (flags[i] && isFloat(function.type(values[i]).dtype)) marked[values[i].index] = true;
}

/// Which results of a call depend on the marked operands.
static std::vector<bool> callForward(const Module& module, const CallAttributes& call,
                                     const std::vector<bool>& operands, std::size_t resultCount) {
  if (call.vjp) return std::vector<bool>(resultCount, any(operands));
  std::vector<bool> results = activeResults(module, call.body, operands);
  results.resize(resultCount, any(operands));  // the gradients of a gradient call may depend on everything
  return results;
}

static std::vector<bool> callBackward(const Module& module, const CallAttributes& call, std::vector<bool> results,
                                      std::size_t operandCount) {
  if (call.vjp) return std::vector<bool>(operandCount, any(results));
  const std::size_t own = module.function(call.body).results.size();
  const bool fromGradient =
      std::find(results.begin() + static_cast<std::ptrdiff_t>(own), results.end(), true) != results.end();
  if (fromGradient) return std::vector<bool>(operandCount, true);
  results.resize(own);
  return usefulParameters(module, call.body, results);
}

static std::vector<bool> scanForward(const Module& module, const ScanAttributes& scan, std::vector<bool> operands) {
  return activeResults(module, scan.body, activeScanParameters(module, scan, std::move(operands)));
}

static std::vector<bool> scanBackward(const Module& module, const ScanAttributes& scan, std::vector<bool> results) {
  return usefulParameters(module, scan.body, usefulScanResults(module, scan, std::move(results)));
}

void spreadForward(const Module& module, const Function& function, std::span<const NodeId> nodes,
                   std::vector<bool>& active) {
  for (const NodeId id : nodes) {
    const Node& node = function.node(id);
    const std::vector<bool> operands = flagsOf(node.operands, active);
    if (!any(operands)) continue;
    if (node.op == Op::Call) {
      const auto& call = std::get<CallAttributes>(node.attributes);
      mark(function, node.results, callForward(module, call, operands, node.results.size()), active);
    } else if (node.op == Op::Scan) {
      mark(function, node.results, scanForward(module, std::get<ScanAttributes>(node.attributes), operands), active);
    } else {
      for (std::size_t i = 0; i < operands.size(); ++i)
        if (operands[i] && hasDerivative(node.op, static_cast<int>(i))) mark(function, node.results, {true}, active);
    }
  }
}

void spreadBackward(const Module& module, const Function& function, std::span<const NodeId> nodes,
                    std::vector<bool>& useful) {
  for (std::size_t n = nodes.size(); n-- > 0;) {
    const Node& node = function.node(nodes[n]);
    const std::vector<bool> results = flagsOf(node.results, useful);
    if (!any(results)) continue;
    if (node.op == Op::Call) {
      const auto& call = std::get<CallAttributes>(node.attributes);
      mark(function, node.operands, callBackward(module, call, results, node.operands.size()), useful);
    } else if (node.op == Op::Scan) {
      mark(function, node.operands, scanBackward(module, std::get<ScanAttributes>(node.attributes), results), useful);
    } else if (isFloat(function.type(node.results[0]).dtype)) {
      std::vector<bool> operands;
      for (std::size_t i = 0; i < node.operands.size(); ++i)
        operands.push_back(hasDerivative(node.op, static_cast<int>(i)));
      mark(function, node.operands, operands, useful);
    }
  }
}

std::vector<bool> activeResults(const Module& module, FunctionId id, const std::vector<bool>& parameters) {
  const Function& function = module.function(id);
  std::vector<bool> active(function.values.size(), false);
  mark(function, function.parameters, parameters, active);
  spreadForward(module, function, function.body, active);
  return flagsOf(function.results, active);
}

std::vector<bool> usefulParameters(const Module& module, FunctionId id, const std::vector<bool>& results) {
  const Function& function = module.function(id);
  std::vector<bool> useful(function.values.size(), false);
  mark(function, function.results, results, useful);
  spreadBackward(module, function, function.body, useful);
  return flagsOf(function.parameters, useful);
}

/// Adds the first `carries` flags of `from` to `to`. Returns whether that set any.
static bool joinCarries(std::vector<bool>& to, const std::vector<bool>& from, int carries) {
  bool changed = false;
  for (int i = 0; i < carries; ++i) {
    if (!from[i] || to[i]) continue;
    to[i] = true;
    changed = true;
  }
  return changed;
}

std::vector<bool> activeScanParameters(const Module& module, const ScanAttributes& scan, std::vector<bool> operands) {
  while (joinCarries(operands, activeResults(module, scan.body, operands), scan.carries)) {
  }
  return operands;
}

std::vector<bool> usefulScanResults(const Module& module, const ScanAttributes& scan, std::vector<bool> results) {
  while (joinCarries(results, usefulParameters(module, scan.body, results), scan.carries)) {
  }
  return results;
}

std::vector<bool> reachesLoss(const Module& module, const CallAttributes& gradient) {
  std::vector<bool> loss(module.function(gradient.body).results.size(), false);
  loss[0] = true;
  const std::vector<bool> useful = usefulParameters(module, gradient.body, loss);
  std::vector<bool> reached;
  for (const int operand : gradient.wrt) reached.push_back(useful[operand]);
  return reached;
}

}  // namespace nnc::ir
