// Plans of experiments that are written out: cells, conditions, bindings, hashes.
#include <gtest/gtest.h>

#include <set>

#include "experiment/expect.h"
#include "experiment/print_plan.h"
#include "planner_fixture.h"

namespace nnc::experiment {

TEST_F(PlannerTest, FactorialRunsThroughAllCombinations) {
  const auto made =
      plan("vary act in [\"old\": sigmoid, \"new\": relu]\nvary depth in [1, 2, 3]\nmeasure m = valid.loss\n");
  ASSERT_NE(made, nullptr) << messages();
  EXPECT_EQ(levels(*made), (std::vector<std::vector<int>>{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}}));
  EXPECT_FALSE(made->study().factors[0].isOrdered);
  EXPECT_TRUE(made->study().factors[1].isOrdered) << "three numbers are an axis";
  EXPECT_EQ(made->study().blocks.size(), 3u);
  EXPECT_EQ(made->study().cells[0].steps, 4);
  // One layer 4 x 4 with bias for each level of depth, and the head.
  EXPECT_EQ(made->study().cells[2].parameters, 3 * 20 + 10);
  EXPECT_GT(made->study().cells[2].flopsPerStep, made->study().cells[0].flopsPerStep);
}

TEST_F(PlannerTest, BindsFollowFactorsInAnyOrder) {
  const auto made = plan(R"(
  bind lr   = if init == he_normal then 0.5 else 0.25
  bind init = if act == relu then he_normal else glorot_uniform
  vary act in [sigmoid, relu]
  measure m = valid.loss
)");
  ASSERT_NE(made, nullptr) << messages();
  EXPECT_EQ(valueOf(made->study().cells[0], "init"), "glorot_uniform");
  EXPECT_EQ(valueOf(made->study().cells[0], "lr"), "0.25");
  EXPECT_EQ(valueOf(made->study().cells[1], "init"), "he_normal(fan: .fan_in)");
  EXPECT_EQ(valueOf(made->study().cells[1], "lr"), "0.5");
}

TEST_F(PlannerTest, LevelsMayDependOnOtherParameters) {
  const auto made = plan(R"(
  vary act in [sigmoid, relu]
  vary init in ["plain": normal(0.1), "matched": if act == relu then he_normal else glorot_uniform]
  measure m = valid.loss
)");
  ASSERT_NE(made, nullptr) << messages();
  EXPECT_EQ(valueOf(made->study().cells[1], "init"), "glorot_uniform");
  EXPECT_EQ(valueOf(made->study().cells[3], "init"), "he_normal(fan: .fan_in)");
}

TEST_F(PlannerTest, PairedAndConditionalFactorsAndConstraints) {
  const auto made = plan(R"(
  vary (depth, lr) in [(1, 0.1), (2, 0.05)]
  vary opt in [.sgd, .adam]
  vary momentum in [0.0, 0.9] when opt == .sgd
  exclude when opt == .adam and depth == 2
  measure m = valid.loss
)");
  ASSERT_NE(made, nullptr) << messages();
  EXPECT_EQ(levels(*made), (std::vector<std::vector<int>>{{0, 0, 0}, {0, 0, 1}, {0, 1, -1}, {1, 0, 0}, {1, 0, 1}}));
  EXPECT_EQ(valueOf(made->study().cells[3], "lr"), "0.05");
  ASSERT_EQ(made->study().removed.size(), 1u);
  EXPECT_EQ(made->study().removed[0].levels, (std::vector<int>{1, 1, -1}));
  EXPECT_EQ(made->study().removed[0].reason, "exclude when opt == .adam and depth == 2");
}

