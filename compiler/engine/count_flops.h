// The arithmetic of a program, counted on its IR.
#pragma once
#include <optional>

#include "diagnostics/diagnostics.h"
#include "ir/module.h"

namespace nnc::engine {

/// Floating-point operations of one run of `function`, as elaborated: forward, backward and update of a step.
///
/// Counted when derivatives are taken and what is not needed is gone, before fusion: 2mnk for a product, one for each
/// element of an elementwise op or of a reduction's operand; moving and drawing numbers is free.
/// Empty: reported (what `differentiate` refuses).
[[nodiscard]] std::optional<double> countFlops(const ir::Module& module, ir::FunctionId function,
                                               Diagnostics& diagnostics);

}  // namespace nnc::engine
