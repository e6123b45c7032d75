#include "passes/simplify.h"

#include <bit>
#include <cassert>
#include <utility>

#include "ir/call_graph.h"
#include "ir/edit.h"
#include "passes/simplify_rules.h"

namespace nnc::passes {

using ir::Op;
using ir::Value;

bool Rewriter::isDefinedBy(Value value, Op op) const {
  const ir::Node* node = b.function().definition(value);
  return node != nullptr && node->op == op;
}

bool Rewriter::isSplat(Value value, double number) const {
  const ir::ConstAttributes* c = constant(value);
  if (c == nullptr || !c->isSplat) return false;
  if (!ir::isFloat(c->type.dtype)) return static_cast<double>(c->integers[0]) == number;
  return std::bit_cast<std::uint64_t>(c->reals[0]) == std::bit_cast<std::uint64_t>(number);
}

Value Rewriter::make(Op op, std::vector<Value> operands, ir::Attributes attributes) {
  std::vector<ir::Type> types;
  types.reserve(operands.size());
  for (const Value operand : operands) types.push_back(type(operand));
  const ir::InferredTypes inferred = ir::inferTypes(b.module(), op, types, attributes);
  assert(inferred.error.empty() && "a rule built a node that breaks the rule of its op");
  const Candidate candidate{op, std::move(operands), std::move(attributes), inferred.types[0]};
  const Value simple = simplified(*this, candidate);
  return simple.isValid() ? simple : b.appendOne(op, candidate.operands, candidate.attributes);
}

Value Rewriter::makeSplat(const ir::ConstAttributes& element, ir::Type type) {
  ir::ConstAttributes splat{.type = std::move(type), .isSplat = true, .reals = {}, .integers = {}};
  if (!element.reals.empty()) splat.reals = {element.reals[0]};
  if (!element.integers.empty()) splat.integers = {element.integers[0]};
  return b.constantDense(std::move(splat));
}

/// The rules of the op itself, when its operands are not all constants.
static Value byRule(Rewriter& r, const Candidate& c) {
  switch (c.op) {
    case Op::Neg:
      return rules::neg(r, c);
    case Op::Floor:
      return rules::floor(r, c);
    case Op::Cast:
      return rules::cast(r, c);
    case Op::Add:
      return rules::add(r, c);
    case Op::Mul:
      return rules::mul(r, c);
    case Op::Div:
      return rules::div(r, c);
    case Op::Max:
      return rules::max(r, c);
    case Op::Select:
      return rules::select(r, c);
    case Op::Reshape:
      return rules::reshape(r, c);
    case Op::Transpose:
      return rules::transpose(r, c);
    case Op::Broadcast:
      return rules::broadcast(r, c);
    case Op::Slice:
      return rules::slice(r, c);
    case Op::Pad:
      return rules::pad(r, c);
    case Op::Concat:
      return rules::concat(r, c);
    case Op::Window:
      return rules::window(r, c);
    case Op::ReduceSum:
      return rules::reduceSum(r, c);
    case Op::ReduceMax:
      return rules::reduceMax(r, c);
    case Op::Contract:
      return rules::contract(r, c);
    case Op::Scatter:
      return rules::scatter(r, c);
    case Op::StopGradient:
      return r.keepsStopGradient ? Value() : c.operands[0];
    case Op::Const:
    case Op::Iota:
    case Op::Random:
    case Op::Exp:
    case Op::Log:
    case Op::Sqrt:
    case Op::Sin:
    case Op::Tanh:
    case Op::Rem:
    case Op::Compare:
    case Op::Unwindow:
    case Op::Gather:
    case Op::Scan:
    case Op::Call:
      return Value();
  }
  return Value();
}

Value simplified(Rewriter& r, const Candidate& c) {
  const Value constant = folded(r, c);
  return constant.isValid() ? constant : byRule(r, c);
}

static bool hasRules(const ir::Node& node) {
  return node.results.size() == 1 && ir::opInfo(node.op).opClass != ir::OpClass::Constant &&
         ir::opInfo(node.op).opClass != ir::OpClass::Region;
}

static void simplifyFunction(ir::Module& module, ir::FunctionId id, bool keepStopGradient) {
  ir::Builder builder(module, id);
  Rewriter rewriter(builder, keepStopGradient);
  ir::Replacements replacements(module.function(id));
  const std::vector<ir::NodeId> old = std::exchange(module.function(id).body, {});
  for (const ir::NodeId nodeId : old) {
    ir::Node& node = module.function(id).node(nodeId);
    replacements.applyTo(node.operands);
    if (hasRules(node)) {
      const Value result = node.results[0];
      const Candidate candidate{node.op, node.operands, node.attributes, module.function(id).type(result)};
      builder.setLocation(node.span, node.scope);
      const Value simple = simplified(rewriter, candidate);
      if (simple.isValid()) {
        replacements.replace(result, simple);
        continue;
      }
    }
    module.function(id).body.push_back(nodeId);
  }
  replacements.applyTo(module.function(id).results);
  module.function(id).plan.reset();
}

static bool hasGradientCall(const ir::Module& module) {
  for (const ir::Function& function : module.functions) {
    for (const ir::NodeId id : function.body) {
      const auto* call = std::get_if<ir::CallAttributes>(&function.node(id).attributes);
      if (call != nullptr && call->kind == ir::CallKind::Gradient) return true;
    }
  }
  return false;
}

bool simplify(ir::Module& module, Diagnostics&) {
  const bool keepStopGradient = hasGradientCall(module);
  const std::vector<bool> isKernel = ir::kernelBodies(module);
  for (std::size_t i = 0; i < isKernel.size(); ++i)
    if (!isKernel[i]) simplifyFunction(module, ir::FunctionId(i), keepStopGradient);
  return true;
}

}  // namespace nnc::passes