TEST_F(PlannerTest, AConditionSeesThoseOfLaterClausesDecided) {
  // `rows` is varied where `size` is, and that only where `opt` is sgd, whatever order the clauses stand in.
  const auto made = plan(R"(
  vary rows in [16, 32] when size == 4
  vary size in [8, 4] when opt == .sgd
  vary opt in [.sgd, .adam]
  measure m = valid.loss
)");
  ASSERT_NE(made, nullptr) << messages();
  EXPECT_EQ(levels(*made), (std::vector<std::vector<int>>{{-1, 0, 0}, {-1, -1, 1}, {0, 1, 0}, {1, 1, 0}}));
}

TEST_F(PlannerTest, AnExcludeThatRemovesNothingIsAWarning) {
  const auto made = plan(R"(
  vary act in [sigmoid, relu]
  exclude when act == sigmoid
  exclude when act == tanh
  measure m = valid.loss
)");
  ASSERT_NE(made, nullptr) << messages();
  EXPECT_EQ(made->study().cells.size(), 1u);
  EXPECT_NE(messages().find("W0626 `exclude when act == tanh` removes no cell"), std::string::npos) << messages();
  EXPECT_EQ(messages().find("act == sigmoid"), std::string::npos);
}

TEST_F(PlannerTest, EqualCellsHaveOneId) {
  // `drop` is a parameter that nothing uses: its levels are the same computation.
  const auto made = plan("vary drop in [0.0, 0.3]\nvary lr in [0.1, 0.2]\nmeasure m = valid.loss\n");
  ASSERT_NE(made, nullptr) << messages();
  const std::vector<study::Cell>& cells = made->study().cells;
  EXPECT_EQ(cells[0].id, cells[2].id);
  EXPECT_EQ(cells[1].id, cells[3].id);
  EXPECT_NE(cells[0].id, cells[1].id);
  const PlanCost cost = costOf(made->study());
  EXPECT_EQ(cost.cells, 2u);
  EXPECT_EQ(cost.runs, 6u);
}

TEST_F(PlannerTest, NumbersShareAProgramAndStructureDoesNot) {
  const auto made = plan("vary lr in [0.1, 0.2]\nvary norm in [identity, batch_norm()]\nmeasure m = valid.loss\n");
  ASSERT_NE(made, nullptr) << messages();
  std::set<std::string> programs;
  for (const study::Cell& cell : made->study().cells) programs.insert(cell.program);
  EXPECT_EQ(programs.size(), 2u);
  EXPECT_EQ(costOf(made->study()).compilations, 2u);
}

TEST_F(PlannerTest, DesignsOfTwoLevels) {
  const std::string factors =
      "vary act in [sigmoid, relu]\nvary norm in [identity, batch_norm()]\nvary lr in [0.1, 0.2]\n";
  const auto cellsOf = [&](const std::string& design) {
    const auto made = plan(factors + "design: " + design + "\nmeasure m = valid.loss\n");
    EXPECT_NE(made, nullptr) << messages();
    return made != nullptr ? levels(*made) : std::vector<std::vector<int>>();
  };
  using Cells = std::vector<std::vector<int>>;
  EXPECT_EQ(cellsOf("ablate(from: .old)"), (Cells{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}}));
  EXPECT_EQ(cellsOf("ablate(from: .new)"), (Cells{{1, 1, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}}));
  EXPECT_EQ(cellsOf("ablate()").size(), 8u);
  EXPECT_EQ(cellsOf("build_up([norm, act])"), (Cells{{0, 0, 0}, {0, 1, 0}, {1, 1, 0}}));
  EXPECT_EQ(cellsOf("random(4)").size(), 4u);
  EXPECT_EQ(cellsOf("shapley(12)").size(), 8u) << "twelve pairs of orders of three factors pass through everything";
  const Cells half = cellsOf("fractional(resolution: 3)");
  ASSERT_EQ(half.size(), 4u);
  for (const std::vector<int>& cell : half) EXPECT_EQ((cell[0] + cell[1] + cell[2]) % 2, 1) << "I = ABC";
}

