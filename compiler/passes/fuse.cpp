// Outlines the groups that fuse_groups chose.
#include "passes/fuse.h"

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ir/builder.h"
#include "ir/call_graph.h"
#include "ir/edit.h"
#include "passes/fuse_groups.h"
#include "passes/fuse_rules.h"

namespace nnc::passes {

namespace {

/// Names of functions: unique in the module.
class Names {
 public:
  explicit Names(const ir::Module& module) {
    for (const ir::Function& function : module.functions) taken_.insert(function.name);
  }
  std::string fresh(const std::string& wanted) {
    std::string name = wanted;
    for (int& n = next_[wanted]; !taken_.insert(name).second;) name = wanted + "_" + std::to_string(n++ + 2);
    return name;
  }

 private:
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, int> next_;
};

}  // namespace

static std::string_view shortName(ir::Op op) { return op == ir::Op::ReduceSum ? "sum" : ir::opInfo(op).name; }

/// `add_max` for a body of add, broadcast, const and max: up to four ops, computing ones if there are any.
static std::string kernelName(const ir::Function& function, const std::vector<ir::NodeId>& nodes) {
  constexpr int kMaxParts = 4;
  for (const bool onlyComputing : {true, false}) {
    std::string name;
    std::string_view last;
    int parts = 0;
    for (const ir::NodeId id : nodes) {
      const ir::Op op = function.node(id).op;
      const ir::OpClass opClass = ir::opInfo(op).opClass;
      const bool computes = opClass == ir::OpClass::Elementwise || opClass == ir::OpClass::Reduction ||
                            opClass == ir::OpClass::Data || opClass == ir::OpClass::Contraction || op == ir::Op::Random;
      if ((onlyComputing && !computes) || shortName(op) == last || parts == kMaxParts) continue;
      last = shortName(op);
      name += (parts++ > 0 ? "_" : "") + std::string(last);
    }
    if (!name.empty()) return name;
  }
  return "kernel";
}

static ir::FunctionId outline(ir::Module& module, ir::FunctionId from, const FusionUnit& unit, std::string name) {
  const ir::FunctionId body = module.addFunction(std::move(name));
  const ir::Function& function = module.function(from);
  ir::Builder builder(module, body);
  std::map<ir::Value, ir::Value> copies;  // of few of the function's values
  for (const ir::Value operand : unit.operands) copies[operand] = builder.addParameter(function.type(operand), "");
  for (const ir::NodeId id : unit.nodes) {
    const ir::Node& node = function.node(id);
    std::vector<ir::Value> operands;
    for (const ir::Value operand : node.operands) operands.push_back(copies.at(operand));
    builder.setLocation(node.span, node.scope);
    copies[node.results[0]] = builder.appendOne(node.op, std::move(operands), node.attributes);
  }
  for (const ir::Value output : unit.outputs) builder.addResult(copies.at(output), "");
  return body;
}

/// Puts a call of `body` into `function`; the outputs keep their values, so that users need no change.
static ir::NodeId addCall(ir::Function& function, const FusionUnit& unit, ir::FunctionId body, std::string name) {
  const ir::Node& last = function.node(function.values[unit.outputs.back().index].definition);
  ir::Node call;
  call.op = ir::Op::Call;
  call.span = last.span;
  call.scope = last.scope;
  ir::CallAttributes attributes;
  attributes.name = std::move(name);
  attributes.body = body;
  attributes.kind = ir::CallKind::Kernel;
  call.attributes = std::move(attributes);
  call.operands = unit.operands;
  call.results = unit.outputs;
  const ir::NodeId id(function.nodes.size());
  function.nodes.push_back(std::move(call));
  for (std::size_t i = 0; i < unit.outputs.size(); ++i) {
    ir::ValueInfo& info = function.values[unit.outputs[i].index];
    info.definition = id;
    info.resultIndex = static_cast<int>(i);
  }
  return id;
}

/// Appends the reshapes that lead from a value in memory to `value`, unless they are there.
static void emitViews(ir::Function& function, ir::Value value, std::vector<bool>* isEmitted) {
  const ir::NodeId id = function.values[value.index].definition;
  if (!id.isValid() || (*isEmitted)[value.index] || fuseRole(function.node(id)) != FuseRole::View) return;
  (*isEmitted)[value.index] = true;
  emitViews(function, function.node(id).operands[0], isEmitted);
  function.body.push_back(id);
}

static void fuse(ir::Module& module, ir::FunctionId id, Names& names) {
  ir::dropDeadNodes(module.function(id));
  const std::vector<FusionUnit> units = chooseGroups(module.function(id));
  module.function(id).body.clear();
  module.function(id).plan.reset();
  std::vector<bool> isEmitted(module.function(id).values.size(), false);
  for (const FusionUnit& unit : units) {
    ir::NodeId node = unit.nodes[0];
    if (unit.isKernel) {
      const std::string name = names.fresh(kernelName(module.function(id), unit.nodes));
      const ir::FunctionId body = outline(module, id, unit, name);
      node = addCall(module.function(id), unit, body, name);
    }
    ir::Function& function = module.function(id);
    const std::vector<ir::Value> operands = function.node(node).operands;
    for (const ir::Value operand : operands) emitViews(function, operand, &isEmitted);
    function.body.push_back(node);
  }
  ir::Function& function = module.function(id);
  for (const ir::Value result : function.results) emitViews(function, result, &isEmitted);
}

bool fuse(ir::Module& module, Diagnostics& /*diagnostics*/) {
  const std::vector<bool> isKernel = ir::kernelBodies(module);
  Names names(module);
  const std::size_t count = module.functions.size();
  for (std::size_t i = 0; i < count; ++i)
    if (!isKernel[i]) fuse(module, ir::FunctionId(i), names);
  return true;
}

}  // namespace nnc::passes
