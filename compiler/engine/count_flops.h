// The arithmetic of a program, its derivatives included.
#pragma once
#include <optional>

#include "diagnostics/diagnostics.h"
#include "ir/module.h"

namespace nnc::engine {

/// Floating-point operations of one run of `function`, as elaborated: forward, backward and update of a step. Counted
/// as ir::countOperations does when derivatives are taken and what is not needed is gone, before fusion.
///
/// Empty: reported (what `differentiate` refuses).
[[nodiscard]] std::optional<double> countFlops(const ir::Module& module, ir::FunctionId function,
                                               Diagnostics& diagnostics);

/// What one training step costs, by its parts.
struct StepCost {
  double forward = 0.0, backward = 0.0, update = 0.0;  // flops; they add up to countFlops
  double transcendental = 0.0;                         // of them: exp, log, sin and tanh
  double bytes = 0.0;                                  // ir::countBytes after fusion
};

/// Forward is the function behind the gradient call alone, with the metrics; update is the step with the derivatives
/// given; backward is the rest, so that what backward saves by knowing forward values counts for it.
///
/// Needs   `function`: a training step, as elaborated. Empty: reported.
[[nodiscard]] std::optional<StepCost> countStep(const ir::Module& module, ir::FunctionId function,
                                                Diagnostics& diagnostics);

}  // namespace nnc::engine
