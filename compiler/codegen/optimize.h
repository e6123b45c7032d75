// LLVM's passes over what we emit.
#pragma once
#include <string>

#include "codegen/target.h"

namespace llvm {
class Module;
}

namespace nnc::codegen {

/// Runs a short pipeline: the code has its loops, vectors and hoisting already. `optLevel` 0: nothing.
/// False: the module is broken, which is our mistake; `error` says how.
[[nodiscard]] bool optimize(llvm::Module& module, const Target& target, int optLevel, std::string& error);

}  // namespace nnc::codegen
