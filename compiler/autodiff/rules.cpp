// Finding the rule of a node, and the rules of ops without a derivative.
#include "autodiff/rules.h"

#include <cassert>
#include <utility>

#include "ir/gradient_flow.h"

namespace nnc::autodiff {

Vjp::Vjp(ir::Builder& builder, ir::NodeId nodeId, std::vector<ir::Value> g, std::vector<bool> wantedOperands)
    : b(builder),
      id(nodeId),
      node(builder.function().node(nodeId)),
      cotangents(std::move(g)),
      wanted(std::move(wantedOperands)),
      given(node.operands.size()) {}

bool Vjp::isRounded(int i) const {
  const ir::Node* cast = b.function().definition(node.operands[i]);
  return cast && cast->op == ir::Op::Cast && operandType(i).dtype == ir::DType::BF16 &&
         b.type(cast->operands[0]).dtype == ir::DType::F32;
}

ir::Value Vjp::target(int i) const {
  const bool isPast = isRounded(i) && b.type(given[i]).dtype == ir::DType::F32;
  return isPast ? b.function().definition(node.operands[i])->operands[0] : node.operands[i];
}

void applyRule(Vjp& v) {
  switch (v.node.op) {
#define NNC_OP(NAME, ...) \
  case ir::Op::NAME:      \
    return rules::NAME(v);
#include "ir/ops.def"
#undef NNC_OP
  }
}

namespace rules {

/// ir::hasDerivative is false for these, so the sweep never comes here.
static void noDerivative([[maybe_unused]] const Vjp& v) { assert(false && "a derivative of an op that has none"); }

void Const(Vjp& v) { noDerivative(v); }
void Iota(Vjp& v) { noDerivative(v); }
void Random(Vjp& v) { noDerivative(v); }
void Floor(Vjp& v) { noDerivative(v); }
void Compare(Vjp& v) { noDerivative(v); }
void StopGradient(Vjp& v) { noDerivative(v); }

}  // namespace rules
}  // namespace nnc::autodiff
