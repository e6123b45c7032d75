// Where every value of a planned function lives. Made by passes/plan_memory, read by codegen, printed by --emit=plan.
#pragma once
#include <cstdint>
#include <vector>

namespace nnc::ir {

enum class StorageKind : std::uint8_t {
  None,      // never in memory: not in `body`
  Argument,  // the buffer of parameter `index`
  Result,    // the buffer of result `index`
  Arena,     // `offset` bytes into the arena
  Constant,  // read-only data of the program: the dense const that defines value `index`
};

struct Storage {
  StorageKind kind = StorageKind::None;
  int index = 0;
  std::int64_t offset = 0;
  friend bool operator==(const Storage&, const Storage&) = default;
};

/// Scratch memory of a scan node, in the arena of the function that holds the node.
///
/// `offset` is where the arena of the body's own plan begins. `carryOffsets` has one buffer per carry, the partner of
/// the buffer of the scan's result: step i of `length` writes the new carry to the result's storage when
/// (length - 1 - i) is even and to the partner when it is odd; step 0 reads the operand in place, every other step what
/// the step before it wrote. So nothing is copied, the last step writes the result, and the operands stay as they
/// were. With length 0 the operands are copied to the results.
struct ScanScratch {
  std::int32_t node = -1;  // index of the scan in Function::nodes
  std::int64_t offset = 0;
  std::vector<std::int64_t> carryOffsets;
  friend bool operator==(const ScanScratch&, const ScanScratch&) = default;
};

/// Every function that runs has a plan: the entry and each scan body, which is planned as if it were an entry.
/// Kernel bodies have none: they are compiled into their call.
///
/// What holds of a planned function:
/// - Every value that a node of `body` defines or reads has a storage other than None. A const (splat), iota or random
///   node whose storage is not Constant writes its elements there, like a kernel of one node.
/// - Offsets are multiples of 64. Arguments and results of an entry are aligned 64. Those of a scan body are aligned to
///   their dtype only: x and y slices are rows of the caller's tensors, passed and written in place.
/// - Reshape and stop_gradient have the storage of their operand: nothing to do. The plan shares no storage otherwise,
///   but where the operand is dead after the node:
///   * a MAP kernel (or a single elementwise node) may write a result onto an operand of the same byte count. The body
///     then reads that operand only at the index that it writes; code must read all operands at an index (or vector of
///     indices) before it writes any result there, and must not mark the two as not aliasing;
///   * a scatter may write onto operand 0, its base: the copy of the base falls away.
/// - A function result is in the storage Result of its index, or in the storage Argument of the parameter that it
/// aliases,
///   when the function ends. Both kinds may be read back before that, and a value in Argument may be written long
///   before the end: the planner saw to it that nobody reads the old value afterwards.
/// - A kernel body may have no nodes: its result is its parameter (the kernel `copy`).
struct MemoryPlan {
  std::int64_t arenaBytes = 0;   // one static arena, aligned 64; a multiple of 64
  std::vector<Storage> storage;  // by value index; a reshape shares the storage of its operand
  std::vector<ScanScratch> scans;
};

}  // namespace nnc::ir
