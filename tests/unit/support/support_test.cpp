// Places in sources, checked arithmetic, Philox, suggestions.
#include <gtest/gtest.h>

#include <random>

#include "support/checked.h"
#include "support/hash.h"
#include "support/philox.h"
#include "support/source.h"
#include "support/suggest.h"

namespace nnc {
namespace {

TEST(Source, counts_lines_and_code_points_from_one) {
  SourceManager sources;
  const FileId file = sources.add("a", "x\r\ny\ré!\n");
  EXPECT_EQ(sources.place(file, 0).line, 1);
  EXPECT_EQ(sources.place(file, 3).line, 2);
  const Place mark = sources.place(file, 7);  // after the two bytes of é
  EXPECT_EQ(mark.line, 3);
  EXPECT_EQ(mark.column, 2);
  EXPECT_EQ(sources.line(file, 1), "x");
  EXPECT_EQ(sources.line(file, 2), "y");
  EXPECT_EQ(sources.line(file, 3), "é!");
  EXPECT_EQ(sources.place(file, 1000).line, 4);
}

TEST(Checked, agrees_with_128_bits) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const auto a = static_cast<std::int64_t>(random() >> (random() % 64)) * (random() % 2 ? 1 : -1);
    const auto b = static_cast<std::int64_t>(random() >> (random() % 64)) * (random() % 2 ? 1 : -1);
    const auto check = [](Checked result, __int128 exact) {
      const bool fits = exact >= INT64_MIN && exact <= INT64_MAX;
      ASSERT_EQ(result.value().has_value(), fits);
      if (fits) {
        ASSERT_EQ(*result.value(), static_cast<std::int64_t>(exact));
      }
    };
    check(Checked(a) + b, static_cast<__int128>(a) + b);
    check(Checked(a) - b, static_cast<__int128>(a) - b);
    check(Checked(a) * b, static_cast<__int128>(a) * b);
  }
}

TEST(Checked, stays_overflowed) {
  EXPECT_FALSE((Checked(INT64_MAX) + 1 - 1).value().has_value());
  const std::int64_t huge[] = {INT64_MAX, 2};
  EXPECT_FALSE(checkedElementCount(huge).has_value());
  const std::int64_t empty[] = {INT64_MAX, 0, INT64_MAX};
  EXPECT_EQ(checkedElementCount(empty), 0);
  EXPECT_EQ(checkedElementCount({}), 1);
}

TEST(Floor, division_rounds_down) {
  for (std::int64_t a = -7; a <= 7; ++a) {
    for (const std::int64_t b : {-3, -2, -1, 1, 2, 3}) {
      EXPECT_EQ(floorDiv(a, b), static_cast<std::int64_t>(std::floor(static_cast<double>(a) / static_cast<double>(b))));
      EXPECT_EQ(floorDiv(a, b) * b + floorMod(a, b), a);
    }
  }
}

// Known answers of philox4x32 with 10 rounds, from the distribution of Random123 (kat_vectors).
TEST(Philox, known_answers) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t all = 0xffffffff;
  EXPECT_EQ(philox({all, all, all, all}, {all, all}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, uniforms_fill_the_unit_interval) {
  double sum = 0.0;
  float largest = 0.0f;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const float u = uniformFromBits(randomBits(philoxKey(5, 1), 1, i));
    ASSERT_GE(u, 0.0f);
    ASSERT_LT(u, 1.0f);
    sum += u;
    largest = std::max(largest, u);
  }
  // The mean of n uniforms has deviation 1 / sqrt(12 n) = 0.0009; six of them.
  EXPECT_NEAR(sum / kDraws, 0.5, 0.0055);
  EXPECT_GT(largest, 0.999f);
}

TEST(Suggest, finds_the_closest_name) {
  const std::vector<std::string> names = {"epochs", "steps", "batch"};
  EXPECT_EQ(closestName("epoch", names), "epochs");
  EXPECT_EQ(closestName("btach", names), "batch");
  EXPECT_EQ(closestName("network", names), std::nullopt);
  EXPECT_EQ(closestName(std::string(10'000, 'e'), names), std::nullopt);
}

TEST(Hash, is_stable) {
  EXPECT_EQ(hexDigits(hashBytes("")), "2d06800538d394c2");  // XXH3_64bits of nothing, as published
  EXPECT_NE(hashBytes("a"), hashBytes("b"));
  EXPECT_NE(hashBytes("a", 1), hashBytes("a", 2));
}

}  // namespace
}  // namespace nnc
