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

/// Emits the body of a function that takes one pointer per buffer and then the kernel's numbers. `isAlone` says of each
/// buffer that no other one overlaps it.
void defineKernel(llvm::Function& function, const Target& target, const Kernel& kernel,
                  const std::vector<bool>& isAlone);

}  // namespace nnc::codegen