TEST_F(PlannerTest, APathGrowsByWhatIsMeasured) {
  const auto made = plan(
      "vary act in [sigmoid, relu]\nvary norm in [identity, batch_norm()]\nvary lr in [0.1, 0.2]\n"
      "seeds: 1\ndesign: path(m)\nmeasure m = valid.accuracy\nmeasure l = valid.loss\n");
  ASSERT_NE(made, nullptr) << messages();
  // What is measured: norm helps most, then lr, and act harms.
  const auto response = [](const std::vector<int>& cell) { return -1.0 * cell[0] + 3.0 * cell[1] + 1.0 * cell[2]; };
  std::vector<std::vector<int>> rounds[4];
  std::size_t known = 0;
  std::vector<study::Run> runs;
  for (std::size_t round = 0; round < 4; ++round) {
    for (; known < made->study().cells.size(); ++known) {
      rounds[round].push_back(made->study().cells[known].levels);
      study::Run& run = runs.emplace_back();
      run.cell = made->study().cells[known].id;
      run.measures["m"] = {response(made->study().cells[known].levels), false};
    }
    EXPECT_EQ(made->grow(runs), round < 3) << round;
  }
  using Cells = std::vector<std::vector<int>>;
  EXPECT_EQ(rounds[0], (Cells{{0, 0, 0}}));
  EXPECT_EQ(rounds[1], (Cells{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}));
  EXPECT_EQ(rounds[2], (Cells{{1, 1, 0}, {0, 1, 1}}));
  EXPECT_EQ(rounds[3], (Cells{{1, 1, 1}}));
}

TEST_F(PlannerTest, SampledOrdersAreDecidedByTheirOrders) {
  const auto made = plan(
      "vary depth in [1, 2, 3]\nvary act in [sigmoid, relu]\nvary norm in [identity, batch_norm()]\n"
      "seeds: 1\ndesign: shapley(1)\nmeasure m = valid.loss\nexpect shapley(m, act) >= 2\n"
      "expect shapley(m, act) <= 2\n");
  ASSERT_NE(made, nullptr) << messages();
  ASSERT_EQ(made->study().orders.size(), 2u);
  for (const std::vector<int>& order : made->study().orders)
    EXPECT_EQ(std::set<int>(order.begin(), order.end()), (std::set<int>{1, 2})) << "the axis is no player";
  std::vector<study::Run> runs;
  for (const study::Cell& cell : made->study().cells) {
    runs.emplace_back().cell = cell.id;
    runs.back().measures["m"] = {2.0 * cell.levels[1] + 5.0 * cell.levels[2], false};
  }
  for (const study::Verdict& verdict : decideExpectations({sources_, made->spec(), made->cells(), made->study()}, runs))
    EXPECT_EQ(verdict.outcome, study::Verdict::Outcome::Held) << verdict.detail;
}

TEST_F(PlannerTest, ParametersOfTheExperimentAreSetOnTheCommandLine) {
  const std::string clauses =
      "seeds: if quick then 1 else 5\nvary depth in if quick then [1, 2] else [1, 2, 3]\nmeasure m = valid.loss\n";
  const auto whole = plan(clauses, {}, "(quick: bool = false)");
  ASSERT_NE(whole, nullptr) << messages();
  EXPECT_EQ(whole->study().blocks.size(), 5u);
  const auto quick = plan(clauses, {{"quick", "true"}}, "(quick: bool = false)");
  ASSERT_NE(quick, nullptr) << messages();
  EXPECT_EQ(quick->study().blocks.size(), 1u);
  EXPECT_EQ(quick->study().cells.size(), 2u);
}

TEST_F(PlannerTest, PeriodsOfProbesMayUseParametersOfTheExperiment) {
  const auto made = plan(
      "vary depth in [1, 2, 3]\nprobe grad_norm every steps(if quick then 2 else often)\nlet often = 7\n"
      "measure m = valid.loss\n",
      {{"quick", "false"}}, "(quick: bool = false)");
  ASSERT_NE(made, nullptr) << messages();
  ASSERT_EQ(made->probes().size(), 1u);
  EXPECT_EQ(made->probes()[0].period.count, 7);
}

