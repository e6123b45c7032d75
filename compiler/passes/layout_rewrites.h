// Rewrites of assign_layouts that take reshapes and sums out of the way of fusion.
#pragma once
#include "ir/builder.h"

namespace nnc::passes {

/// A reduction of a reshape that merges axes, as a reduction of what was merged, or an invalid value where the merged
/// axes are not reduced or kept together. The order of the elements, so of the sum, is the same.
///
///     %2 = reshape %1 : f32[16, 128]                     %3 = reduce_sum %1 {axes = [1, 2]} : f32[16]
///     %3 = reduce_sum %2 {axes = [1]} : f32[16]    =>
///
/// Without the reshape, which would need %1 in memory, the reduction takes in what produces %1.
ir::Value reduceUnmerged(ir::Builder& builder, const ir::Node& reduction);

/// An unwindow whose windows do not overlap, as a transpose and a reshape, or an invalid value where they do. Adding to
/// the zeros of the unwindow makes 0.0 of -0.0; so does the sum with 0.0 that is left.
ir::Value placeWindows(ir::Builder& builder, const ir::Node& unwindow);

}  // namespace nnc::passes
