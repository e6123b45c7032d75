// Runs a planned function in the memory that its plan gives it, one node at a time, as generated code would.
#pragma once
#include <vector>

#include "ir/module.h"
#include "ir/tensor.h"

namespace nnc::tests {

/// The results of a planned function. All memory that nobody has written is 0xFF, a NaN in every float.
std::vector<ir::Tensor> runPlanned(const ir::Module& module, ir::FunctionId function,
                                   const std::vector<ir::Tensor>& arguments);

}  // namespace nnc::tests
