// The pass that rounds tensors before they are looked at.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Moves casts to bf16 in front of transposes, broadcasts, reshapes and windows.
///
///     %w = window %x                      %c = cast %x : bf16
///     %c = cast %w : bf16    =>   %w = window %c
///     %y = contract %c, %k                %y = contract %w, %k
///
/// A tensor is rounded once however it is read, and products see the views of their operands. After differentiate: the
/// derivative of a view of bf16 would be summed in bf16. Before simplify, which absorbs views in contractions.
[[nodiscard]] bool roundEarly(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kRoundEarly{.name = "round_early",
                                      .summary = "casts to bf16 move in front of views",
                                      .run = roundEarly,
                                      .needs = ir::Facts::Differentiated,
                                      .breaks = ir::Facts::Fused | ir::Facts::Scheduled | ir::Facts::Planned};

}  // namespace nnc::passes
