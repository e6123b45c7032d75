// Memory of running programs: what they need, what there is, and how they get it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "ir/module.h"

namespace nnc::engine {

/// Bytes that a planned function needs to run: arena, arguments, results that alias none, and dense constants.
/// Stops at the largest int64 instead of overflowing.
std::int64_t neededMemoryBytes(const ir::Module& module, ir::FunctionId function);

/// Refuses a function that needs more than there is.
///
/// Units   `maxMemoryBytes` 0: what the machine has available.
/// Errors  E1101 with the three largest tensors.
[[nodiscard]] bool checkMemory(const ir::Module& module, ir::FunctionId function, std::int64_t maxMemoryBytes,
                               Diagnostics& diagnostics);

/// What a command is going to allocate, and for what: `parameters and states`.
struct MemoryPart {
  std::int64_t bytes = 0;
  std::string what;
};
/// Bytes that a program may take: what the machine has available, or `maxMemoryBytes` (0: none) if that is less.
std::int64_t memoryLimitBytes(std::int64_t maxMemoryBytes);
/// Refuses parts that are together more than `limitBytes`, before any of them is allocated.
///
/// Errors  E1101 at `where`, with every part; the caller adds the advice. Empty: they fit.
[[nodiscard]] std::optional<DiagnosticBuilder> refuseMemory(Span where, const std::vector<MemoryPart>& parts,
                                                            std::int64_t limitBytes, Diagnostics& diagnostics);

/// Bytes that a cgroup leaves, read from its files below `root` (/sys/fs/cgroup) for the groups of `self`
/// (the text of /proc/self/cgroup); versions 1 and 2. Empty: no limit.
std::optional<std::int64_t> cgroupAvailableBytes(std::string_view root, std::string_view self);

/// `MemAvailable` in the text of /proc/meminfo, in bytes.
std::optional<std::int64_t> memAvailableBytes(std::string_view meminfo);

/// `786432` as `768.0 KiB`.
std::string formatBytes(std::int64_t bytes);

/// Gives a mapping of so many bytes back.
struct Unmap {
  std::size_t bytes = 0;
  void operator()(void* base) const;
};

/// Zeroed memory whose pages are there: aligned 64 (2 MiB when it is that large, for huge pages).
class Pages {
 public:
  /// Empty and `error` when the system refuses.
  static std::optional<Pages> map(std::int64_t bytes, std::string& error);
  void* data() const { return data_; }
  std::int64_t size() const { return size_; }

 private:
  std::unique_ptr<void, Unmap> mapping_;
  void* data_ = nullptr;
  std::int64_t size_ = 0;
};

}  // namespace nnc::engine
