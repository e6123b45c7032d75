#include "codegen/compile_unit.h"

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include "codegen/optimize.h"

namespace nnc::codegen {

CompileUnit::CompileUnit() = default;
CompileUnit::~CompileUnit() = default;

bool beginUnit(CompileUnit& unit, const Options& options, std::string& error) {
  if (options.sanitizeAddress) {
    error = "code generation with AddressSanitizer is not supported";
    return false;
  }
  if (!makeTarget(options.cpu, options.optLevel, unit.target, error)) return false;
  unit.context = std::make_unique<llvm::LLVMContext>();
  unit.module = std::make_unique<llvm::Module>("nnc", *unit.context);
  unit.module->setTargetTriple(unit.target.machine->getTargetTriple().str());
  unit.module->setDataLayout(unit.target.machine->createDataLayout());
  unit.module->setPICLevel(llvm::PICLevel::BigPIC);
  return true;
}

bool optimizeUnit(CompileUnit& unit, const Options& options, std::string& error) {
  const ScopedTimer timer(options.timings, "optimize LLVM IR");
  return optimize(*unit.module, unit.target, options.optLevel, error);
}

std::string generate(CompileUnit& unit, CodeFile kind, const Options& options, std::string& error) {
  const ScopedTimer timer(options.timings, "generate machine code");
  return machineCode(*unit.module, unit.target, kind, error);
}

}  // namespace nnc::codegen
