// The arithmetic of a function, counted on its nodes.
#pragma once
#include <cstdint>

#include "ir/module.h"

namespace nnc::ir {

/// Products of one element each with another that a contraction sums: the product of the sizes of all its letters.
std::int64_t multiplyAdds(const Function& function, const Node& node);

/// exp, log, sin and tanh: one operation by the count, and a polynomial in the machine.
bool isTranscendental(Op op);

/// Floating-point operations.
struct Operations {
  double all = 0.0;
  double transcendental = 0.0;  // of them
};

/// The operations of `function` and of what it calls, a scan's body once for each of its turns.
///
/// A contraction counts two for each multiply-add; an elementwise op one for each element of its result, and a
/// reduction or a scattered addition one for each element that goes into it. Views, copies, casts, constants, draws and
/// integer arithmetic count nothing. A gradient call counts as its body: what its derivative costs is known after the
/// pass differentiate.
Operations countOperations(const Module& module, FunctionId function);

/// The bytes that kernels, products and what else touches memory take and give: the sizes of the operands, each tensor
/// once, and of the results of every node but reshapes; a scan's body once for each of its turns. How much of it is in
/// a cache is not looked at, nor that a gather takes a part.
///
/// Needs   fuse: before it every operation is a node.
double countBytes(const Module& module, FunctionId function);

}  // namespace nnc::ir
