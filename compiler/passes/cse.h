// Computes equal things once.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Replaces a node by an earlier one with the same op, attributes and operands.
///
///     %1 = exp %x
///     %2 = exp %x             =>      %1 = exp %x
///     %3 = add %1, %2                 %3 = add %1, %1
///
/// Every op is pure, a random draw too: equal key, seed and counter give equal numbers. The operands of add and mul
/// match in either order. The earlier node keeps its place and path. Runs after differentiate, whose reverse sweeps
/// repeat work of one another, and before fuse, which would hide equal nodes in kernels. Needs no order of functions:
/// each is looked at alone. Expected time is linear in the size of the module.
[[nodiscard]] bool cse(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kCse{.name = "cse",
                               .summary = "compute equal things once",
                               .run = cse,
                               .breaks = ir::Facts::Scheduled | ir::Facts::Planned};

}  // namespace nnc::passes
