// Which cells a design has: full, one at a time, build-up, random, greedy, sampled orders.
#include "statistics/designs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "statistics/greedy_path.h"
#include "statistics/permutations.h"
#include "studies.h"

namespace nnc::statistics {
namespace {

std::vector<Factor> mixedFactors() { return {{"act", 2, 0, 1}, {"depth", 3, 0, 2}, {"init", 4, 1, 3}}; }

TEST(Designs, full_factorial_runs_every_combination_once) {
  const std::vector<Factor> factors = mixedFactors();
  const std::vector<Cell> cells = fullFactorial(factors);
  EXPECT_EQ(fullFactorialSize(factors), 24);
  EXPECT_EQ(cells.size(), 24u);
  EXPECT_EQ(std::set<Cell>(cells.begin(), cells.end()).size(), 24u);
  EXPECT_EQ(cells[0], (Cell{0, 0, 0}));
  EXPECT_EQ(cells[1], (Cell{0, 0, 1}));
  EXPECT_EQ(cells[23], (Cell{1, 2, 3}));
  EXPECT_FALSE(fullFactorialSize(std::vector<Factor>(41)).has_value());
}

TEST(Designs, one_at_a_time_starts_from_old_or_from_new) {
  std::vector<Factor> factors = mixedFactors();
  EXPECT_EQ(firstInCells(factors), (std::vector<Cell>{{0, 0, 1}, {1, 0, 1}, {0, 2, 1}, {0, 0, 3}}));
  EXPECT_EQ(lastInCells(factors), (std::vector<Cell>{{1, 2, 3}, {0, 2, 3}, {1, 0, 3}, {1, 2, 1}}));
  factors[1].isPlayer = false;  // depth stays where it is
  EXPECT_EQ(firstInCells(factors), (std::vector<Cell>{{0, 0, 1}, {1, 0, 1}, {0, 0, 3}}));
  EXPECT_EQ(lastInCells(factors), (std::vector<Cell>{{1, 0, 3}, {0, 0, 3}, {1, 0, 1}}));
}

TEST(Designs, build_up_adds_one_factor_per_cell) {
  const int order[] = {2, 0};
  EXPECT_EQ(buildUpCells(mixedFactors(), order), (std::vector<Cell>{{0, 0, 1}, {0, 0, 3}, {1, 0, 3}}));
}

TEST(Designs, random_cells_are_distinct_and_balanced) {
  const std::vector<Factor> factors = mixedFactors();
  for (std::int64_t count = 0; count <= 24; ++count) {
    const std::vector<Cell> cells = randomCells(factors, count, 7);
    EXPECT_EQ(static_cast<std::int64_t>(cells.size()), count);
    EXPECT_EQ(std::set<Cell>(cells.begin(), cells.end()).size(), cells.size());
    for (std::size_t f = 0; f < factors.size(); ++f) {
      std::vector<int> uses(static_cast<std::size_t>(factors[f].levelCount), 0);
      for (const Cell& cell : cells) ++uses[static_cast<std::size_t>(cell[f])];
      const auto [fewest, most] = std::minmax_element(uses.begin(), uses.end());
      EXPECT_LE(*most - *fewest, 1) << "factor " << f << ", " << count << " cells";
    }
  }
  EXPECT_EQ(randomCells(factors, 9, 7), randomCells(factors, 9, 7));
  EXPECT_NE(randomCells(factors, 9, 7), randomCells(factors, 9, 8));
}

TEST(Designs, random_cells_are_drawn_with_equal_probability) {
  const std::vector<Factor> factors = {{"a"}, {"b", 3, 0, 2}};
  std::map<Cell, int> uses;
  constexpr int kSeeds = 3000;
  for (int seed = 0; seed < kSeeds; ++seed)
    for (const Cell& cell : randomCells(factors, 2, static_cast<std::uint64_t>(seed))) ++uses[cell];
  ASSERT_EQ(uses.size(), 6u);
  // Each of 6 cells is among the 2 drawn with probability 1/3: standard deviation sqrt(3000 * 1/3 * 2/3) = 26; 4 of
  // them.
  for (const auto& [cell, count] : uses) EXPECT_NEAR(count, kSeeds / 3, 104);
}

// ---- greedy path ----

TEST(GreedyPath, takes_the_best_step_each_time) {
  // skip alone helps most, then norm; act hurts alone and helps last.
  const auto value = [](const Cell& cell) {
    return 3.0 * cell[2] + 2.0 * cell[1] - 1.0 * cell[0] + 4.0 * cell[0] * cell[1];
  };
  GreedyPath path(twoLevelFactors(3), {});
  std::size_t cells = 0;
  while (!path.isDone()) {
    std::vector<double> responses;
    for (const Cell& cell : path.nextCells()) responses.push_back(value(cell));
    cells += responses.size();
    path.give(responses);
  }
  EXPECT_EQ(path.order(), (std::vector<int>{2, 1, 0}));
  EXPECT_EQ(path.responses(), (std::vector<double>{0, 3, 5, 8}));
  EXPECT_EQ(cells, 7u);  // 1 + 3 + 2 + 1
}

TEST(GreedyPath, honours_precedences_and_cells_that_could_not_be_run) {
  GreedyPath path(twoLevelFactors(3), {{0, 1}});
  path.give(std::vector<double>{0.0});
  EXPECT_EQ(path.nextCells(), (std::vector<Cell>{{0, 1, 0}, {0, 0, 1}}));  // act needs norm
  const double nan = std::numeric_limits<double>::quiet_NaN();
  path.give(std::vector<double>{nan, -5.0});
  EXPECT_EQ(path.order(), std::vector<int>{2});
  path.give(std::vector<double>{nan});
  EXPECT_TRUE(path.isDone());
  EXPECT_EQ(path.order(), std::vector<int>{2});
}

// ---- sampled orders ----

TEST(SampledOrders, come_in_pairs_of_opposite_order) {
  const std::vector<Factor> factors = twoLevelFactors(6);
  const SampledOrders sample = sampleOrders(factors, {}, 10, 3);
  ASSERT_EQ(sample.orders.size(), 20u);
  for (std::size_t i = 0; i < 20; i += 2) {
    std::vector<int> reversed(sample.orders[i].rbegin(), sample.orders[i].rend());
    EXPECT_EQ(sample.orders[i + 1], reversed);
  }
  EXPECT_LE(sample.coalitions.size(), 64u);
  EXPECT_EQ(sample.coalitions.front(), 0u);
  EXPECT_EQ(sample.coalitions.back(), 63u);
}

TEST(SampledOrders, with_precedences_are_uniform_among_those_possible) {
  const std::vector<Factor> factors = twoLevelFactors(4);
  const std::vector<Precedence> precedences = {{1, 0}, {3, 2}};  // 4! / 4 = 6 orders
  std::map<std::vector<int>, int> uses;
  for (const std::vector<int>& order : sampleOrders(factors, precedences, 3000, 5).orders) ++uses[order];
  ASSERT_EQ(uses.size(), 6u);
  // 6000 orders in pairs that never agree: standard deviation below that of 6000 free draws, sqrt(6000 * 1/6 * 5/6)
  // = 29.
  for (const auto& [order, count] : uses) EXPECT_NEAR(count, 1000, 4 * 29);
}

}  // namespace
}  // namespace nnc::statistics
