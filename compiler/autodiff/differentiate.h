// The pass that expands derivatives.
#pragma once
#include "ir/pass.h"

namespace nnc::autodiff {

/// Replaces every gradient call by the body of its loss and a reverse sweep through it.
///
///     %l, %dw = call gradient @loss(%w) wrt [0]        // loss(w) = w * w
///   becomes
///     %l = mul %w, %w
///     %a = mul %1, %w       // %1: ones shaped like the first result
///     %b = mul %1, %w
///     %dw = add %a, %b
///
/// Calls inside losses come first, so second derivatives need nothing special. Composites are expanded, unless they
/// have a vjp of their own. An operand that no derivative reaches gets zeros. Functions that nothing runs any more are
/// emptied. Runs early: what it makes is simplified, fused and planned like everything else.
bool differentiate(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kDifferentiate{.name = "differentiate",
                                         .summary = "expand gradient calls into forward and reverse sweep",
                                         .run = differentiate,
                                         .gives = ir::Facts::Differentiated,
                                         .required = true};

}  // namespace nnc::autodiff
