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

/// Places the buffers in the given order. Returns the size of the arena.
static std::int64_t placeInOrder(std::vector<ArenaBuffer>& buffers, const std::vector<std::size_t>& order) {
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

std::int64_t placeBuffers(std::vector<ArenaBuffer>& buffers) {
  std::vector<std::size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto byKey = [&](const auto& key) {
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(key(buffers[a]), a) < std::pair(key(buffers[b]), b);
    });
  };
  byKey([](const ArenaBuffer& b) { return std::pair<double, int>(-static_cast<double>(b.bytes), b.begin); });
  std::int64_t best = placeInOrder(buffers, order);
  const std::int64_t peak = peakOfBuffers(buffers);
  // Long-lived buffers first, or in order of time, sometimes leaves fewer holes.
  for (const bool isByArea : {true, false}) {
    if (best <= peak) break;
    std::vector<ArenaBuffer> other = buffers;
    byKey([&](const ArenaBuffer& b) {
      return isByArea ? std::pair<double, int>(-static_cast<double>(b.bytes) * (b.end - b.begin + 1), b.begin)
                      : std::pair<double, int>(b.begin, -b.end);
    });
    const std::int64_t arena = placeInOrder(other, order);
    if (arena >= best) continue;
    best = arena;
    buffers = std::move(other);
  }
  return best;
}

std::int64_t peakOfBuffers(const std::vector<ArenaBuffer>& buffers) {
  // Doubles: exact for multiples of 64 up to 2^59, and sums beyond that do not overflow.
  std::map<int, double> change;
  for (const ArenaBuffer& buffer : buffers) {
    change[buffer.begin] += static_cast<double>(alignArena(buffer.bytes));
    change[buffer.end + 1] -= static_cast<double>(alignArena(buffer.bytes));
  }
  double live = 0, peak = 0;
  for (const auto& [position, bytes] : change) peak = std::max(peak, live += bytes);
  return static_cast<std::int64_t>(std::min(peak, static_cast<double>(kMaxArena)));
}

}  // namespace nnc::passes
