#include "ir/verify.h"

#include <fmt/format.h>

#include <algorithm>

namespace nnc::ir {

namespace {

class Verifier {
 public:
  explicit Verifier(const Module& module) : module_(module) {}

  std::vector<std::string> run() {
    for (std::size_t i = 0; i < module_.functions.size(); ++i) checkFunction(FunctionId(i));
    if (problems_.empty()) checkCallsAreAcyclic();
    return std::move(problems_);
  }

 private:
  void report(const Function& function, std::string text) { problems_.push_back(fmt::format("@{}: {}", function.name, text)); }

  void checkFunction(FunctionId id) {
    const Function& f = module_.function(id);
    std::vector<bool> isDefined(f.values.size());
    if (f.parameterNames.size() != f.parameters.size()) report(f, "parameters and their names differ in number");
    if (f.resultNames.size() != f.results.size()) report(f, "results and their names differ in number");
    for (std::size_t i = 0; i < f.parameters.size(); ++i) {
      const Value value = f.parameters[i];
      if (!isValue(f, value)) return report(f, fmt::format("parameter {} is no value", i));
      if (isDefined[value.index]) report(f, fmt::format("parameter {} appears twice", i));
      if (f.values[value.index].definition.isValid()) report(f, fmt::format("parameter {} is defined by a node", i));
      if (f.values[value.index].resultIndex != static_cast<int>(i)) report(f, fmt::format("parameter {} carries another position", i));
      isDefined[value.index] = true;
    }
    for (const NodeId node : f.body) {
      if (node.index < 0 || node.index >= static_cast<int>(f.nodes.size())) return report(f, "the body names no node");
      if (!checkNode(f, node, isDefined)) return;
    }
    for (const Value value : f.results)
      if (!isValue(f, value) || !isDefined[value.index]) report(f, fmt::format("result %{} is not defined", value.index));
    checkAliases(f);
  }

  static bool isValue(const Function& f, Value value) { return value.index >= 0 && value.index < static_cast<int>(f.values.size()); }

  /// False: nothing after this node can be trusted.
  bool checkNode(const Function& f, NodeId id, std::vector<bool>& isDefined) {
    const Node& node = f.node(id);
    const std::string_view name = opInfo(node.op).name;
    std::vector<Type> operands;
    for (const Value operand : node.operands) {
      if (!isValue(f, operand) || !isDefined[operand.index]) {
        report(f, fmt::format("{} uses %{} before its definition", name, operand.index));
        return false;
      }
      operands.push_back(f.type(operand));
    }
    const InferredTypes inferred = inferTypes(module_, node.op, operands, node.attributes);
    if (!inferred.error.empty()) {
      report(f, fmt::format("{}: {}", name, inferred.error));
      return false;
    }
    if (inferred.types.size() != node.results.size()) {
      report(f, fmt::format("{} has {} results, not {}", name, node.results.size(), inferred.types.size()));
      return false;
    }
    for (std::size_t i = 0; i < node.results.size(); ++i) {
      const Value value = node.results[i];
      if (!isValue(f, value)) {
        report(f, fmt::format("{}: result {} is no value", name, i));
        return false;
      }
      const ValueInfo& info = f.values[value.index];
      if (isDefined[value.index]) report(f, fmt::format("%{} is defined twice", value.index));
      if (info.definition != id || info.resultIndex != static_cast<int>(i)) report(f, fmt::format("%{} names another definition", value.index));
      if (info.type != inferred.types[i])
        report(f, fmt::format("{}: %{} is {}, and its rule gives {}", name, value.index, toString(info.type), toString(inferred.types[i])));
      isDefined[value.index] = true;
    }
    return true;
  }

  void checkAliases(const Function& f) {
    std::vector<bool> isTaken(f.parameters.size());
    for (const Alias alias : f.aliases) {
      const bool exists = alias.result >= 0 && alias.result < static_cast<int>(f.results.size()) && alias.parameter >= 0 &&
                          alias.parameter < static_cast<int>(f.parameters.size());
      if (!exists) {
        report(f, "an alias of no result or parameter");
        continue;
      }
      if (isTaken[alias.parameter]) report(f, fmt::format("parameter {} is aliased twice", alias.parameter));
      isTaken[alias.parameter] = true;
      if (f.type(f.results[alias.result]) != f.type(f.parameters[alias.parameter]))
        report(f, fmt::format("result {} and the parameter {} that it aliases differ in type", alias.result, alias.parameter));
    }
  }

  enum class Visit : std::uint8_t { Unseen, Open, Done };

  void checkCallsAreAcyclic() {
    std::vector<Visit> visits(module_.functions.size(), Visit::Unseen);
    for (std::size_t i = 0; i < module_.functions.size(); ++i) visit(FunctionId(i), visits);
  }

  // Depth is bounded by the number of functions, and a cycle stops it.
  void visit(FunctionId id, std::vector<Visit>& visits) {
    if (visits[id.index] == Visit::Done) return;
    if (visits[id.index] == Visit::Open) return report(module_.function(id), "calls itself");
    visits[id.index] = Visit::Open;
    for (const NodeId nodeId : module_.function(id).body) {
      const Node& node = module_.function(id).node(nodeId);
      if (const auto* scan = std::get_if<ScanAttributes>(&node.attributes)) visit(scan->body, visits);
      if (const auto* call = std::get_if<CallAttributes>(&node.attributes)) {
        visit(call->body, visits);
        if (call->vjp) visit(*call->vjp, visits);
      }
    }
    visits[id.index] = Visit::Done;
  }

  const Module& module_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> verify(const Module& module) { return Verifier(module).run(); }

}  // namespace nnc::ir
