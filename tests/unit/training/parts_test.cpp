// Permutations, parts of the data, and which passes a run makes.
#include "training/parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "training/pass_plans.h"

namespace nnc::training {
namespace {

std::vector<std::int64_t> iota(std::int64_t begin, std::int64_t end) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(end - begin));
  std::iota(rows.begin(), rows.end(), begin);
  return rows;
}

TEST(Permutation, visits_each_row_once_and_depends_on_its_key) {
  std::set<std::vector<std::int64_t>> seen;
  for (const std::int64_t seed : {0, 1, -1}) {
    for (const std::int64_t epoch : {1, 2}) {
      for (const char* const stream : {"a", "b"}) {
        std::vector<std::int64_t> order = permutation(1000, stream, seed, epoch);
        EXPECT_EQ(order, permutation(1000, stream, seed, epoch));
        EXPECT_TRUE(seen.insert(order).second) << "two keys give one order";
        std::sort(order.begin(), order.end());
        EXPECT_EQ(order, iota(0, 1000));
      }
    }
  }
  EXPECT_TRUE(permutation(0, "a", 0, 0).empty());
  EXPECT_EQ(permutation(1, "a", 0, 0), iota(0, 1));
}

TEST(Permutation, is_the_same_in_every_release) {
  EXPECT_EQ(permutation(8, "data/shuffle", 3, 1), (std::vector<std::int64_t>{7, 3, 5, 2, 1, 6, 4, 0}));
}

TEST(Permutation, puts_every_row_everywhere_equally_often) {
  // Counts of one row at one place over n draws have variance n p (1 - p); 6 standard deviations leave room for 25
  // cells.
  constexpr int kDraws = 20000, kRows = 5;
  std::array<std::array<int, kRows>, kRows> counts{};
  for (int epoch = 0; epoch < kDraws; ++epoch) {
    const std::vector<std::int64_t> order = permutation(kRows, "data/shuffle", 7, epoch);
    for (std::size_t place = 0; place < kRows; ++place) ++counts[place][static_cast<std::size_t>(order[place])];
  }
  const double expected = kDraws / 5.0, deviation = std::sqrt(kDraws * 0.2 * 0.8);
  for (const auto& row : counts)
    for (const int count : row) EXPECT_NEAR(count, expected, 6 * deviation);
}

elaborate::DataProgram withSplit(std::vector<elaborate::SplitPart> split) {
  elaborate::DataProgram program;
  program.split = std::move(split);
  return program;
}

TEST(Parts, without_a_split_everything_is_train) {
  Diagnostics diagnostics;
  elaborate::DataProgram program;
  program.take = 4;
  const auto parts = cutParts(program, {10, 3}, 0, diagnostics);
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].rows, iota(0, 4));
  EXPECT_EQ((*parts)[1].name, "test");
  EXPECT_EQ((*parts)[1].source, 1);
  EXPECT_EQ((*parts)[1].rows, iota(0, 3));
}

TEST(Parts, ranges_leave_other_rows_unused) {
  Diagnostics diagnostics;
  const auto parts = cutParts(withSplit({{"train", {2, 5}, {}, {}}, {"valid", {7, 9}, {}, {}}}), {10}, 0, diagnostics);
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].rows, iota(2, 5));
  EXPECT_EQ((*parts)[1].rows, iota(7, 9));
}

TEST(Parts, a_random_split_takes_its_fraction_and_leaves_the_rest_to_train) {
  Diagnostics diagnostics;
  elaborate::DataProgram program = withSplit({{"valid", {}, 0.25, {}}});
  program.splitSeed = 5;
  const auto parts = cutParts(program, {101}, 0, diagnostics), again = cutParts(program, {101}, 0, diagnostics);
  program.splitSeed = 6;
  const auto other = cutParts(program, {101}, 0, diagnostics);
  ASSERT_TRUE(parts && again && other);
  EXPECT_EQ((*parts)[0].name, "train");
  EXPECT_EQ((*parts)[1].size(), 25);
  EXPECT_EQ((*parts)[0].size(), 76);
  EXPECT_TRUE(std::is_sorted((*parts)[1].rows.begin(), (*parts)[1].rows.end()));
  EXPECT_EQ((*parts)[1].rows, (*again)[1].rows);
  EXPECT_NE((*parts)[1].rows, (*other)[1].rows);
  std::vector<std::int64_t> all = (*parts)[0].rows;
  all.insert(all.end(), (*parts)[1].rows.begin(), (*parts)[1].rows.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, iota(0, 101));
}

TEST(Parts, a_range_past_the_end_and_an_empty_part_are_named) {
  Diagnostics diagnostics;
  EXPECT_FALSE(cutParts(withSplit({{"train", {0, 5}, {}, {}}, {"valid", {5, 11}, {}, {}}}), {10}, 0, diagnostics));
  ASSERT_EQ(diagnostics.errorCount(), 1);
  EXPECT_EQ(diagnostics.all()[0].message, "part `valid` is rows 5..11, and the source has 10 rows");
  Diagnostics empty;
  EXPECT_FALSE(cutParts(withSplit({}), {0}, 0, empty));
  EXPECT_EQ(empty.all()[0].code, "E1206");
  EXPECT_EQ(empty.all()[0].message, "part `train` has no rows");
}

TEST(DataSet, a_source_has_a_file_for_each_field) {
  Diagnostics diagnostics;
  elaborate::DataProgram program;
  program.source.node = elaborate::IdxSource{{{"a", {}}, {"b", {}}}};
  program.raw = {{"pixels", {ir::DType::U8, {6}}}};
  SourceStore store;
  EXPECT_FALSE(DataSet::locate(program, store, diagnostics));
  ASSERT_EQ(diagnostics.errorCount(), 1);
  EXPECT_EQ(diagnostics.all()[0].code, "E1209");
  EXPECT_EQ(diagnostics.all()[0].message, "the source has 2 files, and `fields` declares 1 fields");
}

TEST(StepsFor, counts_the_short_batch_at_the_end_of_each_epoch) {
  // 70 rows in batches of 16: four whole ones and one of 6.
  EXPECT_EQ(stepsFor(0, 70, 16), 0);
  EXPECT_EQ(stepsFor(1, 70, 16), 1);
  EXPECT_EQ(stepsFor(70, 70, 16), 5);
  EXPECT_EQ(stepsFor(71, 70, 16), 6);
  EXPECT_EQ(stepsFor(140 + 17, 70, 16), 12);
}

}  // namespace
}  // namespace nnc::training
