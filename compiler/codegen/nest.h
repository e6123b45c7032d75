// A kernel as an LLVM function: loops, explicit vectors, and each expression at the outermost loop that it depends on.
#pragma once
#include <string>
#include <vector>

#include "codegen/emitter.h"
#include "codegen/kernel.h"

namespace llvm {
class Function;
}

namespace nnc::codegen {

/// How the loops of a kernel become vector code.
///
/// The lane loop is the innermost axis. MAP: one vector per step. REDUCE over the innermost axis: several vectors of
/// partial results, added in a fixed tree. REDUCE with the innermost axis kept: a tile of several vectors stays in
/// registers while the reduced loops run. What is left at the end of an axis is done under a mask, by the same
/// arithmetic, so an element's bits do not depend on its place.
struct Schedule {
  std::vector<int> order;     // loop variables, outermost first
  std::size_t firstReduced = 0;  // position in `order`; its size for MAP
  int lane = -1;              // variable, or -1: everything is scalar
  int lanes = 0;              // elements of a vector
  int unrolled = -1;          // variable whose steps are emitted `copies` times side by side
  int copies = 1;
};
Schedule scheduleKernel(const Kernel& kernel, const Target& target);

/// Emits `kernel` as an internal function `name` that takes one pointer per buffer. `isAlone` says of each buffer
/// that no other one overlaps it.
llvm::Function* emitKernel(llvm::Module& module, const Target& target, const Kernel& kernel, const std::string& name,
                           const std::vector<bool>& isAlone);

}  // namespace nnc::codegen