TEST_F(PlannerTest, EpochsAreThoseOfTheCell) {
  const auto made = plan(R"(
  vary size in [4, 8, 32]
  vary rows in [16, 32]
  bind lr = tuned([0.1, 0.2], by: valid.loss, epochs: 1)
  evaluate: every(epochs(2))
  measure m = valid.loss
)");
  ASSERT_NE(made, nullptr) << messages();
  const std::vector<study::Cell>& cells = made->study().cells;
  ASSERT_EQ(cells.size(), 6u);
  // 16 or 32 rows in batches of 4, 8 and 32; a trial is no longer than the four steps of a run.
  const std::vector<std::int64_t> perEpoch = {4, 8, 2, 4, 1, 1};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    EXPECT_EQ(cells[i].evaluateEvery, 2 * perEpoch[i]) << i;
    EXPECT_EQ(cells[i].trialSteps, std::min<std::int64_t>(4, perEpoch[i])) << i;
  }
  EXPECT_EQ(made->study().tuning->length, "1 epoch");
  EXPECT_EQ(made->study().scope, "train recipe(depth: 1) on spots, 16 to 32 rows, batch 4 to 32, 4 steps");
  EXPECT_EQ(costOf(made->study()).trials, 12u);
  EXPECT_EQ(made->rows(0), (CellRows{16, 32, 0}));
  EXPECT_EQ(made->rows(1), (CellRows{32, 32, 0}));
}

TEST_F(PlannerTest, SeedsThatNoCellDrawsByAreNotCrossed) {
  const auto blocksOf = [&](const std::string& clauses) {
    const auto made = plan("measure m = valid.loss\n" + clauses);
    EXPECT_NE(made, nullptr) << messages();
    return made != nullptr ? std::pair(made->study().blocks.size(), made->study().seeds)
                           : std::pair(std::size_t{0}, std::string());
  };
  const std::string crossed = "seeds: (init: 2, data: 3, noise: 4)\n";
  // The recipe shuffles, and has no noise.
  EXPECT_EQ(blocksOf(crossed + "vary act in [sigmoid, relu]\n"),
            std::pair(std::size_t{6},
                      std::string("(init: 2, data: 3, noise: 4); no cell draws by noise: 6 blocks instead of 24")));
  EXPECT_EQ(blocksOf(crossed + "vary norm in [identity, dropout(0.5)]\n"),
            std::pair(std::size_t{24}, std::string("(init: 2, data: 3, noise: 4)")))
      << "one cell draws masks";
  EXPECT_EQ(blocksOf("seeds: 5\nvary act in [sigmoid, relu]\n").first, 5u) << "their streams go together";
  EXPECT_EQ(blocksOf(crossed + "design: path(m)\nvary norm in [identity, dropout(0.5)]\n").first, 24u)
      << "a later cell may draw";
  // At the middle of the grid, by which the plan is made, there is no dropout.
  EXPECT_EQ(blocksOf(crossed + "bind norm = if lr > 0.3 then dropout(0.5) else identity\n"
                               "bind lr = tuned([0.1, 0.2, 0.5], by: valid.loss, steps: 2)\n")
                .first,
            24u);
  const auto tuned = plan(
      "seeds: (init: 2, noise: 20)\nbind lr = tuned([0.1, 0.2], by: valid.loss, steps: 2, blocks: 8)\n"
      "vary act in [sigmoid, relu]\nmeasure m = valid.loss\n");
  ASSERT_NE(tuned, nullptr) << messages();
  EXPECT_EQ(tuned->study().tuning->blocks, 2) << "no more trials of a value than blocks";
  // Results of a plan that had crossed them stand: the block that stays has the seeds of the first one.
  EXPECT_EQ(tuned->study().blocks[1].init, 1);
  EXPECT_EQ(tuned->study().blocks[1].noise, 0);
}

