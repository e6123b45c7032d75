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

/// Emits `kernel` as an internal function `name` that takes one pointer per buffer and then its numbers. `isAlone` says
/// of each buffer that no other one overlaps it.
llvm::Function* emitKernel(llvm::Module& module, const Target& target, const Kernel& kernel, const std::string& name,
                           const std::vector<bool>& isAlone);

}  // namespace nnc::codegen
