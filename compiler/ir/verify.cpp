#include "ir/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/call_graph.h"
#include "ir/tensor.h"
#include "ir/value_numbers.h"

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
  void report(const Function& function, std::string text) {
    problems_.push_back(fmt::format("@{}: {}", function.name, text));
  }

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
      if (f.values[value.index].resultIndex != static_cast<int>(i))
        report(f, fmt::format("parameter {} carries another position", i));
      isDefined[value.index] = true;
    }
    for (const NodeId node : f.body) {
      if (node.index < 0 || node.index >= static_cast<int>(f.nodes.size())) return report(f, "the body names no node");
      if (!checkNode(f, node, isDefined)) return;
    }
    for (const Value value : f.results)
      if (!isValue(f, value) || !isDefined[value.index])
        report(f, fmt::format("result {} is not defined", nameOf(f, value)));
    checkAliases(f);
    if (f.plan && f.plan->storage.size() != f.values.size())
      report(f, "the memory plan is of another state of the function");
  }

  /// As the printed function calls it.
  static std::string nameOf(const Function& f, Value value) { return text::ValueNumbers(f).name(value); }

  static bool isValue(const Function& f, Value value) {
    return value.index >= 0 && value.index < static_cast<int>(f.values.size());
  }

  /// False: nothing after this node can be trusted.
  bool checkNode(const Function& f, NodeId id, std::vector<bool>& isDefined) {
    const Node& node = f.node(id);
    const std::string_view name = opInfo(node.op).name;
    std::vector<Type> operands;
    for (const Value operand : node.operands) {
      if (!isValue(f, operand) || !isDefined[operand.index]) {
        report(f, fmt::format("{} uses {} before its definition", name, nameOf(f, operand)));
        return false;
      }
      operands.push_back(f.type(operand));
    }
    const InferredTypes inferred = inferTypes(module_, node.op, operands, node.attributes);
    if (!inferred.error.empty()) {
      report(f, fmt::format("{}: {}", name, inferred.error));
      return false;
    }
    if (node.scope.isValid() && node.scope.index >= static_cast<int>(module_.scopes.size()))
      report(f, fmt::format("{} has an unknown path", name));
    if (const auto* constant = std::get_if<ConstAttributes>(&node.attributes)) checkElements(f, *constant);
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
      if (isDefined[value.index]) report(f, fmt::format("{} is defined twice", nameOf(f, value)));
      if (info.definition != id || info.resultIndex != static_cast<int>(i))
        report(f, fmt::format("{} names another definition", nameOf(f, value)));
      if (info.type != inferred.types[i])
        report(f, fmt::format("{}: {} is {}, and its rule gives {}", name, nameOf(f, value), toString(info.type),
                              toString(inferred.types[i])));
      isDefined[value.index] = true;
    }
    return true;
  }

  /// Elements are as the dtype holds them.
  void checkElements(const Function& f, const ConstAttributes& constant) {
    const DType dtype = constant.type.dtype;
    Tensor element(Type{dtype, {}});
    for (const double real : constant.reals) {
      element.setReal(0, real);
      if (element.real(0) != real && !std::isnan(real))
        return report(f, fmt::format("const: {} is no {}", real, dtypeName(dtype)));
    }
    for (const std::int64_t integer : constant.integers) {
      element.setInteger(0, integer);
      if (element.integer(0) != integer) return report(f, fmt::format("const: {} is no {}", integer, dtypeName(dtype)));
    }
  }

  void checkAliases(const Function& f) {
    std::vector<bool> isTaken(f.parameters.size()), isAlias(f.results.size());
    for (const Alias alias : f.aliases) {
      const bool exists = alias.result >= 0 && alias.result < static_cast<int>(f.results.size()) &&
                          alias.parameter >= 0 && alias.parameter < static_cast<int>(f.parameters.size());
      if (!exists) {
        report(f, "an alias of no result or parameter");
        continue;
      }
      if (isTaken[alias.parameter]) report(f, fmt::format("parameter {} is aliased twice", alias.parameter));
      if (isAlias[alias.result]) report(f, fmt::format("result {} aliases two parameters", alias.result));
      isTaken[alias.parameter] = isAlias[alias.result] = true;
      if (f.type(f.results[alias.result]) != f.type(f.parameters[alias.parameter]))
        report(f, fmt::format("result {} and the parameter {} that it aliases differ in type", alias.result,
                              alias.parameter));
    }
  }

  enum class Visit : std::uint8_t { Unseen, Open, Done };

  /// Whatever walks a module walks its calls, often by recursion: so cycles and endless chains are refused here. The
  /// walk itself keeps its own stack.
  void checkCallsAreAcyclic() {
    struct Frame {
      FunctionId function;
      std::vector<FunctionId> callees;
      std::size_t next = 0;
    };
    std::vector<Visit> visits(module_.functions.size(), Visit::Unseen);
    std::vector<int> depths(module_.functions.size(), 1);
    std::vector<Frame> stack;
    const auto enter = [&](FunctionId id) {
      visits[id.index] = Visit::Open;
      stack.push_back({id, calleesOf(id)});
    };
    for (std::size_t i = 0; i < module_.functions.size(); ++i) {
      if (visits[i] == Visit::Unseen) enter(FunctionId(i));
      while (!stack.empty()) {
        Frame& top = stack.back();
        if (top.next == top.callees.size()) {
          visits[top.function.index] = Visit::Done;
          const int depth = depths[top.function.index];
          stack.pop_back();
          if (!stack.empty()) raise(depths[stack.back().function.index], depth + 1);
          continue;
        }
        const FunctionId callee = top.callees[top.next++];
        if (visits[callee.index] == Visit::Open) return report(module_.function(callee), "runs itself");
        if (visits[callee.index] == Visit::Unseen)
          enter(callee);
        else
          raise(depths[top.function.index], depths[callee.index] + 1);
      }
      if (depths[i] > kMaxCallDepth)
        return report(module_.functions[i],
                      fmt::format("calls nest {} deep, and {} is the limit", depths[i], kMaxCallDepth));
    }
  }
  static void raise(int& depth, int least) { depth = std::max(depth, least); }

  std::vector<FunctionId> calleesOf(FunctionId id) const {
    std::vector<FunctionId> all;
    for (const NodeId node : module_.function(id).body)
      for (const FunctionId callee : callees(module_.function(id).node(node))) all.push_back(callee);
    return all;
  }

  const Module& module_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> verify(const Module& module) { return Verifier(module).run(); }

}  // namespace nnc::ir
