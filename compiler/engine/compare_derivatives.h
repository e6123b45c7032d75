// A derivative that was written by hand against the one that is derived.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/module.h"

namespace nnc::engine {

/// The largest difference between the two derivatives by one parameter.
struct DerivativeDifference {
  std::string parameter;
  std::int64_t element = 0;
  double written = 0.0, derived = 0.0;
  double relative = 0.0;  // |written - derived| / max(1, largest |derived| by this parameter)
};

/// Compares, in f64 by the evaluator and at two points, the derivatives of `function` by each float parameter: with the
/// vjp of its composite calls named `callee`, and with the one that follows from their bodies.
///
/// The function is (parameters..) -> (results..); its float results are summed with weights. One entry per float
/// parameter, in order; a point where the derived one is not finite does not count.
/// Empty   no point counts.
std::vector<DerivativeDifference> compareDerivatives(const ir::Module& module, ir::FunctionId function,
                                                     const std::string& callee);

}  // namespace nnc::engine
