// An independent check of memory plans: runs the function with places instead of numbers.
#pragma once
#include <string>
#include <vector>

#include "ir/module.h"

namespace nnc::passes {

/// Everything that is wrong with the plans of a module, in words; empty: sound. Each entry starts with the function's
/// name.
///
/// Walks each planned function in order and keeps, for every byte of the arena, arguments and results, the value that
/// it holds. Every operand has to be where the plan says, intact; every result has to be aligned, inside its buffer
/// and, if it overwrites an operand, allowed to. At the end every function result has to be where the caller looks for
/// it. Knows nothing of lifetimes, so it cannot share a mistake with the planner.
std::vector<std::string> checkPlans(const ir::Module& module);

}  // namespace nnc::passes
