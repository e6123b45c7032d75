// The second half of fusion: which materialised values one kernel computes.
#pragma once
#include <vector>

#include "ir/module.h"

namespace nnc::passes {

/// A kernel to be, or a node that stays as it is.
struct FusionUnit {
  bool isKernel = false;
  std::vector<ir::NodeId> nodes;    // of a kernel body, in order, with the leaves that it clones; or the one node
  std::vector<ir::Value> operands;  // of the kernel call, in order of first use
  std::vector<ir::Value> outputs;   // of the kernel call, in order of the body
};

/// The units of a function in an order of execution. Reshapes and stop_gradients of buffers are in no unit.
std::vector<FusionUnit> chooseGroups(const ir::Function& function);

}  // namespace nnc::passes
