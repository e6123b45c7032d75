// The first half of fusion: which values have to be in memory.
#pragma once
#include <vector>

#include "ir/module.h"
#include "passes/fuse_rules.h"

namespace nnc::passes {

/// One use of a value: operand `operand` of node `node`.
struct ValueUse {
  ir::NodeId node;
  int operand = 0;
};

/// What fusion asks about a function again and again.
struct FusionFacts {
  std::vector<std::vector<ValueUse>> uses;  // by value
  std::vector<bool> isResult;               // by value: returned by the function
  std::vector<FuseRole> role;               // by node; nodes outside `body` are Opaque
  std::vector<int> position;                // by node, in `body`
};
FusionFacts fusionFacts(const ir::Function& function);

/// By value: what a kernel writes to memory, and what cannot be anywhere else.
struct Materialization {
  std::vector<bool> required;  // results, operands of opaque nodes, reductions, and what may not be pulled
  std::vector<bool> inMemory;  // required, or too dear to compute in each of the kernels that need it
};
Materialization chooseMaterialized(const ir::Function& function, const FusionFacts& facts);

/// The most work (nodes, counted once for each index at which they are read) of one kernel.
inline constexpr int kMaxKernelWork = 200;
/// Reads of one value at different indices: of cheap values, and of dear ones.
inline int maxIndices(ir::Op op) { return elementCost(op) > kCheapCost ? 1 : 4; }

}  // namespace nnc::passes
