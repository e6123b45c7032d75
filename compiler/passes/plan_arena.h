// Offsets of buffers in one arena.
#pragma once
#include <cstdint>
#include <vector>

namespace nnc::passes {

inline constexpr std::int64_t kArenaAlignment = 64;
constexpr std::int64_t alignArena(std::int64_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

/// Memory that is in use from node `begin` to node `end` of a function, both included.
struct ArenaBuffer {
  std::int64_t bytes = 0;
  int begin = 0, end = 0;
  std::int64_t offset = 0;
};

/// Chooses the offsets: each buffer, the largest first, in the smallest gap that takes it between the buffers that are
/// in use at the same time; then in other orders, if the arena came out larger than the peak. Returns its size.
std::int64_t placeBuffers(std::vector<ArenaBuffer>& buffers);

/// The most bytes that are in use at once: no arena can be smaller.
std::int64_t peakOfBuffers(const std::vector<ArenaBuffer>& buffers);

}  // namespace nnc::passes
