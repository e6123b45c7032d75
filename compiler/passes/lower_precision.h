// The pass that computes matrix products in bf16.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Rounds the operands of every matrix product in f32 to bf16; sums and results stay f32.
///
///     %y = contract %x, %w        =>      %a = cast %x : bf16
///                                         %b = cast %w : bf16
///                                         %y = contract %a, %b
///
/// What `precision: .bf16` says of a train: elaboration applies it (ir/round_products.h), so that the evaluator,
/// compiled code and every dump of a program mean the same. Before differentiate, whose rule of `contract` rounds
/// derivatives alike; not part of a pipeline.
[[nodiscard]] bool lowerPrecision(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kLowerPrecision{.name = "lower_precision",
                                          .summary = "matrix products take bf16 and give f32: `precision: .bf16`",
                                          .run = lowerPrecision,
                                          .breaks = ir::Facts::Fused | ir::Facts::Scheduled | ir::Facts::Planned,
                                          .preservesBits = false};

}  // namespace nnc::passes
