// Compiled programs by what their code depends on: one that differs from another in numbers alone runs its code.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "codegen/backend.h"
#include "support/hash.h"

namespace nnc::engine {

/// Owns machine code, so it outlives the executables that run it. Programs that are compiled share their kernels.
/// Thread-safe.
class CodeCache {
 public:
  using Compile = std::function<std::unique_ptr<codegen::Code>(codegen::KernelStore* kernels, std::string& error)>;

  CodeCache() = default;
  CodeCache(const CodeCache&) = delete;
  CodeCache& operator=(const CodeCache&) = delete;

  /// The entry `name` of what `compile` makes of a program with this text; it is called for the first one only. Threads
  /// that ask meanwhile wait. Null: `error` says why, and does so for all programs with the text.
  codegen::Entry get(codegen::Backend& backend, std::string_view codeText, const std::string& name,
                     const Compile& compile, std::string& error);

  struct Counts {
    std::int64_t compiled = 0;  // programs that were compiled
    std::int64_t reused = 0;    // programs that run code of an earlier one
    double seconds = 0.0;       // of the processor, in compiling them
    codegen::KernelCounts kernels;
  };
  Counts counts() const;

 private:
  struct Program {
    bool isDone = false;
    std::unique_ptr<codegen::Code> code;
    codegen::Entry entry = nullptr;
    std::string error;
  };

  codegen::KernelStore* kernelsOf(codegen::Backend& backend, std::string& error);

  mutable std::mutex mutex_;
  std::unique_ptr<codegen::KernelStore> kernels_;  // before the programs, whose code calls them
  std::condition_variable done_;
  std::map<Hash128, Program> programs_;
  Counts counts_;
};

}  // namespace nnc::engine
