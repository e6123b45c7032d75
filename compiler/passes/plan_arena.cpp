#include "passes/plan_arena.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

namespace nnc::passes {

/// No machine has this much: a program that would need more is refused for needing this.
static constexpr std::int64_t kMaxArena = std::int64_t{1} << 60;

static bool meet(const ArenaBuffer& a, const ArenaBuffer& b) { return a.begin <= b.end && b.begin <= a.end; }

/// The start of the smallest gap that takes `buffer`. `placed` is ordered by offset.
static std::int64_t findGap(const std::vector<ArenaBuffer>& buffers, const std::vector<std::size_t>& placed,
                            const ArenaBuffer& buffer) {
  const std::int64_t size = alignArena(buffer.bytes);
  std::int64_t end = 0, best = -1, bestGap = std::numeric_limits<std::int64_t>::max();
  for (const std::size_t index : placed) {
    const ArenaBuffer& other = buffers[index];
    if (!meet(buffer, other)) continue;
    const std::int64_t gap = other.offset - end;
    if (gap >= size && gap < bestGap) std::tie(best, bestGap) = std::pair{end, gap};
    end = std::min(kMaxArena, std::max(end, other.offset + alignArena(other.bytes)));
  }
  return best >= 0 ? best : end;
}

std::int64_t placeBuffers(std::vector<ArenaBuffer>& buffers) {
  std::vector<std::size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(-buffers[a].bytes, buffers[a].begin, a) < std::tuple(-buffers[b].bytes, buffers[b].begin, b);
  });
  std::vector<std::size_t> placed;
  std::int64_t arena = 0;
  for (const std::size_t index : order) {
    ArenaBuffer& buffer = buffers[index];
    if (buffer.bytes == 0) continue;  // holds nothing: any offset will do
    buffer.offset = findGap(buffers, placed, buffer);
    arena = std::max(arena, buffer.offset + alignArena(buffer.bytes));
    const auto place = std::upper_bound(placed.begin(), placed.end(), index, [&](std::size_t a, std::size_t b) {
      return buffers[a].offset < buffers[b].offset;
    });
    placed.insert(place, index);
  }
  return arena;
}

std::int64_t peakOfBuffers(const std::vector<ArenaBuffer>& buffers) {
  std::map<int, std::int64_t> change;
  for (const ArenaBuffer& buffer : buffers) {
    change[buffer.begin] += alignArena(buffer.bytes);
    change[buffer.end + 1] -= alignArena(buffer.bytes);
  }
  std::int64_t live = 0, peak = 0;
  for (const auto& [position, bytes] : change) peak = std::max(peak, live += bytes);
  return peak;
}

}  // namespace nnc::passes
