#include "passes/round_early.h"

#include <map>
#include <vector>

#include "ir/builder.h"
#include "ir/edit.h"

namespace nnc::passes {

namespace {

class Rounder {
 public:
  Rounder(ir::Module& module, ir::FunctionId id) : builder_(module, id), replacements_(module.function(id)) {}
  void run();

 private:
  ir::Value rounded(ir::Value value);

  ir::Builder builder_;
  ir::Replacements replacements_;
  std::map<int, ir::Value> rounded_;  // by value
};

}  // namespace

/// Whether a node shows elements of its operand, each at least once.
static bool isWholeView(const ir::Node& node) {
  return node.op == ir::Op::Reshape || node.op == ir::Op::Transpose || node.op == ir::Op::Broadcast ||
         node.op == ir::Op::Window;
}

/// `value` in bf16, appended here unless it was made before.
ir::Value Rounder::rounded(ir::Value value) {
  if (const auto known = rounded_.find(value.index); known != rounded_.end()) return known->second;
  std::vector<ir::Value> views;  // outermost first
  ir::Value source = value;
  for (const ir::Node* node = builder_.function().definition(source);
       node && isWholeView(*node) && !rounded_.contains(source.index); node = builder_.function().definition(source)) {
    views.push_back(source);
    source = node->operands[0];
  }
  ir::Value& cast = rounded_[source.index];
  if (!cast.isValid()) cast = builder_.cast(source, ir::DType::BF16);
  ir::Value result = cast;
  for (; !views.empty(); views.pop_back()) {
    const ir::Node view = *builder_.function().definition(views.back());
    result = builder_.appendOne(view.op, {result}, view.attributes);
    rounded_[views.back().index] = result;
  }
  return result;
}

void Rounder::run() {
  std::vector<ir::NodeId> body;
  body.swap(builder_.function().body);
  for (const ir::NodeId id : body) {
    replacements_.applyTo(builder_.function().node(id).operands);
    const ir::Node node = builder_.function().node(id);
    const auto isFloat32 = [&](ir::Value x) { return builder_.type(x).dtype == ir::DType::F32; };
    if (node.op == ir::Op::Cast && builder_.type(node.results[0]).dtype == ir::DType::BF16 &&
        isFloat32(node.operands[0])) {
      builder_.setLocation(node.span, node.scope);
      replacements_.replace(node.results[0], rounded(node.operands[0]));
    } else {
      builder_.function().body.push_back(id);
    }
  }
  replacements_.applyTo(builder_.function().results);
  ir::dropDeadNodes(builder_.function());
  builder_.function().plan.reset();
}

bool roundEarly(ir::Module& module, Diagnostics& /*diagnostics*/) {
  for (std::size_t i = 0; i < module.functions.size(); ++i) Rounder(module, ir::FunctionId(i)).run();
  return true;
}

}  // namespace nnc::passes
