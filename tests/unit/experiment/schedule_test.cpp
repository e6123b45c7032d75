// The order of a study, and choosing the value of a tuned parameter.
#include "experiment/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "experiment/plan.h"
#include "study/tuning.h"

namespace nnc::experiment {
namespace {

using study::Status;

study::Study sampleStudy(int cells, int blocks) {
  study::Study study;
  for (int i = 0; i < cells; ++i) {
    study::Cell cell;
    cell.id = "cell" + std::to_string(i);
    cell.steps = 100;
    cell.trialSteps = 10;
    study.cells.push_back(cell);
  }
  for (int seed = 0; seed < blocks; ++seed) study.blocks.push_back({seed, seed, seed});
  return study;
}

/// Finishes a task as it stands.
study::Run resultOf(const study::Study& study, const Task& task, double loss = 1.0, Status status = Status::Ok) {
  study::Run run;
  run.role = task.role;
  run.id = task.id;
  run.cell = study.cells[task.cell].id;
  run.block = task.block;
  run.tuned = task.tuned;
  run.status = status;
  run.curves = {{"valid.loss", {task.steps}, {loss}}};
  return run;
}

TEST(Schedule, goes_block_by_block_in_another_order_each) {
  const study::Study study = sampleStudy(20, 3);
  Schedule schedule(study, {}), again(study, {});
  std::vector<std::vector<std::size_t>> orders(3);
  for (int block = 0; block < 3; ++block)
    for (int i = 0; i < 20; ++i) {
      const Task task = *schedule.start();
      EXPECT_EQ(task.block, block);
      EXPECT_EQ(again.start()->id, task.id);
      orders[static_cast<std::size_t>(block)].push_back(task.cell);
    }
  EXPECT_FALSE(schedule.start());
  for (const std::vector<std::size_t>& order : orders) EXPECT_EQ(std::set(order.begin(), order.end()).size(), 20u);
  EXPECT_NE(orders[0], orders[1]);
  EXPECT_NE(orders[1], orders[2]);
  EXPECT_FALSE(std::is_sorted(orders[0].begin(), orders[0].end()));
}

TEST(Schedule, a_run_waits_for_the_trials_of_its_cell_and_takes_their_value) {
  study::Study study = sampleStudy(1, 2);
  study.tuning = study::Tuning{"lr", {0.1, 0.2, 0.3}, "valid.loss", true, "10 steps", 2};
  Schedule schedule(study, {});
  EXPECT_EQ(schedule.total(), 3u * 2 + 2);
  std::vector<Task> trials;
  while (const std::optional<Task> task = schedule.start()) {
    EXPECT_EQ(task->role, study::Run::Role::Trial);
    EXPECT_EQ(task->steps, 10);
    trials.push_back(*task);
  }
  ASSERT_EQ(trials.size(), 6u);
  for (std::size_t i = trials.size(); i-- > 0;) {
    EXPECT_FALSE(schedule.start());
    schedule.finish(resultOf(study, trials[i], trials[i].tuned == 0.2 ? 0.5 : 0.9));
  }
  const std::optional<Task> run = schedule.start();
  ASSERT_TRUE(run);
  EXPECT_EQ(run->tuned, 0.2);
  EXPECT_EQ(run->steps, 100);
  EXPECT_TRUE(schedule.edgeCells().empty());
}

TEST(Schedule, what_is_done_is_not_started_and_what_is_not_of_the_plan_does_not_matter) {
  study::Study study = sampleStudy(2, 1);
  study.tuning = study::Tuning{"lr", {0.1, 0.2}, "valid.loss", true, "10 steps", 1};
  std::vector<study::Run> done;
  {
    Schedule schedule(study, {});
    while (const std::optional<Task> task = schedule.start()) {
      done.push_back(resultOf(study, *task));
      schedule.finish(done.back());
    }
    EXPECT_EQ(schedule.finished(), 6u);
    EXPECT_EQ(schedule.finishedCells(), 2u);
    EXPECT_EQ(schedule.finishedWork(), schedule.totalWork());
    EXPECT_EQ(schedule.edgeCells(), (std::vector<std::size_t>{0, 1})) << "of two equal values the smaller one";
  }
  study::Run other = done[0];
  other.id = "something else";
  done.insert(done.begin(), other);
  Schedule all(study, done);
  EXPECT_FALSE(all.start());
  EXPECT_EQ(all.finished(), 6u);
  // A run without one of the trials that chose its value: the trial is made again, and then the run counts.
  std::erase_if(done, [&](const study::Run& run) { return run.id == trialId(study, study.cells[0], 0, 0.2); });
  Schedule some(study, done);
  const std::optional<Task> trial = some.start();
  ASSERT_TRUE(trial);
  EXPECT_EQ(trial->tuned, 0.2);
  EXPECT_FALSE(some.start());
  some.finish(resultOf(study, *trial));
  EXPECT_FALSE(some.start());
  EXPECT_EQ(some.finished(), 6u);
}

TEST(ChooseTuned, takes_the_best_mean_over_the_blocks) {
  const study::Tuning tuning{"lr", {0.1, 0.2, 0.4}, "valid.accuracy", false, "10 steps", 2};
  std::vector<study::Run> runs;
  const auto add = [&](double value, int block, double accuracy, Status status = Status::Ok) {
    study::Run run;
    run.tuned = value;
    run.block = block;
    run.status = status;
    run.curves = {{"valid.accuracy", {5, 10}, {0.99, accuracy}}};
    runs.push_back(run);
  };
  const auto choose = [&] {
    std::vector<const study::Run*> pointers;
    for (const study::Run& run : runs) pointers.push_back(&run);
    return study::chooseTuned(tuning, pointers);
  };
  add(0.1, 0, 0.50), add(0.1, 1, 0.60), add(0.2, 0, 0.80), add(0.2, 1, 0.40), add(0.4, 0, 0.61), add(0.4, 1, 0.58);
  EXPECT_EQ(choose().value, 0.2);  // 0.60, against 0.55 and 0.595
  EXPECT_EQ(choose().mean, 0.5 * (0.80 + 0.40));
  EXPECT_FALSE(choose().isEdge);
  runs[2].status = Status::Diverged;
  EXPECT_EQ(choose().value, 0.4);
  EXPECT_TRUE(choose().isEdge);
  runs[4].curves[0].values[1] = NAN;
  EXPECT_EQ(choose().value, 0.1);
  for (study::Run& run : runs) run.status = Status::Failed;
  EXPECT_EQ(choose().value, 0.1);
  EXPECT_FALSE(choose().mean);
}

}  // namespace
}  // namespace nnc::experiment
