// Brings contractions to the form that code generation turns into matrix products.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Rewrites every contraction as a (batched) matrix product whose index groups are contiguous, with transposes of
/// operands or of the result where they are needed, and none where GEMM's own flags do.
///
///     %y = contract bqhd, bkhd -> bhqk %q, %k            %t = transpose [0, 2, 1, 3] %q
///                                                  =>    %s = transpose [0, 2, 1, 3] %k
///                                                        %y = contract bhqd, bhkd -> bhqk %t, %s
///
/// Canonical: a = [batch.. M.. K..] or [batch.. K.. M..], b = [batch.. K.. N..] or [batch.. N.. K..],
/// y = [batch.. M.. N..], where batch letters are in all three, M in a and y, N in b and y, K in a and b, and a group
/// has the same order wherever it occurs. Contractions without a matrix in them (M and N of size one, more than one
/// batch index) become a product and a sum, which fuse.
/// A contraction that reads through a window (a convolution) stays as it is: its loops read at any distance. Gradients
/// of convolutions by their inputs become such contractions (layout_convolutions.h). Reductions of merged axes and
/// unwindows without overlap lose their reshape (layout_rewrites.h). Runs before fuse, so that the transposes become
/// index maps of the kernels that produce the operands.
[[nodiscard]] bool assignLayouts(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kAssignLayouts{
    .name = "assign_layouts",
    .summary = "contractions as matrix products: groups of indices contiguous, transposes only where GEMM has no flag",
    .run = assignLayouts,
    .needs = ir::Facts::Differentiated | ir::Facts::Inlined,
    .breaks = ir::Facts::Fused | ir::Facts::Scheduled | ir::Facts::Planned,
    // The library's matrix product sums in another order than the plain loop that other forms get.
    .preservesBits = false,
};

}  // namespace nnc::passes
