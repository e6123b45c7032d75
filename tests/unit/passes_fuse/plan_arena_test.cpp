#include "passes/plan_arena.h"

#include <gtest/gtest.h>

#include <random>

namespace nnc::passes {

static bool overlap(const ArenaBuffer& a, const ArenaBuffer& b) {
  const bool inTime = a.begin <= b.end && b.begin <= a.end;
  const bool inSpace = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
  return inTime && inSpace && a.bytes > 0 && b.bytes > 0;
}

TEST(PlanArena, ReusesWhatIsDead) {
  std::vector<ArenaBuffer> buffers{{100, 0, 1}, {100, 1, 2}, {100, 2, 3}};
  EXPECT_EQ(placeBuffers(buffers), 256);
  EXPECT_EQ(buffers[0].offset, buffers[2].offset);
  EXPECT_NE(buffers[0].offset, buffers[1].offset);
}

TEST(PlanArena, TakesTheSmallestGap) {
  // Two gaps open: one of 4096 bytes and one of 1024. The late buffer of 1000 bytes belongs into the small one.
  std::vector<ArenaBuffer> buffers{{8192, 0, 9}, {4096, 0, 3}, {2048, 0, 9}, {1024, 0, 3}, {1010, 0, 9}, {1000, 5, 6}};
  placeBuffers(buffers);
  EXPECT_EQ(buffers[5].offset, buffers[3].offset);
}

TEST(PlanArena, EmptyBuffersNeedNothing) {
  std::vector<ArenaBuffer> buffers{{0, 0, 5}, {0, 0, 5}};
  EXPECT_EQ(placeBuffers(buffers), 0);
}

TEST(PlanArena, HugeProgramsDoNotOverflow) {
  std::vector<ArenaBuffer> buffers(5000, {std::int64_t{1} << 51, 0, 1, 0});
  EXPECT_GT(placeBuffers(buffers), std::int64_t{1} << 55);
}

TEST(PlanArena, NothingOverlapsAndTheArenaIsCloseToThePeak) {
  std::mt19937_64 random(7);
  std::int64_t arenas = 0, peaks = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<ArenaBuffer> buffers;
    const int count = 1 + static_cast<int>(random() % 80);
    for (int i = 0; i < count; ++i) {
      const int begin = static_cast<int>(random() % 60);
      buffers.push_back(
          {static_cast<std::int64_t>(random() % 5000), begin, begin + static_cast<int>(random() % 12), 0});
    }
    const std::int64_t arena = placeBuffers(buffers);
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(buffers[i].offset % kArenaAlignment, 0);
      EXPECT_LE(buffers[i].offset + buffers[i].bytes, arena);
      for (std::size_t k = 0; k < i; ++k) ASSERT_FALSE(overlap(buffers[i], buffers[k])) << i << " and " << k;
    }
    ASSERT_GE(arena, peakOfBuffers(buffers));
    arenas += arena;
    peaks += peakOfBuffers(buffers);
  }
  // No theorem, but what greedy by size does on these inputs; much more would be a mistake in the code.
  EXPECT_LT(static_cast<double>(arenas), 1.1 * static_cast<double>(peaks));
}

}  // namespace nnc::passes