TEST_F(PlannerTest, APlanKeepsNoCellThatItDoesNotNeed) {
  elaborate::Project* const project =
      loadText(recipe() +
               "experiment study {\n  run: recipe\nvary lr in log_grid(0.1, 1.0, 20)\nvary act in [sigmoid, relu]\n"
               "measure m = valid.loss\n}\n");
  ASSERT_NE(project, nullptr) << messages();
  const auto made = makePlan(*project, "study", {});
  ASSERT_NE(made, nullptr) << messages();
  EXPECT_EQ(made->study().cells.size(), 40u);
  EXPECT_TRUE(project->state().sessions.empty());
}

TEST_F(PlannerTest, WhatShowsInResultsIsPartOfACell) {
  const auto idWith = [&](const std::string& clauses) {
    const auto made = plan("vary depth in [1, 2]\nmeasure m = valid.loss\n" + clauses);
    EXPECT_NE(made, nullptr) << messages();
    return made != nullptr ? made->study().cells[0].id : "";
  };
  const std::string plain = idWith("");
  EXPECT_EQ(idWith("budget: minutes(3)\n"), plain) << "a limit of time changes nothing that is computed";
  EXPECT_EQ(idWith("target: valid.accuracy >= 0.5\n"), plain) << "nothing stops there";
  std::set<std::string> ids = {plain};
  for (const char* const clauses :
       {"evaluate: every(steps(2))\n", "evaluate: every(steps(3))\n", "target: valid.accuracy >= 0.5\nstop: .target\n",
        "budget: (flops: 100.0)\n", "target: valid.accuracy >= 0.6\nstop: .target\n"})
    EXPECT_TRUE(ids.insert(idWith(clauses)).second) << clauses;
}

TEST_F(PlannerTest, ALimitOfARunIsInItsSteps) {
  const auto stepsOf = [&](const std::string& budget) {
    const auto made = plan("vary rows in [16, 32]\nvary size in [8, 4]\n" + budget + "\nmeasure m = valid.loss\n");
    EXPECT_NE(made, nullptr) << messages();
    std::vector<std::int64_t> steps;
    if (made != nullptr)
      for (const study::Cell& cell : made->study().cells) steps.push_back(cell.steps);
    return steps;
  };
  using Steps = std::vector<std::int64_t>;
  EXPECT_EQ(stepsOf(""), (Steps{4, 4, 4, 4}));
  EXPECT_EQ(stepsOf("budget: (run: steps(3))"), (Steps{3, 3, 3, 3}));
  EXPECT_EQ(stepsOf("budget: (run: examples(12))"), (Steps{2, 3, 2, 3})) << "it ends after the step that reaches it";
  EXPECT_EQ(stepsOf("budget: (run: [steps(3), examples(12), seconds(5)], study: [hours(1), flops(1e15)])"),
            (Steps{2, 3, 2, 3}));
  EXPECT_EQ(stepsOf("budget: (flops: 1.0)"), (Steps{1, 1, 1, 1}));
  EXPECT_EQ(stepsOf("budget: (run: flops(1.0))"), (Steps{1, 1, 1, 1}));
}

TEST_F(PlannerTest, ALimitMakesAnotherCellOnlyWhereItIsReached) {
  const auto idsOf = [&](const std::string& budget) {
    const auto made = plan("vary size in [8, 4]\n" + budget + "\nmeasure m = valid.loss\n");
    EXPECT_NE(made, nullptr) << messages();
    std::vector<std::string> ids;
    if (made != nullptr)
      for (const study::Cell& cell : made->study().cells) ids.push_back(cell.id);
    return ids;
  };
  const std::vector<std::string> free = idsOf("");
  EXPECT_EQ(idsOf("budget: (run: seconds(1), study: steps(100))"), free);
  EXPECT_EQ(idsOf("budget: (run: examples(17))")[1], free[1]) << "four steps of four examples are 16";
  EXPECT_NE(idsOf("budget: (run: examples(17))")[0], free[0]);
}

