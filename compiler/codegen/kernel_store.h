// Kernels that were compiled before: programs that share a store share them.
#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "codegen/backend.h"
#include "codegen/jit.h"
#include "codegen/program.h"

namespace nnc::codegen {

/// The implementation behind codegen::KernelStore.
class CompiledKernels : public KernelStore {
 public:
  static std::unique_ptr<CompiledKernels> create(std::string& error);

  /// Makes sure that there is code for all of them: compiles what nobody has asked for yet, waits for what another
  /// thread compiles. False: `error` says why.
  [[nodiscard]] bool provide(const std::vector<KernelRequest>& requests, const Options& options, std::string& error);
  /// Where the code of kernels is, and of the programs that call them.
  Jit& jit() { return *jit_; }
  KernelCounts counts() const override;

 private:
  enum class State : std::uint8_t { Pending, Ready, Failed };

  explicit CompiledKernels(std::unique_ptr<Jit> jit) : jit_(std::move(jit)) {}
  std::vector<const KernelRequest*> claim(const std::vector<KernelRequest>& requests);
  bool compile(const std::vector<const KernelRequest*>& kernels, const Options& options, std::string& error);

  std::unique_ptr<Jit> jit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, State> kernels_;  // by symbol
  KernelCounts counts_;
};

}  // namespace nnc::codegen
