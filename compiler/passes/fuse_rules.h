// What fusion knows of single nodes: what they may become, what they cost, and what may be computed inside them.
#pragma once
#include <cstdint>
#include <vector>

#include "ir/module.h"

namespace nnc::passes {

enum class FuseRole : std::uint8_t {
  Leaf,    // splat const or iota: cloned into every kernel that uses it
  Map,     // computable at any index from its operands: elementwise, views, pad, concat, gather, random
  View,    // reshape or stop_gradient: of a buffer it is the same buffer, of anything else like Map
  Reduce,  // root of a REDUCE kernel
  Opaque,  // stays a node: contract (but for windows that it reads through), scatter, unwindow, scan, calls, dense
           // constants
};
FuseRole fuseRole(const ir::Node& node);

/// Work of one element of the node itself, in cheap operations (add, mul).
int elementCost(ir::Op op);
/// Computing up to this much twice is better than one more trip through memory.
inline constexpr int kCheapCost = 3;
inline constexpr int kCostLimit = 1'000'000;

/// Whether a reshape, read at an index of its result, reads its operand at sums of products of that index: axes were
/// only split, or axes of size one came and went. Merged axes need divisions instead.
bool isAffineReshape(const ir::Shape& operand, const ir::Shape& result);

/// Whether `user` may compute operand `index` itself, element by element, when that costs `cost` an element.
/// False: the operand has to be in memory.
bool mayPull(const ir::Function& function, const ir::Node& user, int index, int cost);

/// Whether a contraction reads its operand `value` through a window: overlapping windows are never written out.
bool isReadThroughWindow(const ir::Function& function, const ir::Node& user, ir::Value value);

/// Whether the node reads operands at the index at which it is read.
bool keepsIndex(ir::Op op);

}  // namespace nnc::passes
