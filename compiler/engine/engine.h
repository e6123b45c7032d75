// From an elaborated module to running code: the only caller that chains passes and code generation.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codegen/backend.h"
#include "diagnostics/diagnostics.h"
#include "engine/code_cache.h"
#include "ir/module.h"
#include "ir/tensor.h"
#include "support/timer.h"

namespace nnc::engine {

struct Options {
  bool verifyEach = false;
  std::vector<std::string> printAfter;  // pass names, or "all"; printed to stderr
  std::vector<std::string> disabledPasses;
  std::string stopAfter;            // a pass name, for --emit
  std::int64_t maxMemoryBytes = 0;  // 0: what the machine has available
  codegen::Options codegen;
  CodeCache* cache = nullptr;  // null: every program is compiled anew; else it outlives the executables
  Timings* timings = nullptr;
};

/// Loads the plug-in on first use (next to the executable: ../lib/libnnc_codegen.so, or NNC_CODEGEN). Null: reported.
codegen::Backend* backend(Diagnostics& diagnostics);

/// Runs the pipeline (differentiate, simplify, ..., plan_memory) on `function` and what it calls. The other functions
/// of the module are emptied: a program is one function.
[[nodiscard]] bool lower(ir::Module& module, ir::FunctionId function, const Options& options, Diagnostics& diagnostics);

/// A compiled function with its arena and its numbers; the code may be that of other programs too. Movable. One run at
/// a time.
class Executable {
 public:
  /// Compiles a lowered function.
  [[nodiscard]] static std::optional<Executable> compile(ir::Module module, ir::FunctionId function,
                                                         const Options& options, Diagnostics& diagnostics);
  Executable(Executable&&) noexcept;
  Executable& operator=(Executable&&) noexcept;
  ~Executable();

  const ir::Function& signature() const;
  std::int64_t arenaBytes() const;
  /// `arguments` and `results` as codegen::Entry has them. Allocates nothing.
  void run(void* const* arguments, void* const* results) const;
  /// The slow, convenient way: tensors in, tensors out.
  std::vector<ir::Tensor> run(const std::vector<ir::Tensor>& arguments) const;

 private:
  struct Implementation;
  explicit Executable(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

/// Bytes of memory that the machine can give now: the least of MemAvailable * 0.9, RLIMIT_AS and the cgroup's limit.
std::int64_t availableMemoryBytes();

}  // namespace nnc::engine
