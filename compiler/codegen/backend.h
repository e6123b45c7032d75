// The interface of the code generation plug-in (libnnc_codegen.so). No LLVM here: the engine opens the plug-in with
// dlopen when a command needs code, and talks to it through this class.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/model_api.h"
#include "ir/module.h"
#include "support/timer.h"

namespace nnc::codegen {

/// A compiled function. `arguments` and `results` hold one buffer per parameter and result, aligned 64; a result that
/// aliases a parameter is written to the parameter's buffer and its entry in `results` is ignored. `arena` has the
/// planned bytes, aligned 64, and behind them the table of the program's numbers (ir/numbers.h). Thread-safe for
/// distinct buffers and arenas. Allocates nothing.
using Entry = void (*)(void* const* arguments, void* const* results, void* arena);

struct Options {
  std::string cpu;  // LLVM's name; empty: the host
  int optLevel = 2;
  Timings* timings = nullptr;
  bool sanitizeAddress = false;
};

/// Machine code in memory. Lives as long as this object.
class Code {
 public:
  virtual ~Code() = default;
  virtual Entry entry(std::string_view function) const = 0;
};

struct KernelCounts {
  std::int64_t compiled = 0;   // kernels that were compiled
  std::int64_t reused = 0;     // kernels of programs that were there already
  double helperSeconds = 0.0;  // of the processor, in threads besides those that asked for kernels
};

/// Kernels that programs share, by what they do. Grows only, outlives the code that was compiled with it. Thread-safe.
class KernelStore {
 public:
  virtual ~KernelStore() = default;
  virtual KernelCounts counts() const = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  /// Null: `error` says why.
  virtual std::unique_ptr<KernelStore> newKernelStore(std::string& error) = 0;
  /// Compiles planned functions of a module for this process: code that depends on ir::codeText and on `options` alone.
  /// `store` is of this backend; null: kernels are shared with no other program. Null: `error` says why.
  virtual std::unique_ptr<Code> compile(const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                                        const Options& options, KernelStore* store, std::string& error) = 0;
  /// A relocatable object with the C functions of a model, and their header. Its only undefined symbols are those of
  /// runtime/abi.def; it has no writable data, and its bytes depend on nothing but `api` and `options`.
  /// Empty: `error` says why.
  virtual std::optional<ModelObject> object(const ModelApi& api, const Options& options, std::string& error) = 0;
  /// LLVM IR (before and after optimization) or assembly as text: --emit=llvm, --emit=asm.
  virtual std::string llvmText(const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                               const Options& options, std::string& error) = 0;
  virtual std::string assembly(const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                               const Options& options, std::string& error) = 0;
  /// `znver5`, for manifests.
  virtual std::string hostCpu() const = 0;
  /// The kernels that OpenBLAS chose (`Cooperlake`), for manifests. Loads it if needed.
  virtual std::string blasCore() = 0;
};

/// Exported by the plug-in under C linkage.
using CreateBackend = Backend* (*)();
inline constexpr const char* kCreateBackendSymbol = "nnc_create_backend";

}  // namespace nnc::codegen
