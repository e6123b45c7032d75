// The arithmetic of a program, its derivatives included.
#pragma once
#include <optional>

#include "diagnostics/diagnostics.h"
#include "ir/module.h"

namespace nnc::engine {

/// Floating-point operations of one run of `function`, as elaborated: forward, backward and update of a step. Counted
/// as ir::countFlops does when derivatives are taken and what is not needed is gone, before fusion.
///
/// Empty: reported (what `differentiate` refuses).
[[nodiscard]] std::optional<double> countFlops(const ir::Module& module, ir::FunctionId function,
                                               Diagnostics& diagnostics);

}  // namespace nnc::engine
