// One function per op of the evaluator, in the files evaluate_elementwise.cpp and evaluate_data.cpp. Internal to ir/.
#pragma once
#include <vector>

#include "ir/module.h"
#include "ir/tensor.h"

namespace nnc::ir::evaluation {

/// The operands of a node, its attributes, and the type of its (only) result.
struct Operation {
  const Node& node;
  const std::vector<const Tensor*>& operands;
  const Type& type;

  const Tensor& operand(int i) const { return *operands[i]; }
  template <typename A>
  const A& as() const {
    return std::get<A>(node.attributes);
  }
};

// Ops with one result and no region. A missing one does not link.
#define NNC_OP(NAME, ...) Tensor evaluate##NAME(const Operation& operation);
#include "ir/ops.def"
#undef NNC_OP

/// Elements between neighbours along each axis of a dense row-major tensor.
Shape denseStrides(const Shape& shape);

}  // namespace nnc::ir::evaluation
