// Expands composites.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Replaces every composite call by the body of its function.
///
///     %1 = call composite @relu(%x)    // relu(a) = max(a, 0)     =>     %1 = max %x, %zero
///
/// Nodes keep their places and instance paths; those that have none take the call's. Calls of kind gradient and kernel
/// stay. Functions that nothing runs any more are emptied. Runs after differentiate, because a composite may have a
/// derivative of its own, which its expansion would lose, and before cse and fuse, which do not look through calls.
[[nodiscard]] bool inlineCalls(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kInlineCalls{.name = "inline_calls",
                                       .summary = "expand composites",
                                       .run = inlineCalls,
                                       .needs = ir::Facts::Differentiated,
                                       .gives = ir::Facts::Inlined,
                                       .breaks = ir::Facts::Scheduled | ir::Facts::Planned,
                                       .required = true};

}  // namespace nnc::passes
