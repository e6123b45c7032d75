// Memory plans as a table, for --emit=plan.
#pragma once
#include <string>

#include "ir/module.h"

namespace nnc::passes {

/// The plan of every planned function of a module: its totals, then one line per value that owns memory, with its
/// storage, bytes, the nodes (counted from 0) from its definition to its last use, its type and where it comes from.
/// Values are numbered as ir::print numbers them.
std::string printPlans(const ir::Module& module);

}  // namespace nnc::passes
