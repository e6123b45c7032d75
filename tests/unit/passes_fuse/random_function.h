// Random functions of the IR that are valid by construction, for property tests.
#pragma once
#include <cstdint>
#include <vector>

#include "ir/module.h"
#include "ir/tensor.h"

namespace nnc::tests {

/// A module and its entry. The same seed gives the same function.
struct RandomFunction {
  ir::Module module;
  ir::FunctionId function;
};

/// About `nodes` nodes of all kinds: elementwise, views, data movement, reductions, contractions, scatters and scans,
/// with some results that alias parameters, are parameters, or occur twice.
RandomFunction randomFunction(std::uint64_t seed, int nodes);

/// Arguments for the function: moderate numbers, and zeros, ties and negative ones among them.
std::vector<ir::Tensor> randomArguments(const ir::Function& function, std::uint64_t seed);

}  // namespace nnc::tests
