// Local rewrites that need to look at a node and its operands only.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Replaces nodes by simpler ones with the same value, in one walk from the first node to the last.
///
///     %1 = mul %x, %one
///     %2 = transpose [1, 0] %1          =>   %y = contract bk, bn -> kn ...   (users of %3 use %x)
///     %3 = transpose [1, 0] %2
///
/// Folds constants (small ones, and splats of any size), drops work without effect (x * 1, whole slices, casts back),
/// composes views, and moves views into contractions. Every rewrite keeps all bits of every result: x + 0.0 stays,
/// because -0.0 + 0.0 is 0.0; x * 0.0 stays, because of NaN; sums are never reordered. Two things are not bits of a
/// value: the sign and payload of a NaN. exp, log, sin and tanh of constants are left to the code that computes them
/// elsewhere, so that one program has one exp. stop_gradient goes when no gradient call is left in the module.
/// Runs before differentiate, because what disappears here needs no gradient, and after it, because derivatives arrive
/// full of `x * 1`. Bodies of kernels are left alone. Nodes that lost their users stay for remove_dead.
[[nodiscard]] bool simplify(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kSimplify{.name = "simplify",
                                    .summary = "fold constants, drop work without effect, compose views",
                                    .run = simplify,
                                    .breaks = ir::Facts::Scheduled | ir::Facts::Planned};

}  // namespace nnc::passes
