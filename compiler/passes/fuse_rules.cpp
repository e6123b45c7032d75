#include "passes/fuse_rules.h"

namespace nnc::passes {

FuseRole fuseRole(const ir::Node& node) {
  switch (ir::opInfo(node.op).opClass) {
    case ir::OpClass::Constant:
      if (node.op == ir::Op::Const)
        return std::get<ir::ConstAttributes>(node.attributes).isSplat ? FuseRole::Leaf : FuseRole::Opaque;
      return node.op == ir::Op::Iota ? FuseRole::Leaf : FuseRole::Map;
    case ir::OpClass::Elementwise:
      return node.op == ir::Op::StopGradient ? FuseRole::View : FuseRole::Map;
    case ir::OpClass::View:
      return node.op == ir::Op::Reshape ? FuseRole::View : FuseRole::Map;
    case ir::OpClass::Data:
      return node.op == ir::Op::Scatter || node.op == ir::Op::Unwindow ? FuseRole::Opaque : FuseRole::Map;
    case ir::OpClass::Reduction:
      return FuseRole::Reduce;
    case ir::OpClass::Contraction:
    case ir::OpClass::Region:
      return FuseRole::Opaque;
  }
  return FuseRole::Opaque;
}

int elementCost(ir::Op op) {
  switch (op) {
    case ir::Op::Neg:
    case ir::Op::Floor:
    case ir::Op::Cast:
    case ir::Op::Add:
    case ir::Op::Mul:
    case ir::Op::Max:
    case ir::Op::Compare:
    case ir::Op::Select:
    case ir::Op::Pad:
      return 1;
    case ir::Op::Concat:
    case ir::Op::Gather:
      return 2;
    case ir::Op::Div:
    case ir::Op::Sqrt:
      return 6;
    case ir::Op::Rem:
      return 8;
    case ir::Op::Exp:
    case ir::Op::Log:
    case ir::Op::Tanh:
      return 12;
    case ir::Op::Sin:
      return 16;
    case ir::Op::Random:
      return 30;
    case ir::Op::Const:
    case ir::Op::Iota:
    case ir::Op::Reshape:
    case ir::Op::Transpose:
    case ir::Op::Broadcast:
    case ir::Op::Slice:
    case ir::Op::Window:
    case ir::Op::StopGradient:
      return 0;
    case ir::Op::Unwindow:
    case ir::Op::ReduceSum:
    case ir::Op::ReduceMax:
    case ir::Op::Contract:
    case ir::Op::Scatter:
    case ir::Op::Scan:
    case ir::Op::Call:
      return kCostLimit;
  }
  return kCostLimit;
}

bool isAffineReshape(const ir::Shape& operand, const ir::Shape& result) {
  std::size_t r = 0;
  for (const std::int64_t dim : operand) {
    std::int64_t product = 1;
    while (product < dim && r < result.size()) product *= result[r++];
    if (product != dim) return false;
  }
  // What is left of the result can only be axes of size one, or the tensor is empty and nothing is read.
  return true;
}

static bool isExpanding(const ir::Function& function, const ir::Node& user) {
  return function.type(user.results[0]).elementCount() > function.type(user.operands[0]).elementCount();
}

bool mayPull(const ir::Function& function, const ir::Node& user, int index, int cost) {
  switch (user.op) {
    case ir::Op::Reshape:
      // A reshape that merges axes costs divisions per element; a splat does not care.
      return isAffineReshape(function.type(user.operands[0]).shape, function.type(user.results[0]).shape);
    case ir::Op::Broadcast:
    case ir::Op::Window:
      return cost <= 1 || !isExpanding(function, user);
    case ir::Op::Pad:
    case ir::Op::Concat:
      return cost <= kCheapCost;
    case ir::Op::Gather:
      return cost <= 1 || (index == 0 && !isExpanding(function, user));
    case ir::Op::Random:
      return cost == 0;  // a scalar read for every element
    default:
      return fuseRole(user) != FuseRole::Opaque;
  }
}

bool isReadThroughWindow(const ir::Function& function, const ir::Node& user, ir::Value value) {
  const ir::Node* node = function.definition(value);
  return user.op == ir::Op::Contract && node != nullptr && node->op == ir::Op::Window;
}

bool keepsIndex(ir::Op op) { return ir::opInfo(op).opClass == ir::OpClass::Elementwise; }

}  // namespace nnc::passes
