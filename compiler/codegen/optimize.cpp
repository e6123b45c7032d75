// The pass pipeline. PassBuilder.h costs seconds to compile: it stays here.
#include "codegen/optimize.h"

#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

namespace nnc::codegen {

// Measured (design notes, performance): as fast code as -O2 on explicit vectors, at a tenth of its compile time.
static constexpr const char* kPipeline =
    "function(early-cse,instcombine<no-verify-fixpoint>,loop-mssa(licm),simplifycfg,instsimplify)";

bool optimize(llvm::Module& module, const Target& target, int optLevel, std::string& error) {
  llvm::raw_string_ostream stream(error);
  if (llvm::verifyModule(module, &stream)) return false;
  if (optLevel == 0) return true;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(target.machine.get());
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  if (llvm::Error failure = builder.parsePassPipeline(passes, kPipeline)) {
    error = llvm::toString(std::move(failure));
    return false;
  }
  passes.run(module, modules);
  return true;
}

}  // namespace nnc::codegen
