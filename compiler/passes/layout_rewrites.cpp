#include "passes/layout_rewrites.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace nnc::passes {

/// For each axis of `merged` the first axis of `split` that it is made of, and one past the last at the end. Empty: the
/// axes of `merged` are not products of neighbours in `split`.
static std::vector<int> mergedGroups(const ir::Shape& split, const ir::Shape& merged) {
  std::vector<int> begins;
  std::size_t next = 0;
  for (const std::int64_t dim : merged) {
    begins.push_back(static_cast<int>(next));
    std::int64_t product = 1;
    while (next < split.size() && product < dim) product *= split[next++];
    if (product != dim) return {};
  }
  while (next < split.size() && split[next] == 1) ++next;
  if (next != split.size()) return {};
  begins.push_back(static_cast<int>(next));
  return begins;
}

ir::Value reduceUnmerged(ir::Builder& builder, const ir::Node& reduction) {
  const ir::Node* reshape = builder.function().definition(reduction.operands[0]);
  if (reshape == nullptr || reshape->op != ir::Op::Reshape) return {};
  const ir::Value x = reshape->operands[0];
  const std::vector<int> begins = mergedGroups(builder.type(x).shape, builder.type(reduction.operands[0]).shape);
  if (begins.empty()) return {};
  std::vector<int> axes;
  for (const int axis : std::get<ir::ReduceAttributes>(reduction.attributes).axes)
    for (int i = begins[axis]; i < begins[axis + 1]; ++i) axes.push_back(i);
  if (axes.empty()) return {};
  const ir::Shape shape = builder.type(reduction.results[0]).shape;
  const ir::Value reduced = builder.appendOne(reduction.op, {x}, ir::ReduceAttributes{std::move(axes)});
  return builder.reshape(reduced, shape);
}

ir::Value placeWindows(ir::Builder& builder, const ir::Node& unwindow) {
  const auto& [dims, shape] = std::get<ir::UnwindowAttributes>(unwindow.attributes);
  const ir::Shape operand = builder.type(unwindow.operands[0]).shape;
  std::vector<int> windowOf(shape.size(), -1);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const bool isApart = dims[i].stride == dims[i].size && (dims[i].dilation == 1 || dims[i].size == 1);
    if (!isApart || windowOf[dims[i].axis] >= 0) return {};
    windowOf[dims[i].axis] = static_cast<int>(i);
  }
  // Each axis, and next to it the axis of its window: the places inside a window are neighbours.
  std::vector<int> perm;
  ir::Shape merged, below(shape.size(), 0), above(shape.size(), 0);
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    perm.push_back(static_cast<int>(axis));
    merged.push_back(operand[axis]);
    if (windowOf[axis] < 0) continue;
    perm.push_back(static_cast<int>(shape.size()) + windowOf[axis]);
    merged.back() *= operand[shape.size() + static_cast<std::size_t>(windowOf[axis])];
    above[axis] = shape[axis] - merged.back();
  }
  ir::Value value = builder.transpose(unwindow.operands[0], std::move(perm));
  value = builder.add(value, builder.constantLike(value, 0.0));
  value = builder.reshape(value, merged);
  if (merged == shape) return value;
  return builder.pad(value, std::move(below), std::move(above), ir::Shape(shape.size(), 0), 0.0);
}

}  // namespace nnc::passes
