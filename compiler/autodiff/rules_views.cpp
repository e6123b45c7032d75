// Rules of the ops that move elements: views, pad, concat, unwindow, gather, scatter.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

#include "autodiff/rules.h"

namespace nnc::autodiff::rules {

using ir::Shape;
using ir::Value;

void Reshape(Vjp& v) { v.give(0, v.b.reshape(v.g(), v.operandType(0).shape)); }

/// The inverse permutation.
void Transpose(Vjp& v) {
  const auto& perm = std::get<ir::TransposeAttributes>(v.node.attributes).perm;
  std::vector<int> inverse(perm.size());
  for (std::size_t i = 0; i < perm.size(); ++i) inverse[perm[i]] = static_cast<int>(i);
  v.give(0, v.b.transpose(v.g(), std::move(inverse)));
}

/// Sums over the axes that the operand does not have.
void Broadcast(Vjp& v) {
  const auto& broadcast = std::get<ir::BroadcastAttributes>(v.node.attributes);
  std::vector<int> summed;
  for (int axis = 0; axis < static_cast<int>(broadcast.shape.size()); ++axis)
    if (std::find(broadcast.dims.begin(), broadcast.dims.end(), axis) == broadcast.dims.end()) summed.push_back(axis);
  v.give(0, v.b.reduceSum(v.g(), std::move(summed)));
}

/// Zeros around and between the elements that were read.
void Slice(Vjp& v) {
  const auto& slice = std::get<ir::SliceAttributes>(v.node.attributes);
  const Shape from = v.operandType(0).shape, to = v.b.type(v.result()).shape;
  if (std::find(to.begin(), to.end(), 0) != to.end()) return v.give(0, v.b.constantLike(v.operand(0), 0.0));
  Shape hi, interior;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::int64_t pastLast = slice.lo[i] + (to[i] - 1) * slice.step[i] + 1;
    hi.push_back(from[i] - pastLast);
    interior.push_back(slice.step[i] - 1);
  }
  v.give(0, v.b.pad(v.g(), slice.lo, std::move(hi), std::move(interior), 0.0));
}

/// The elements that came from the operand.
void Pad(Vjp& v) {
  const auto& pad = std::get<ir::PadAttributes>(v.node.attributes);
  const Shape from = v.operandType(0).shape;
  Shape hi, step;
  for (std::size_t i = 0; i < from.size(); ++i) {
    hi.push_back(pad.lo[i] + from[i] + std::max<std::int64_t>(0, from[i] - 1) * pad.interior[i]);
    step.push_back(pad.interior[i] + 1);
  }
  v.give(0, v.b.slice(v.g(), pad.lo, std::move(hi), std::move(step)));
}

/// Each operand gets its part.
void Concat(Vjp& v) {
  const int axis = std::get<ir::ConcatAttributes>(v.node.attributes).axis;
  const Shape whole = v.b.type(v.g()).shape;
  std::int64_t offset = 0;
  for (int i = 0; i < static_cast<int>(v.node.operands.size()); ++i) {
    Shape lo(whole.size(), 0), hi = whole;
    lo[axis] = offset;
    offset += v.operandType(i).shape[axis];
    hi[axis] = offset;
    if (v.wants(i)) v.give(i, v.b.slice(v.g(), std::move(lo), std::move(hi), Shape(whole.size(), 1)));
  }
}

/// Overlap-add: an element that was read several times gets the sum.
void Window(Vjp& v) {
  v.give(0, v.b.unwindow(v.g(), std::get<ir::WindowAttributes>(v.node.attributes).dims, v.operandType(0).shape));
}

void Unwindow(Vjp& v) { v.give(0, v.b.window(v.g(), std::get<ir::UnwindowAttributes>(v.node.attributes).dims)); }

/// Scatter-add into zeros: a row that was read several times gets the sum.
void Gather(Vjp& v) {
  const Value zeros = v.b.constantLike(v.operand(0), 0.0);
  const int axis = std::get<ir::GatherAttributes>(v.node.attributes).axis;
  v.give(0, v.b.scatter(zeros, v.operand(1), v.g(), axis, ir::ScatterMode::Add));
}

/// Which updates of a scatter(set) are still there at the end: bool, shaped like the index. Later ones win, and indices
/// outside are clamped, so two updates may meet in one place; the earlier one then has no influence.
static Value lastWriters(Vjp& v, std::int64_t axisSize) {
  const Value index = v.operand(1);
  const Shape shape = v.operandType(1).shape;
  const std::int64_t count = v.operandType(1).elementCount();
  const Value number = v.b.reshape(v.b.iota({ir::DType::I64, {count}}, 0), shape);
  const Value nobody = v.b.constantInt({ir::DType::I64, {axisSize}}, 0);
  const Value winner = v.b.scatter(nobody, index, number, 0, ir::ScatterMode::Set);
  return v.b.compare(ir::Predicate::Eq, v.b.gather(winner, index, 0), number);
}

/// The cotangent of the update of a scatter(set): what stands where it was written, unless overwritten later.
static Value updateOfSet(Vjp& v, int axis) {
  const Value read = v.b.gather(v.g(), v.operand(1), axis);
  if (v.operandType(1).elementCount() <= 1) return read;
  const Shape shape = v.b.type(read).shape;
  std::vector<int> dims(v.operandType(1).shape.size());
  std::iota(dims.begin(), dims.end(), axis);
  const Value kept = lastWriters(v, v.operandType(0).shape[axis]);
  const Value zero = v.b.constantLike(read, 0.0);
  return v.b.select(v.b.broadcast(kept, shape, std::move(dims)), read, zero);
}

/// add: g, gather(g). set: g with zeros where it was overwritten, gather(g) for the last writers.
void Scatter(Vjp& v) {
  const auto [axis, mode] = std::get<ir::ScatterAttributes>(v.node.attributes);
  if (mode == ir::ScatterMode::Add) {
    v.give(0, v.g());
    if (v.wants(2)) v.give(2, v.b.gather(v.g(), v.operand(1), axis));
    return;
  }
  if (v.wants(0)) {
    const Value zeros = v.b.constantLike(v.operand(2), 0.0);
    v.give(0, v.b.scatter(v.g(), v.operand(1), zeros, axis, ir::ScatterMode::Set));
  }
  if (v.wants(2)) v.give(2, updateOfSet(v, axis));
}

}  // namespace nnc::autodiff::rules
