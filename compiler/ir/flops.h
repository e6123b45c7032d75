// The arithmetic of a function, counted on its nodes.
#pragma once
#include <cstdint>

#include "ir/module.h"

namespace nnc::ir {

/// Products of one element each with another that a contraction sums: the product of the sizes of all its letters.
std::int64_t multiplyAdds(const Function& function, const Node& node);

/// Floating-point operations of `function` and of what it calls, a scan's body once for each of its turns.
///
/// A contraction counts two for each multiply-add; an elementwise op one for each element of its result, and a
/// reduction or a scattered addition one for each element that goes into it. Views, copies, casts, constants, draws and
/// integer arithmetic count nothing. A gradient call counts as its body: what its derivative costs is known after the
/// pass differentiate.
double countFlops(const Module& module, FunctionId function);

}  // namespace nnc::ir
