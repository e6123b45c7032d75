// What a study is predicted to take, against sums by hand over invented costs: no clock.
#include "experiment/study_cost.h"

#include <gtest/gtest.h>

#include <numeric>
#include <queue>

#include "experiment/estimate.h"
#include "experiment/schedule.h"
#include "study_fixture.h"

namespace nnc::experiment {
namespace {

/// Two structural factors, which make four programs, and a number that sets the steps. Of the first factor's new level
/// there are more rows.
struct InventedPlan : HandMadePlan {
  InventedPlan() : HandMadePlan("") {
    for (int a = 0; a < 2; ++a)
      for (int b = 0; b < 2; ++b)
        for (int c = 0; c < 3; ++c) {
          study::Cell cell;
          cell.levels = {a, b, c};
          cell.id = fmt::format("cell {} {} {}", a, b, c);
          cell.program = fmt::format("program {} {}", a, b);
          cell.flopsPerStep = 1e5 * (1 + a) * (1 + 3 * b);
          cell.steps = 100 + 50 * c;
          cell.evaluateEvery = 30;
          cell.examplesPerStep = 16.0;
          rows_.push_back({160 + 320 * a, 500, 1000});
          study_.cells.push_back(std::move(cell));
        }
    study_.blocks = {{1, 1, 1}, {2, 2, 2}, {3, 3, 3}};
  }
};

CellCost inventedCost(const study::Cell& cell) {
  const double flops = cell.flopsPerStep;
  CellCost cost;
  cost.code = 0.3;
  cost.writing = 0.05;
  cost.probing = 0.1;
  cost.start = 0.02;
  cost.pass = 0.003;
  cost.step = 1e-4 + 1e-9 * flops;
  cost.evaluatedRow = 2e-6 + 1e-12 * flops;
  cost.looking = 1e-5 + 1e-10 * flops;
  return cost;
}

/// Three of the four programs.
CostModel sampled(const HandMadePlan& plan, const std::vector<std::size_t>& cells = {0, 4, 8}) {
  std::vector<CellSample> samples;
  for (const std::size_t cell : cells) samples.push_back({cell, inventedCost(plan.study().cells[cell])});
  return {plan, std::move(samples)};
}

/// Evaluations and openings of the training part, counted step by step.
struct Counted {
  std::int64_t evaluations = 0, passes = 0;
};
Counted count(std::int64_t steps, std::int64_t every, std::int64_t perEpoch) {
  Counted counted;
  for (std::int64_t step = 1; step <= steps; ++step) {
    const bool isEvaluated = step % every == 0 || step == steps, endsEpoch = step % perEpoch == 0;
    counted.evaluations += isEvaluated;
    counted.passes += step == steps || isEvaluated || endsEpoch;
  }
  return counted;
}

/// A training without what is paid once for its cell or its program.
double trainingSeconds(const HandMadePlan& plan, std::size_t index, bool isTrial) {
  const study::Cell& cell = plan.study().cells[index];
  const CellCost cost = inventedCost(cell);
  const CellRows rows = plan.rows(index);
  const std::int64_t steps = isTrial ? cell.trialSteps : cell.steps;
  const Counted counted = count(steps, isTrial ? steps : cell.evaluateEvery, rows.train / 16);
  double seconds = cost.step * static_cast<double>(steps) + cost.pass * static_cast<double>(counted.passes);
  if (plan.rules().run.seconds) seconds = std::min(seconds, *plan.rules().run.seconds);
  const std::int64_t evaluatedRows = counted.evaluations * rows.evaluated + (isTrial ? 0 : rows.test);
  seconds += cost.start + cost.evaluatedRow * static_cast<double>(evaluatedRows);
  return isTrial ? seconds : seconds + cost.looking * static_cast<double>(steps);
}

/// Everything that the study does, one thing after the other.
double exactSum(const HandMadePlan& plan) {
  const study::Study& study = plan.study();
  const std::size_t trials =
      study.tuning ? study.tuning->grid.size() * static_cast<std::size_t>(study.tuning->blocks) : 0;
  double sum = 4 * 0.3;  // four programs
  for (std::size_t i = 0; i < study.cells.size(); ++i) {
    sum += 0.05 * static_cast<double>(study.tuning ? study.tuning->grid.size() : 1) + 0.1;
    sum += static_cast<double>(study.blocks.size()) * trainingSeconds(plan, i, /*isTrial=*/false);
    if (trials > 0) sum += static_cast<double>(trials) * trainingSeconds(plan, i, /*isTrial=*/true);
  }
  return sum;
}

void tune(HandMadePlan& plan) {
  plan.study_.tuning = study::Tuning{"lr", {0.01, 0.1, 0.5}, "valid.loss", true, "25 steps", 2};
  for (study::Cell& cell : plan.study_.cells) cell.trialSteps = 25;
}

TEST(StudyCost, CountsEvaluationsAndPasses) {
  for (const std::int64_t steps : {1, 5, 30, 31, 60, 97})
    for (const std::int64_t every : {1, 7, 30, 200})
      for (const std::int64_t perEpoch : {1, 7, 10, 45, 500}) {
        const Counted counted = count(steps, every, perEpoch);
        EXPECT_EQ(evaluationsIn(steps, every), counted.evaluations) << steps << " " << every;
        EXPECT_EQ(passesIn(steps, every, perEpoch), counted.passes) << steps << " " << every << " " << perEpoch;
      }
}

TEST(StudyCost, OneWorkerTakesTheSumOfAll) {
  InventedPlan plan;
  EXPECT_NEAR(studySeconds(plan, sampled(plan), 1), exactSum(plan), 1e-9);
  tune(plan);
  EXPECT_NEAR(studySeconds(plan, sampled(plan), 1), exactSum(plan), 1e-9);
  // Steps of the dearest cells are cut short.
  plan.rules_.run.seconds = 0.1;
  const double cut = exactSum(plan);
  EXPECT_NEAR(studySeconds(plan, sampled(plan), 1), cut, 1e-9);
  plan.rules_.run.seconds.reset();
  EXPECT_LT(cut, exactSum(plan));
}

TEST(StudyCost, SmallStepsCostOverheadAndNotFlops) {
  const InventedPlan plan;
  // The last program, eight times the FLOPs of the first, is not among the samples.
  const CellCost cost = sampled(plan).of(11), exact = inventedCost(plan.study().cells[11]);
  EXPECT_NEAR(cost.step, exact.step, 1e-12);
  EXPECT_NEAR(cost.evaluatedRow, exact.evaluatedRow, 1e-15);
  EXPECT_NEAR(cost.looking, exact.looking, 1e-13);
  EXPECT_DOUBLE_EQ(cost.code, 0.3);
  // One sample says nothing of overhead: then it is in proportion.
  EXPECT_NEAR(sampled(plan, {0}).of(11).step, 8 * inventedCost(plan.study().cells[0]).step, 1e-12);
}

TEST(StudyCost, AStructureIsDearerThanItsFlopsSay) {
  // Factor b doubles a step besides what its FLOPs cost; the cell that was not sampled has b too.
  const InventedPlan plan;
  std::vector<CellSample> samples;
  for (const std::size_t cell : {0u, 3u, 6u}) {
    samples.push_back({cell, inventedCost(plan.study().cells[cell])});
    if (cell == 3) samples.back().cost.step *= 2.0;
  }
  const CostModel model(plan, samples);
  EXPECT_DOUBLE_EQ(model.of(4).step, samples[1].cost.step) << "the same program and rows: as it was seen";
  // Cell 9 is like 3 in b and c, and like 6 in a and c: both count.
  const CellCost far = model.of(9);
  EXPECT_GT(far.step, inventedCost(plan.study().cells[9]).step);
  EXPECT_LT(far.step, 2.0 * 2.0 * inventedCost(plan.study().cells[9]).step);
}

TEST(StudyCost, AProgramThatWasCompiledAgainCostsItsCodeOnce) {
  const InventedPlan plan;
  std::vector<CellSample> samples;
  for (const std::size_t cell : {0u, 1u, 3u}) samples.push_back({cell, inventedCost(plan.study().cells[cell])});
  samples[1].cost.code = 0.0;   // it ran the code of the first one
  samples[2].cost.code = 0.02;  // and this one shares most kernels
  const CostModel model(plan, samples);
  EXPECT_DOUBLE_EQ(model.of(1).code, 0.3);
  EXPECT_DOUBLE_EQ(model.of(3).code, 0.02);
  EXPECT_DOUBLE_EQ(model.of(6).code, 0.02) << "what is compiled late has few kernels left";
}

/// The schedule itself, by events: when a worker is free it takes what may start. `taken`: seconds of a task.
double playedSeconds(const HandMadePlan& plan, int workers) {
  Schedule schedule(plan.study(), {});
  std::set<std::string> compiled;
  std::set<std::pair<std::size_t, std::optional<double>>> written;
  std::set<std::size_t> probed;
  using Ending = std::pair<double, study::Run>;
  const auto later = [](const Ending& a, const Ending& b) { return a.first > b.first; };
  std::priority_queue<Ending, std::vector<Ending>, decltype(later)> running(later);
  double now = 0.0;
  while (true) {
    while (static_cast<int>(running.size()) < workers) {
      const std::optional<Task> task = schedule.start();
      if (!task) break;
      const bool isTrial = task->role == study::Run::Role::Trial;
      double seconds = trainingSeconds(plan, task->cell, isTrial);
      if (compiled.insert(plan.study().cells[task->cell].program).second) seconds += 0.3;
      if (written.insert({task->cell, task->tuned}).second) seconds += 0.05;
      if (!isTrial && probed.insert(task->cell).second) seconds += 0.1;
      study::Run run;
      run.role = task->role;
      run.id = task->id;
      run.tuned = task->tuned;
      run.curves = {{"valid.loss", {1}, {1.0}}};
      running.push({now + seconds, run});
    }
    if (running.empty()) return now;
    now = running.top().first;
    schedule.finish(running.top().second);
    running.pop();
  }
}

TEST(StudyCost, RunsThatDivergeAreShort) {
  InventedPlan plan;
  std::vector<CellSample> samples;
  double exact = 4 * 0.3;
  for (std::size_t i = 0; i < plan.study().cells.size(); ++i) {
    study::Cell& cell = plan.study_.cells[i];
    cell.evaluateEvery = 0;
    samples.push_back({i, inventedCost(cell)});
    CellCost& cost = samples.back().cost;
    cost.pass = 0.0;
    const bool diverges = cell.levels[1] == 1;
    if (diverges) cost.lasting = 5.0 / static_cast<double>(cell.steps);
    const CellRows rows = plan.rows(i);
    const auto steps = static_cast<double>(diverges ? 5 : cell.steps);
    exact += cost.writing + cost.probing +
             3 * (cost.start + (cost.step + cost.looking) * steps +
                  cost.evaluatedRow * static_cast<double>(rows.evaluated + rows.test));
  }
  EXPECT_NEAR(studySeconds(plan, CostModel(plan, samples), 1), exact, 1e-9);
  // A cell that was not tried lasts as long as those that are most like it, on average.
  samples = {samples[0], samples[3], samples[6]};
  EXPECT_DOUBLE_EQ(CostModel(plan, samples).of(9).lasting, (samples[1].cost.lasting + 1.0) / 2);
}

TEST(StudyCost, WorkersShareItAndTheLastRunHasATail) {
  InventedPlan plan;
  for (const bool isTuned : {false, true}) {
    if (isTuned) tune(plan);
    for (const int workers : {2, 3, 5}) {
      const double predicted = studySeconds(plan, sampled(plan), workers), played = playedSeconds(plan, workers);
      // A run that waits for the trials of its cell lets another one pass; that moves less than the longest run.
      EXPECT_NEAR(predicted, played, isTuned ? 0.5 * trainingSeconds(plan, 11, false) : 1e-9) << workers;
      EXPECT_GE(predicted, exactSum(plan) / workers - 1e-9);
    }
  }
  // More workers than runs: the longest one decides.
  const InventedPlan small;
  double longest = 0.0;
  for (std::size_t i = 0; i < 12; ++i) longest = std::max(longest, trainingSeconds(small, i, false) + 0.3 + 0.05 + 0.1);
  EXPECT_LE(studySeconds(small, sampled(small), 100), longest + 1e-9);
}

TEST(StudyCost, NothingStartsBeyondTheBudgetOfTheStudy) {
  InventedPlan plan;
  plan.rules_.study.steps = 1.0;
  const Task first = tasksOf(plan.study()).front();
  EXPECT_NEAR(studySeconds(plan, sampled(plan), 1), trainingSeconds(plan, first.cell, false) + 0.3 + 0.05 + 0.1, 1e-9);
  plan.rules_.study = {};
  plan.rules_.study.seconds = 2.0;
  const double whole = exactSum(plan), cut = studySeconds(plan, sampled(plan), 1);
  EXPECT_GE(cut, 2.0);
  EXPECT_LT(cut, 2.0 + trainingSeconds(plan, 11, false) + 0.45);
  EXPECT_LT(cut, whole);
}

using Estimate = StudyTest;

TEST_F(Estimate, TimesShortRunsOfRealCells) {
  for (const bool withTuning : {false, true})
    for (const int workers : {1, 2}) {
      const auto made = plan(withTuning);
      Diagnostics diagnostics;
      const std::optional<double> seconds = estimateSeconds(*made, workers, options_.engine, {}, diagnostics);
      ASSERT_TRUE(seconds);
      EXPECT_GT(*seconds, 0.0);
      EXPECT_FALSE(diagnostics.hasErrors());
    }
}

TEST_F(Estimate, WhatCannotRunIsReported) {
  const auto made = plan();
  made->refusedCell = 0;
  Diagnostics diagnostics;
  EXPECT_FALSE(estimateSeconds(*made, 2, options_.engine, {}, diagnostics));
  EXPECT_TRUE(diagnostics.hasErrors());
}

}  // namespace
}  // namespace nnc::experiment
