// The derivative of a function as a function.
#pragma once
#include "ir/module.h"

namespace nnc::autodiff {

/// Adds the function `NAME_vjp`: (parameters.., cotangents..) -> (results.., cotangents of parameters..).
///
/// One cotangent comes in for each float result and one goes out for each float parameter, in order; zeros where no
/// derivative flows.
/// Needs   Facts::Differentiated for `function` and what it runs.
ir::FunctionId makeVjp(ir::Module& module, ir::FunctionId function);

}  // namespace nnc::autodiff
