// From LLVM IR to an object file or assembly text, in memory.
#pragma once
#include <string>
#include <vector>

#include "codegen/target.h"

namespace llvm {
class Module;
}

namespace nnc::codegen {

enum class CodeFile { Object, Assembly };

/// Empty: `error` says why.
std::string machineCode(llvm::Module& module, const Target& target, CodeFile kind, std::string& error);

/// Symbols of runtime/abi.def that a module declares, in the order of that table.
std::vector<std::string> externalSymbols(const llvm::Module& module);

}  // namespace nnc::codegen
