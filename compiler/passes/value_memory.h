// What scheduling and memory planning ask about values: whose memory they are, and who may overwrite whom.
#pragma once
#include <vector>

#include "ir/module.h"

namespace nnc::passes {

/// Whether the result of the op is the memory of its operand: reshape and stop_gradient.
bool isFreeView(ir::Op op);

/// The value whose memory `value` is: itself, or what a chain of free views looks at.
ir::Value viewedValue(const ir::Function& function, ir::Value value);

/// Whether the node computes its results one index at a time: a MAP kernel or an elementwise op.
bool isMap(const ir::Module& module, const ir::Node& node);

/// Whether a result of `node` may be written onto the memory of each operand, by operand: it is read only at the index
/// that is written (MAP kernels, elementwise ops), or it is what the op starts from (the base of a scatter).
std::vector<bool> overwritableOperands(const ir::Module& module, const ir::Node& node);

}  // namespace nnc::passes
