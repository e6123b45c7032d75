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

/// A function `name` for `kernel`, without a body: it takes one pointer per buffer and then the kernel's numbers.
llvm::Function* declareKernel(llvm::Module& module, const Target& target, const Kernel& kernel,
                              const std::string& name);
/// Emits the body. `isAlone` says of each buffer that no other one overlaps it.
void defineKernel(llvm::Function& function, const Target& target, const Kernel& kernel,
                  const std::vector<bool>& isAlone);

}  // namespace nnc::codegen
