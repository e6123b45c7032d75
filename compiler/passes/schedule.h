// The order in which the nodes of a function run.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Orders `body` so that few bytes are alive at once and values are used soon after they were made.
///
///     dW1, dW2, dW3, W1', W2', W3'   =>   dW3, W3', dW2, W2', dW1, W1'
///
/// A node that updates a parameter in place goes after every other reader of the parameter's old value, where the
/// data flow allows it. Deterministic: ties go to the earlier node. Nodes without an effect on a result are dropped.
/// Runs after fuse; plan_memory depends on the order.
[[nodiscard]] bool schedule(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kSchedule{
    .name = "schedule",
    .summary = "the order of execution: few live bytes, updates right after their gradients",
    .run = schedule,
    .needs = ir::Facts::Differentiated | ir::Facts::Inlined,
    .gives = ir::Facts::Scheduled,
    .breaks = ir::Facts::Planned,
};

}  // namespace nnc::passes
