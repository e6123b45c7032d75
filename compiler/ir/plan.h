// Where every value of a planned function lives. Made by passes/plan_memory, read by codegen, printed by --emit=plan.
#pragma once
#include <cstdint>
#include <vector>

namespace nnc::ir {

enum class StorageKind : std::uint8_t {
  None,      // never in memory: folded into the kernels that use it (splat constants, iota, values inside kernels)
  Argument,  // the buffer of parameter `index`
  Result,    // the buffer of result `index`
  Arena,     // `offset` bytes into the arena
  Constant,  // read-only data of the program
};

struct Storage {
  StorageKind kind = StorageKind::None;
  int index = 0;
  std::int64_t offset = 0;
  friend bool operator==(const Storage&, const Storage&) = default;
};

struct MemoryPlan {
  std::int64_t arenaBytes = 0;   // one static arena, aligned 64
  std::vector<Storage> storage;  // by value index; a reshape shares the storage of its operand
};

}  // namespace nnc::ir
