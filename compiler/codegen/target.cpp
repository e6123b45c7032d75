// The target machine and its features.
#include "codegen/target.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/IR/Function.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Target/TargetOptions.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>

namespace nnc::codegen {

Target::Target() = default;
Target::Target(Target&&) noexcept = default;
Target::~Target() = default;

std::string hostCpuName() { return llvm::sys::getHostCPUName().str(); }

static std::string hostFeatures() {
  // A virtual machine may hide features that the CPU's name implies.
  llvm::SubtargetFeatures features;
  for (const auto& feature : llvm::sys::getHostCPUFeatures()) features.AddFeature(feature.first(), feature.second);
  return features.getString();
}

bool registerTarget(std::string& error) {
  // LLVM's registry of targets is a global that must not be filled twice at once.
  static const bool isRegistered = !llvm::InitializeNativeTarget() && !llvm::InitializeNativeTargetAsmPrinter();
  if (!isRegistered) error = "LLVM has no code generator for this machine";
  return isRegistered;
}

bool makeTarget(const std::string& cpu, int optLevel, Target& target, std::string& error) {
  if (!registerTarget(error)) return false;
  const std::string triple = llvm::sys::getDefaultTargetTriple();
  const llvm::Target* registered = llvm::TargetRegistry::lookupTarget(triple, error);
  if (registered == nullptr) return false;
  // Asked before LLVM would print a warning of its own.
  const std::unique_ptr<llvm::MCSubtargetInfo> known(registered->createMCSubtargetInfo(triple, "", ""));
  if (!cpu.empty() && !known->isCPUStringValid(cpu)) {
    error = "unknown CPU `" + cpu + "`";
    return false;
  }
  llvm::TargetOptions options;
  // A product and a sum stay two roundings unless we write a fused one.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  const llvm::CodeGenOptLevel level = optLevel == 0   ? llvm::CodeGenOptLevel::None
                                      : optLevel == 1 ? llvm::CodeGenOptLevel::Less
                                                      : llvm::CodeGenOptLevel::Default;
  target.machine.reset(registered->createTargetMachine(triple, cpu.empty() ? hostCpuName() : cpu,
                                                       cpu.empty() ? hostFeatures() : std::string(), options,
                                                       llvm::Reloc::PIC_, std::nullopt, level));
  const llvm::MCSubtargetInfo& subtarget = *target.machine->getMCSubtargetInfo();
  const auto has = [&](const char* feature) { return subtarget.checkFeatures(feature); };
  const bool hasAvx512 = has("+avx512f") && has("+avx512bw") && has("+avx512vl") && has("+avx512dq");
  target.vectorBytes = hasAvx512 ? 64 : has("+avx2") ? 32 : 16;
  target.hasFma = has("+fma");
  target.hasRounding = has("+sse4.1");
  target.hasMaskedMoves = hasAvx512;
  target.hasBf16Dot = hasAvx512 && has("+avx512bf16");
  target.hasGather = hasAvx512 || has("+avx2");
  return true;
}

void setFunctionAttributes(const Target& target, llvm::Function& function) {
  const std::string bits = std::to_string(target.vectorBytes * 8);
  function.addFnAttr("prefer-vector-width", bits);
  function.addFnAttr("min-legal-vector-width", bits);
  function.addFnAttr("target-cpu", target.machine->getTargetCPU());
  function.addFnAttr("target-features", target.machine->getTargetFeatureString());
  function.addFnAttr(llvm::Attribute::NoUnwind);
  // LLVM must not turn loops into calls of library functions.
  function.addFnAttr("no-builtins");
}

}  // namespace nnc::codegen
