// Rules of reductions and contractions.
#include <algorithm>
#include <utility>

#include "autodiff/rules.h"

namespace nnc::autodiff::rules {

using ir::Value;

/// The axes of the operand that a reduction keeps, in order: where a broadcast puts the axes of its result.
static std::vector<int> keptAxes(const Vjp& v) {
  const auto& reduced = std::get<ir::ReduceAttributes>(v.node.attributes).axes;
  std::vector<int> kept;
  for (int axis = 0; axis < v.operandType(0).rank(); ++axis)
    if (std::find(reduced.begin(), reduced.end(), axis) == reduced.end()) kept.push_back(axis);
  return kept;
}

void ReduceSum(Vjp& v) { v.give(0, v.b.broadcast(v.g(), v.operandType(0).shape, keptAxes(v))); }

/// The elements that equal the maximum share g evenly: m = (x == y), m * (g / sum m).
void ReduceMax(Vjp& v) {
  const ir::Type type = v.operandType(0);
  const std::vector<int> kept = keptAxes(v);
  const Value spread = v.b.broadcast(v.result(), type.shape, kept);
  const Value m = v.b.cast(v.b.compare(ir::Predicate::Eq, v.operand(0), spread), type.dtype);
  const Value count = v.b.reduceSum(m, std::get<ir::ReduceAttributes>(v.node.attributes).axes);
  v.give(0, v.b.mul(m, v.b.broadcast(v.b.div(v.g(), count), type.shape, kept)));
}

/// Each letter stands in two of the three operands, so g takes the place of the operand and y that of g.
///
/// Of bf16: g is rounded as the operands were. The derivative by a value that was rounded for this product is not
/// rounded; any other bf16 operand has one in bf16.
void Contract(Vjp& v) {
  const auto& [a, b, y] = std::get<ir::ContractAttributes>(v.node.attributes);
  const bool isBf16 = v.operandType(0).dtype == ir::DType::BF16;
  const Value g = isBf16 ? v.b.cast(v.g(), ir::DType::BF16) : v.g();
  const auto give = [&](int i, Value cotangent) {
    v.give(i, isBf16 && !v.isRounded(i) ? v.b.cast(cotangent, ir::DType::BF16) : cotangent);
  };
  if (v.wants(0)) give(0, v.b.contract(g, v.operand(1), y, b, a));
  if (v.wants(1)) give(1, v.b.contract(v.operand(0), g, a, y, b));
}

}  // namespace nnc::autodiff::rules
