// Decides where every value lives, before anything runs.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Gives every function that runs (all but kernel bodies) a MemoryPlan: one arena whose buffers are reused when their
/// values are dead, results written where the caller wants them, updates in place.
///
/// A result that cannot be computed where it belongs (a parameter that is returned, a value returned twice, an update
/// whose old value is still read) is computed elsewhere and copied by a kernel `copy` at the end of the function.
/// Runs last: any later edit of the function invalidates the plan.
[[nodiscard]] bool planMemory(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kPlanMemory{
    .name = "plan_memory",
    .summary = "a place in memory for every value",
    .run = planMemory,
    .needs = ir::Facts::Differentiated | ir::Facts::Inlined,
    .gives = ir::Facts::Planned,
    .required = true,
};

}  // namespace nnc::passes
