// The reference evaluator: the oracle of every test. Slow, plain, in the order in which the text is read.
#pragma once
#include <optional>
#include <vector>

#include "ir/module.h"
#include "ir/tensor.h"

namespace nnc::ir {

/// Runs a function on tensors whose types are those of its parameters and returns its results.
///
/// Floats are computed in their own dtype: f32 in float, f64 in double, bf16 in float and rounded after each op,
/// but for contract, which gives f32.
/// Gradient calls must have been expanded (pass differentiate); kernel calls run their bodies.
std::vector<Tensor> evaluate(const Module& module, FunctionId function, const std::vector<Tensor>& arguments);

/// The value of `value` in `function`, when it follows from constants alone.
///
/// Needs   a function as a builder makes it: a node comes after those of its operands.
/// Empty: it depends on a parameter, a scan or a call, or more than `mostElements` numbers stand on the way to it.
/// Behind a stop_gradient nothing is known: while a function is built, what a scan brings stands there as a constant.
std::optional<Tensor> constantValue(const Function& function, Value value, std::int64_t mostElements);

}  // namespace nnc::ir
