// The machine that code is made for: its LLVM target, the width of its vectors, what it can do in one instruction.
#pragma once
#include <memory>
#include <string>

namespace llvm {
class Function;
class TargetMachine;
}  // namespace llvm

namespace nnc::codegen {

struct Target {
  std::unique_ptr<llvm::TargetMachine> machine;
  int vectorBytes = 16;
  bool hasFma = false;
  bool hasRounding = false;     // floor in one instruction (SSE4.1); without it LLVM calls floorf
  bool hasMaskedMoves = false;  // loads, stores and gathers under a mask at full width (AVX-512)
  bool hasGather = false;       // of 4 and 8 byte elements
  bool hasBf16Dot = false;      // sums of two products of bf16 at full width (AVX512-BF16)

  Target();
  Target(Target&&) noexcept;
  ~Target();

  /// Lanes of a vector of elements of `bytes` bytes.
  int lanes(int bytes) const { return vectorBytes / bytes; }
};

/// Makes this machine known to LLVM: what comes first. False: `error` says why.
[[nodiscard]] bool registerTarget(std::string& error);
/// `cpu` in LLVM's names; empty: the host with exactly the features that it reports. False: `error` says why.
[[nodiscard]] bool makeTarget(const std::string& cpu, int optLevel, Target& target, std::string& error);
/// What every generated function carries: width of vectors, no unwinding.
void setFunctionAttributes(const Target& target, llvm::Function& function);
std::string hostCpuName();

}  // namespace nnc::codegen
