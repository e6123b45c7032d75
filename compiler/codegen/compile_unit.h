// An LLVM module on its way to machine code.
#pragma once
#include <memory>
#include <string>

#include "codegen/backend.h"
#include "codegen/machine_code.h"
#include "codegen/target.h"

namespace llvm {
class LLVMContext;
class Module;
}  // namespace llvm

namespace nnc::codegen {

/// A context serves one thread, so every thread has units of its own.
struct CompileUnit {
  CompileUnit();
  ~CompileUnit();

  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  Target target;
};

/// An empty module for the machine of the options. False: `error` says why.
[[nodiscard]] bool beginUnit(CompileUnit& unit, const Options& options, std::string& error);
[[nodiscard]] bool optimizeUnit(CompileUnit& unit, const Options& options, std::string& error);
/// Empty: `error` says why.
std::string generate(CompileUnit& unit, CodeFile kind, const Options& options, std::string& error);

}  // namespace nnc::codegen
