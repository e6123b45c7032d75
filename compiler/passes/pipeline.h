// The order of the passes.
#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/differentiate.h"
#include "ir/pass.h"
#include "passes/assign_layouts.h"
#include "passes/cse.h"
#include "passes/fuse.h"
#include "passes/hoist_products.h"
#include "passes/inline_calls.h"
#include "passes/lower_precision.h"
#include "passes/plan_memory.h"
#include "passes/remove_dead.h"
#include "passes/round_early.h"
#include "passes/schedule.h"
#include "passes/simplify.h"
#include "passes/sink_sums.h"

namespace nnc::passes {

/// From an elaborated training step to a function that code can be generated for.
inline constexpr std::array kTraining = {
    kSimplify,  // before differentiate: what disappears here needs no gradient
    autodiff::kDifferentiate,
    kInlineCalls,
    kRoundEarly,
    kSimplify,  // again: gradients arrive full of `x * 1` and `x + 0`
    kHoistProducts,
    kSinkSums,
    kCse,
    kRemoveDead,
    kAssignLayouts,
    kFuse,
    kSchedule,
    kPlanMemory,
};
static_assert(ir::isWellOrdered(kTraining), "a pass runs before the facts that it needs hold");

/// The same for a network that is only applied. (It may still ask for a derivative, of its output by its input.)
inline constexpr std::array kInference = {
    autodiff::kDifferentiate, kInlineCalls, kRoundEarly, kSimplify,   kHoistProducts, kSinkSums, kCse, kRemoveDead,
    kAssignLayouts,           kFuse,        kSchedule,   kPlanMemory,
};
static_assert(ir::isWellOrdered(kInference), "a pass runs before the facts that it needs hold");

/// Every pass once, in the order in which they run: for `nnc-opt`, --help and docs/passes.md.
inline constexpr std::array kAll = {
    kLowerPrecision, kSimplify,   autodiff::kDifferentiate,
    kInlineCalls,    kRoundEarly, kHoistProducts,
    kSinkSums,       kCse,        kRemoveDead,
    kAssignLayouts,  kFuse,       kSchedule,
    kPlanMemory,
};

/// The pass of that name. Errors: E1521 with the closest name when there is none.
const ir::Pass* findPass(std::string_view name, Diagnostics& diagnostics);
/// `simplify,cse` as a pipeline; an empty text is an empty one. Errors: E1521.
[[nodiscard]] std::optional<std::vector<ir::Pass>> parsePipeline(std::string_view names, Diagnostics& diagnostics);

}  // namespace nnc::passes
