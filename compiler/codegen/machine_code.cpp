#include "codegen/machine_code.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

namespace nnc::codegen {

std::string machineCode(llvm::Module& module, const Target& target, CodeFile kind, std::string& error) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  const auto fileType =
      kind == CodeFile::Object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  if (target.machine->addPassesToEmitFile(passes, stream, nullptr, fileType, /*DisableVerify=*/true)) {
    error = "LLVM cannot write this kind of file for this target";
    return {};
  }
  passes.run(module);
  return std::string(bytes.begin(), bytes.end());
}

std::vector<std::string> externalSymbols(const llvm::Module& module) {
  constexpr const char* kSymbols[] = {
#define NNC_ABI(SYMBOL, DOC) #SYMBOL,
#include "abi.def"
#undef NNC_ABI
  };
  std::vector<std::string> result;
  for (const char* symbol : kSymbols)
    if (module.getFunction(symbol) != nullptr) result.emplace_back(symbol);
  return result;
}

}  // namespace nnc::codegen
