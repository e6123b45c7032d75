#include "passes/remove_dead.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "ir/call_graph.h"
#include "ir/edit.h"

namespace nnc::passes {

using ir::FunctionId;
using ir::NodeId;
using ir::Value;
using Flags = std::vector<bool>;

static bool isAllSet(const Flags& flags) { return std::find(flags.begin(), flags.end(), false) == flags.end(); }

/// Marks what the marked values need.
static void spreadNeed(const ir::Function& function, Flags& needed) {
  for (std::size_t i = function.body.size(); i-- > 0;) {
    const ir::Node& node = function.node(function.body[i]);
    const bool isNeeded =
        std::any_of(node.results.begin(), node.results.end(), [&](Value v) { return needed[v.index]; });
    if (!isNeeded) continue;
    for (const Value operand : node.operands) needed[operand.index] = true;
  }
}

namespace {

/// What of a scan is needed. `results` of the body and of the scan, `parameters` of the body and operands of the scan.
struct ScanNeed {
  Flags results, parameters;
};

}  // namespace

/// From the needed results of a scan to the fixpoint over its carries: a carry is needed when its last value is, or
/// when something needed reads it.
static ScanNeed scanNeed(const ir::Function& body, int carries, Flags results) {
  ScanNeed need{std::move(results), Flags(body.parameters.size(), false)};
  for (bool changed = true; changed;) {
    changed = false;
    Flags needed(body.values.size(), false);
    for (std::size_t i = 0; i < need.results.size(); ++i)
      if (need.results[i]) needed[body.results[i].index] = true;
    spreadNeed(body, needed);
    for (std::size_t i = 0; i < need.parameters.size(); ++i) need.parameters[i] = needed[body.parameters[i].index];
    for (int i = 0; i < carries; ++i) {
      if (!need.parameters[i] || need.results[i]) continue;
      need.results[i] = changed = true;
    }
  }
  for (int i = 0; i < carries; ++i) need.parameters[i] = need.results[i];  // a carry enters where it leaves
  return need;
}

/// A copy of the body without what is not needed.
static FunctionId copyNeeded(ir::Module& module, FunctionId id, const ScanNeed& need) {
  ir::Function copy = module.function(id);
  copy.name = ir::freshFunctionName(module, copy.name);
  ir::keepResults(copy, need.results);
  ir::dropDeadNodes(copy);
  ir::keepParameters(copy, need.parameters);
  const FunctionId made = module.addFunction(copy.name);
  module.function(made) = std::move(copy);
  return made;
}

static void shrinkScan(ir::Module& module, FunctionId id, NodeId nodeId, const Flags& live) {
  const ir::Node& node = module.function(id).node(nodeId);
  ir::ScanAttributes scan = std::get<ir::ScanAttributes>(node.attributes);
  Flags results;
  for (const Value result : node.results) results.push_back(live[result.index]);
  const ScanNeed need = scanNeed(module.function(scan.body), scan.carries, std::move(results));
  if (isAllSet(need.results) && isAllSet(need.parameters)) return;

  scan.body = copyNeeded(module, scan.body, need);
  std::vector<Value> operands;
  int carries = 0, xs = 0;
  ir::Node& shrunk = module.function(id).node(nodeId);
  for (int i = 0; i < static_cast<int>(shrunk.operands.size()); ++i) {
    if (!need.parameters[i]) continue;
    operands.push_back(shrunk.operands[i]);
    if (i < scan.carries)
      ++carries;
    else if (i < scan.carries + scan.xs)
      ++xs;
  }
  scan.carries = carries;
  scan.xs = xs;
  shrunk.operands = std::move(operands);
  shrunk.attributes = scan;
  ir::keepNodeResults(module.function(id), nodeId, need.results);
}

/// One walk from the last node to the first: a scan is shrunk before its operands are marked.
static void removeDeadNodes(ir::Module& module, FunctionId id) {
  Flags live(module.function(id).values.size(), false);
  for (const Value result : module.function(id).results) live[result.index] = true;
  std::vector<NodeId> kept;
  const std::vector<NodeId> body = module.function(id).body;
  for (std::size_t i = body.size(); i-- > 0;) {
    const ir::Node* node = &module.function(id).node(body[i]);
    if (std::none_of(node->results.begin(), node->results.end(), [&](Value v) { return live[v.index]; })) continue;
    if (node->op == ir::Op::Scan) shrinkScan(module, id, body[i], live);
    node = &module.function(id).node(body[i]);
    for (const Value operand : node->operands) live[operand.index] = true;
    kept.push_back(body[i]);
  }
  ir::Function& function = module.function(id);
  if (kept.size() == body.size()) return;
  std::reverse(kept.begin(), kept.end());
  function.body = std::move(kept);
  function.plan.reset();
}

bool removeDead(ir::Module& module, Diagnostics&) {
  const Flags calledBefore = ir::calledFunctions(module);
  const Flags isKernel = ir::kernelBodies(module);
  // Copies of scan bodies are added at the end and get their turn.
  for (std::size_t i = 0; i < module.functions.size(); ++i)
    if (i >= isKernel.size() || !isKernel[i]) removeDeadNodes(module, FunctionId(i));
  ir::clearUncalled(module, calledBefore);
  return true;
}

}  // namespace nnc::passes
