// Rules of simplify for views and data movement.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>

#include "passes/simplify_rules.h"

namespace nnc::passes::rules {

using ir::Op;
using ir::Shape;
using ir::Value;

static bool isAll(const Shape& values, std::int64_t wanted) {
  return std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v == wanted; });
}

/// reshape(reshape(x)), reshape(scalar spread), a reshape to the same shape.
Value reshape(Rewriter& r, const Candidate& c) {
  const Value x = c.operands[0];
  if (r.type(x) == c.type) return x;
  if (r.isDefinedBy(x, Op::Reshape)) return r.makeReshape(r.operandOf(x, 0), c.type.shape);
  if (const auto* spread = r.attributesOf<ir::BroadcastAttributes>(x, Op::Broadcast); spread && spread->dims.empty())
    return r.make(Op::Broadcast, {r.operandOf(x, 0)}, ir::BroadcastAttributes{c.type.shape, {}});
  return Value();
}

/// A transpose that leaves the axes longer than one in their order moves nothing.
static bool movesNothing(const Shape& shape, const std::vector<int>& perm) {
  int last = -1;
  for (const int axis : perm) {
    if (shape[axis] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

/// transpose(broadcast(x)): the broadcast of a transpose of the smaller x.
static Value transposeOfBroadcast(Rewriter& r, const Candidate& c, const ir::BroadcastAttributes& spread) {
  const Value x = r.operandOf(c.operands[0], 0);
  const auto& perm = std::get<ir::TransposeAttributes>(c.attributes).perm;
  std::vector<int> inner, dims;  // axes of x in the order of the result, and where they go
  for (int axis = 0; axis < static_cast<int>(perm.size()); ++axis) {
    const auto found = std::find(spread.dims.begin(), spread.dims.end(), perm[axis]);
    if (found == spread.dims.end()) continue;
    inner.push_back(static_cast<int>(found - spread.dims.begin()));
    dims.push_back(axis);
  }
  const Value moved = r.make(Op::Transpose, {x}, ir::TransposeAttributes{std::move(inner)});
  return r.make(Op::Broadcast, {moved}, ir::BroadcastAttributes{c.type.shape, std::move(dims)});
}

Value transpose(Rewriter& r, const Candidate& c) {
  const Value x = c.operands[0];
  const auto& perm = std::get<ir::TransposeAttributes>(c.attributes).perm;
  if (std::is_sorted(perm.begin(), perm.end())) return x;
  if (movesNothing(r.type(x).shape, perm)) return r.makeReshape(x, c.type.shape);
  if (const auto* first = r.attributesOf<ir::TransposeAttributes>(x, Op::Transpose)) {
    std::vector<int> both;
    for (const int axis : perm) both.push_back(first->perm[axis]);
    return r.make(Op::Transpose, {r.operandOf(x, 0)}, ir::TransposeAttributes{std::move(both)});
  }
  if (const auto* spread = r.attributesOf<ir::BroadcastAttributes>(x, Op::Broadcast))
    return transposeOfBroadcast(r, c, ir::BroadcastAttributes(*spread));
  return Value();
}

/// broadcast(broadcast(x)); one that only adds axes of size one is a reshape.
Value broadcast(Rewriter& r, const Candidate& c) {
  const Value x = c.operands[0];
  const auto& dims = std::get<ir::BroadcastAttributes>(c.attributes).dims;
  if (r.type(x) == c.type) return x;
  if (const auto* first = r.attributesOf<ir::BroadcastAttributes>(x, Op::Broadcast)) {
    std::vector<int> both;
    for (const int axis : first->dims) both.push_back(dims[axis]);
    return r.make(Op::Broadcast, {r.operandOf(x, 0)}, ir::BroadcastAttributes{c.type.shape, std::move(both)});
  }
  if (r.type(x).elementCount() == c.type.elementCount() && c.type.elementCount() > 0)
    return r.makeReshape(x, c.type.shape);
  return Value();
}

/// slice(slice(x)) as one slice of x.
static Value sliceOfSlice(Rewriter& r, const Candidate& c, const ir::SliceAttributes& first) {
  const auto& second = std::get<ir::SliceAttributes>(c.attributes);
  ir::SliceAttributes both;
  for (std::size_t i = 0; i < second.lo.size(); ++i) {
    const std::int64_t lo = first.lo[i] + second.lo[i] * first.step[i], step = first.step[i] * second.step[i];
    both.lo.push_back(lo);
    both.hi.push_back(lo + (c.type.shape[i] - 1) * step + 1);
    both.step.push_back(step);
  }
  return r.make(Op::Slice, {r.operandOf(c.operands[0], 0)}, std::move(both));
}

/// A slice of a pad that reads elements of the operand only: a slice of the operand.
static Value sliceOfPad(Rewriter& r, const Candidate& c, const ir::PadAttributes& pad) {
  ir::SliceAttributes inner = std::get<ir::SliceAttributes>(c.attributes);
  const Value x = r.operandOf(c.operands[0], 0);
  for (std::size_t i = 0; i < inner.lo.size(); ++i) {
    const std::int64_t size = r.type(x).shape[i], spacing = pad.interior[i] + 1;
    if (spacing > 1 && (inner.step[i] % spacing != 0 || (inner.lo[i] - pad.lo[i]) % spacing != 0)) return Value();
    const std::int64_t first = inner.lo[i] - pad.lo[i];
    const std::int64_t last = first + (c.type.shape[i] - 1) * inner.step[i];
    if (first < 0 || last > (size - 1) * spacing) return Value();
    inner.lo[i] = first / spacing;
    inner.step[i] /= spacing;
    inner.hi[i] = last / spacing + 1;
  }
  return r.make(Op::Slice, {x}, std::move(inner));
}

/// A slice of a concat that reads one of its operands only.
static Value sliceOfConcat(Rewriter& r, const Candidate& c, int axis) {
  ir::SliceAttributes inner = std::get<ir::SliceAttributes>(c.attributes);
  std::int64_t begin = 0;
  const std::vector<Value> parts = r.b.function().definition(c.operands[0])->operands;
  const std::int64_t last = inner.lo[axis] + (c.type.shape[axis] - 1) * inner.step[axis];
  for (const Value part : parts) {
    const std::int64_t end = begin + r.type(part).shape[axis];
    if (inner.lo[axis] >= begin && last < end) {
      inner.lo[axis] -= begin;
      inner.hi[axis] = last - begin + 1;
      return r.make(Op::Slice, {part}, std::move(inner));
    }
    begin = end;
  }
  return Value();
}

Value slice(Rewriter& r, const Candidate& c) {
  const Value x = c.operands[0];
  if (r.type(x) == c.type) return x;  // an axis keeps its size only if all of it is read
  if (c.type.elementCount() == 0) return Value();
  if (const auto* first = r.attributesOf<ir::SliceAttributes>(x, Op::Slice))
    return sliceOfSlice(r, c, ir::SliceAttributes(*first));
  if (const auto* pad = r.attributesOf<ir::PadAttributes>(x, Op::Pad)) return sliceOfPad(r, c, ir::PadAttributes(*pad));
  if (const auto* concat = r.attributesOf<ir::ConcatAttributes>(x, Op::Concat))
    return sliceOfConcat(r, c, concat->axis);
  return Value();
}

/// Nothing added; more of what a splat has; pad(pad(x)) with one value, when the outer puts nothing between elements.
Value pad(Rewriter& r, const Candidate& c) {
  const Value x = c.operands[0];
  const auto& pad = std::get<ir::PadAttributes>(c.attributes);
  if (r.type(x) == c.type) return x;
  if (r.isSplat(x, pad.value)) return r.makeSplat(ir::ConstAttributes(*r.constant(x)), c.type);
  const auto* first = r.attributesOf<ir::PadAttributes>(x, Op::Pad);
  if (first == nullptr || !isAll(pad.interior, 0)) return Value();
  if (std::bit_cast<std::uint64_t>(first->value) != std::bit_cast<std::uint64_t>(pad.value)) return Value();
  ir::PadAttributes both = *first;
  for (std::size_t i = 0; i < both.lo.size(); ++i) {
    both.lo[i] += pad.lo[i];
    both.hi[i] += pad.hi[i];
  }
  return r.make(Op::Pad, {r.operandOf(x, 0)}, std::move(both));
}

/// One operand, or one that is not empty; one splat over and over.
Value concat(Rewriter& r, const Candidate& c) {
  const int axis = std::get<ir::ConcatAttributes>(c.attributes).axis;
  std::vector<Value> parts;
  for (const Value operand : c.operands)
    if (r.type(operand).shape[axis] > 0) parts.push_back(operand);
  if (parts.size() == 1) return parts[0];
  if (!parts.empty() && parts.size() < c.operands.size()) return r.make(Op::Concat, std::move(parts), c.attributes);
  const ir::ConstAttributes* first = r.constant(c.operands[0]);
  if (first == nullptr || !first->isSplat) return Value();
  const ir::ConstAttributes element = *first;
  for (const Value operand : c.operands) {
    const ir::ConstAttributes* other = r.constant(operand);
    if (other == nullptr || !other->isSplat) return Value();
    ir::ConstAttributes sameType = *other;
    sameType.type = element.type;
    if (!(sameType == element)) return Value();
  }
  return r.makeSplat(element, c.type);
}

/// Windows of one element, one apart, move nothing. (Their unwindow adds to 0.0, which turns -0.0 into 0.0.)
Value window(Rewriter& r, const Candidate& c) {
  const auto& dims = std::get<ir::WindowAttributes>(c.attributes).dims;
  const bool trivial =
      std::all_of(dims.begin(), dims.end(), [](const ir::WindowDim& d) { return d.size == 1 && d.stride == 1; });
  return trivial ? r.makeReshape(c.operands[0], c.type.shape) : Value();
}

/// No updates: the base.
Value scatter(Rewriter& r, const Candidate& c) {
  return r.type(c.operands[2]).elementCount() == 0 ? c.operands[0] : Value();
}

}  // namespace nnc::passes::rules