TEST_F(PlannerTest, AWholeNumberIsTunedToo) {
  const auto made = plan(
      "vary act in [sigmoid, relu]\nbind depth = tuned([1, 2, 4], by: valid.loss, steps: 2)\nmeasure m = valid.loss\n");
  ASSERT_NE(made, nullptr) << messages();
  Diagnostics diagnostics;
  const auto four = made->programs(0, 4.0, diagnostics), one = made->programs(0, 1.0, diagnostics);
  ASSERT_TRUE(four && one) << messages();
  EXPECT_EQ(four->train().slots.size() - one->train().slots.size(), 3u * 2) << "a weight and a bias of three layers";
}

TEST_F(PlannerTest, ThereAreNoMoreTrialsThanSeeds) {
  const auto made = plan(
      "seeds: 2\nvary depth in [1, 2]\nbind lr = tuned([0.1, 0.2], by: valid.loss, steps: 2, blocks: 9)\n"
      "measure m = valid.loss\n");
  ASSERT_NE(made, nullptr) << messages();
  EXPECT_EQ(made->study().tuning->blocks, 2);
  EXPECT_EQ(costOf(made->study()).trials, 8u);
  EXPECT_NE(planText(made->study(), {}).find("2 steps each, 2 blocks"), std::string::npos);
}

TEST_F(PlannerTest, AFractionListsWhatItCannotTellApart) {
  const std::string factors =
      "vary depth in [1, 2]\nvary act in [sigmoid, relu]\nvary norm in [identity, layer_norm()]\n"
      "vary lr in [0.1, 0.2]\nvary momentum in [0.0, 0.9]\nmeasure m = valid.loss\n";
  const auto half = plan(factors + "design: fractional(resolution: 5)\n");
  ASSERT_NE(half, nullptr) << messages();
  const std::vector<std::string>& aliases = half->study().aliases;
  ASSERT_EQ(aliases.size(), 15u) << "five main effects and ten pairs";
  EXPECT_EQ(aliases[0], "depth = act:norm:lr:momentum");
  EXPECT_EQ(aliases[5], "depth:act = norm:lr:momentum");
  const std::string text = planText(half->study(), {});
  EXPECT_NE(text.find("good for screening, not for sizes or signs"), std::string::npos) << text;
  EXPECT_NE(text.find("        depth = act:norm:lr:momentum\n"), std::string::npos) << text;
  const auto whole = plan(factors);
  ASSERT_NE(whole, nullptr) << messages();
  EXPECT_TRUE(whole->study().aliases.empty());
  EXPECT_EQ(planText(whole->study(), {}).find("screening"), std::string::npos);
}

TEST_F(PlannerTest, ScopeNamesTheSizesOfTheNetworks) {
  const auto made = plan("vary lr in [0.1, 0.2]\nbudget: (run: [steps(2), seconds(0.5)])\nmeasure m = valid.loss\n");
  ASSERT_NE(made, nullptr) << messages();
  EXPECT_EQ(
      made->study().scope,
      "train recipe(depth: 1, rows: 32, size: 8) on spots, 32 rows, batch 8, 2 steps, at most 0.5 s of them each");
}

TEST_F(PlannerTest, SeedsOfStreamsAreCrossed) {
  const auto made = plan("seeds: (init: 2, data: 3)\nvary lr in [0.1, 0.2]\nmeasure m = valid.loss\n");
  ASSERT_NE(made, nullptr) << messages();
  ASSERT_EQ(made->study().blocks.size(), 6u);
  EXPECT_EQ(made->study().blocks[1].init, 1);
  EXPECT_EQ(made->study().blocks[1].data, 0);
  EXPECT_EQ(made->study().blocks[5].data, 2);
  EXPECT_EQ(made->study().blocks[5].noise, 0);
}

}  // namespace nnc::experiment
