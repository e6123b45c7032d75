#include "elaborate/outline.h"

#include <optional>
#include <utility>

#include "ir/builder.h"

namespace nnc::elaborate {

namespace {

class Copy {
 public:
  Copy(ir::Module& module, ir::FunctionId outer, ir::FunctionId body)
      : module_(module), outer_(outer), builder_(module, body), copies_(module.function(outer).values.size()) {}

  void addInput(ir::Value value) {
    if (!copies_[index(value)]) copies_[index(value)] = builder_.addParameter(outer().type(value), "");
  }

  void addNode(ir::NodeId id) {
    const ir::Node node = outer().node(id);  // a copy: functions move while others are added
    std::vector<ir::Value> operands;
    for (const ir::Value operand : node.operands) operands.push_back(inside(operand));
    builder_.setLocation(node.span, node.scope);
    const std::vector<ir::Value> results = builder_.append(node.op, std::move(operands), node.attributes);
    for (std::size_t i = 0; i < results.size(); ++i) copies_[index(node.results[i])] = results[i];
  }

  /// The value as the body knows it.
  ir::Value inside(ir::Value value) {
    if (const auto& copy = copies_[index(value)]) return *copy;
    const ir::Node* const node = outer().definition(value);
    const bool isFree =
        node != nullptr && (node->op == ir::Op::Const || node->op == ir::Op::Iota || node->op == ir::Op::Broadcast);
    if (isFree) {
      addNode(outer().values[index(value)].definition);
      return *copies_[index(value)];
    }
    captured_.push_back(value);
    addInput(value);
    return *copies_[index(value)];
  }

  void addOutput(ir::Value value) { builder_.addResult(inside(value), ""); }
  std::vector<ir::Value> captured() && { return std::move(captured_); }

 private:
  static std::size_t index(ir::Value value) { return static_cast<std::size_t>(value.index); }
  const ir::Function& outer() const { return module_.function(outer_); }

  ir::Module& module_;
  ir::FunctionId outer_;
  ir::Builder builder_;
  std::vector<std::optional<ir::Value>> copies_;  // by value of the outer function
  std::vector<ir::Value> captured_;
};

}  // namespace

Outline outline(ir::Module& module, ir::FunctionId outer, std::string name, std::span<const ir::NodeId> nodes,
                const std::vector<ir::Value>& inputs, const std::vector<ir::Value>& outputs) {
  Outline made;
  made.body = module.addFunction(std::move(name));
  Copy copy(module, outer, made.body);
  for (const ir::Value input : inputs) copy.addInput(input);
  for (const ir::NodeId node : nodes) copy.addNode(node);
  for (const ir::Value output : outputs) copy.addOutput(output);
  made.captured = std::move(copy).captured();
  return made;
}

std::vector<bool> dependsOn(const ir::Function& function, const std::vector<ir::Value>& sources, std::size_t first) {
  std::vector<bool> depends(function.values.size(), false);
  for (const ir::Value source : sources) depends[static_cast<std::size_t>(source.index)] = true;
  for (std::size_t i = first; i < function.body.size(); ++i) {
    const ir::Node& node = function.node(function.body[i]);
    bool isReached = false;
    for (const ir::Value operand : node.operands)
      isReached = isReached || depends[static_cast<std::size_t>(operand.index)];
    if (!isReached) continue;
    for (const ir::Value result : node.results) depends[static_cast<std::size_t>(result.index)] = true;
  }
  return depends;
}

}  // namespace nnc::elaborate
