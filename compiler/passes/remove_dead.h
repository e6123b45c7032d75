// Drops what no result depends on.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Takes nodes out of functions when no result of the function depends on them.
///
///     %1 = exp %x
///     %2 = neg %x             =>      %2 = neg %x
///     return %2                       return %2
///
/// A scan loses the carries, inputs and stacked results that nobody reads: its body is copied without them. (A carry
/// that only feeds itself is not read.) Functions that nothing runs any more are emptied. Parameters of functions stay:
/// they are a contract with the caller. Runs after the passes that leave dead nodes behind.
[[nodiscard]] bool removeDead(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kRemoveDead{.name = "remove_dead",
                                      .summary = "drop what no result depends on",
                                      .run = removeDead,
                                      .breaks = ir::Facts::Scheduled | ir::Facts::Planned};

}  // namespace nnc::passes
