// Groups elementwise work, views and reductions into kernels, so that values between them never reach memory.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Outlines groups of nodes as functions and puts calls of kind kernel in their place.
///
///     %1 = broadcast %bias                           %2 = call kernel @add_max(%y, %bias)
///     %2 = add %y, %1                         =>
///     %3 = max %2, %zero                             func @add_max(%a, %b) { broadcast; add; const; max }
///
/// A kernel has one of two forms. MAP: every result has the shape of the iteration space. REDUCE: every result is a
/// reduction of operands of one shape over the same axes. Constants, iota and random draws are cloned into the bodies
/// that need them; a few flops may be computed twice, dear work never. Reshapes of buffers stay outside: they are free.
/// Runs after assign_layouts and before schedule, which orders kernels rather than single ops.
[[nodiscard]] bool fuse(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kFuse{
    .name = "fuse",
    .summary = "elementwise chains, views and reductions as kernels",
    .run = fuse,
    .needs = ir::Facts::Differentiated | ir::Facts::Inlined,
    .gives = ir::Facts::Fused,
    .breaks = ir::Facts::Scheduled | ir::Facts::Planned,
    // A reduction that reads through a transpose is summed in the order in which its operand lies in memory. Everything
    // else keeps its bits.
    .preservesBits = false,
};

}  // namespace nnc::passes
