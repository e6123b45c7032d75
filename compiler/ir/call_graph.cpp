#include "ir/call_graph.h"

#include <utility>

namespace nnc::ir {

std::vector<FunctionId> callees(const Node& node) {
  if (node.op == Op::Scan) return {std::get<ScanAttributes>(node.attributes).body};
  if (node.op != Op::Call) return {};
  const auto& call = std::get<CallAttributes>(node.attributes);
  if (call.vjp) return {call.body, *call.vjp};
  return {call.body};
}

static std::vector<FunctionId> calleesOf(const Function& function) {
  std::vector<FunctionId> all;
  for (const NodeId id : function.body)
    for (const FunctionId callee : callees(function.node(id))) all.push_back(callee);
  return all;
}

std::vector<FunctionId> calleesFirst(const Module& module) {
  struct Visit {
    FunctionId function;
    std::vector<FunctionId> callees;
    std::size_t next = 0;
  };
  std::vector<FunctionId> order;
  std::vector<bool> seen(module.functions.size(), false);
  std::vector<Visit> stack;  // explicit: a chain of calls may be deeper than the machine's stack
  const auto enter = [&](FunctionId id) {
    if (seen[id.index]) return;
    seen[id.index] = true;
    stack.push_back({id, calleesOf(module.function(id))});
  };
  for (std::size_t i = 0; i < module.functions.size(); ++i) {
    enter(FunctionId(i));
    while (!stack.empty()) {
      Visit& top = stack.back();
      if (top.next < top.callees.size()) {
        enter(top.callees[top.next++]);
        continue;
      }
      order.push_back(top.function);
      stack.pop_back();
    }
  }
  return order;
}

std::vector<FunctionId> reachedFrom(const Module& module, const std::vector<FunctionId>& entries) {
  std::vector<bool> isReached(module.functions.size(), false);
  std::vector<FunctionId> order;
  const auto reach = [&](FunctionId id) {
    if (isReached[id.index]) return;
    isReached[id.index] = true;
    order.push_back(id);
  };
  for (const FunctionId id : entries) reach(id);
  for (std::size_t next = 0; next < order.size(); ++next)
    for (const FunctionId callee : calleesOf(module.function(order[next]))) reach(callee);
  return order;
}

std::vector<bool> calledFunctions(const Module& module) {
  std::vector<bool> called(module.functions.size(), false);
  for (const Function& function : module.functions)
    for (const FunctionId callee : calleesOf(function)) called[callee.index] = true;
  return called;
}

std::vector<bool> kernelBodies(const Module& module) {
  std::vector<bool> isKernel(module.functions.size(), false);
  for (const Function& function : module.functions) {
    for (const NodeId id : function.body) {
      const auto* call = std::get_if<CallAttributes>(&function.node(id).attributes);
      if (call != nullptr && call->kind == CallKind::Kernel) isKernel[call->body.index] = true;
    }
  }
  return isKernel;
}

void clearUncalled(Module& module, const std::vector<bool>& calledBefore) {
  std::vector<FunctionId> entries;
  for (std::size_t i = 0; i < calledBefore.size(); ++i)
    if (!calledBefore[i]) entries.emplace_back(i);
  std::vector<bool> reached(module.functions.size(), false);
  for (const FunctionId id : reachedFrom(module, entries)) reached[id.index] = true;
  for (std::size_t i = 0; i < module.functions.size(); ++i) {
    if (reached[i]) continue;
    Function empty;
    empty.name = module.functions[i].name;
    module.functions[i] = std::move(empty);
  }
}

std::string freshFunctionName(const Module& module, std::string_view wanted) {
  std::string name(wanted);
  for (int suffix = 2; module.findFunction(name).has_value(); ++suffix)
    name = std::string(wanted) + "_" + std::to_string(suffix);
  return name;
}

bool draws(const Module& module) {
  for (const Function& function : module.functions)
    for (const NodeId id : function.body)
      if (function.node(id).op == Op::Random) return true;
  return false;
}

}  // namespace nnc::ir
