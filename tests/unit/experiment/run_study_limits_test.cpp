// Limits of runs and studies, and what of the results is made again.
#include "experiment/run_study.h"
#include "study_fixture.h"

namespace nnc::experiment {
namespace {

using study::Status;

class RunStudyLimits : public StudyTest {};

TEST_F(RunStudyLimits, time_limits_of_a_run_and_of_the_study) {
  const auto late = plan();
  late->rules_.run.seconds = 0.0;
  EXPECT_EQ(finished(*late, "late").timedOut, 8u);
  for (const study::Run& each : runs("late")) {
    EXPECT_EQ(each.status, Status::TimedOut);
    EXPECT_EQ(each.limitSeconds, 0.0);
    EXPECT_EQ(each.curves.back().metric, "test.accuracy") << "it counts with what it reached";
  }

  const auto spent = plan();
  spent->rules_.study.seconds = 0.0;
  const StudyOutcome nothing = finished(*spent, "spent");
  EXPECT_EQ(nothing.finished, 0u);
  EXPECT_EQ(nothing.missing, 8u);
  EXPECT_FALSE(nothing.isInterrupted);
  spent->rules_.study.seconds = 3600.0;
  EXPECT_EQ(finished(*spent, "spent").missing, 0u);
}

TEST_F(RunStudyLimits, a_study_has_a_budget_of_steps_examples_or_operations) {
  // 8 runs of 12 steps, of 16 examples and 1000 operations each: the fourth one starts below the limit.
  const auto limits = {Budget{{}, 12 * 3.5, {}, {}}, Budget{{}, {}, 12 * 16 * 3.5, {}}, Budget{{}, {}, {}, 12e3 * 3.5}};
  int number = 0;
  for (const Budget& limit : limits)
    for (const int workers : {1, 3}) {
      const auto limited = plan();
      for (study::Cell& cell : limited->study_.cells) cell.examplesPerStep = 16.0;
      limited->rules_.study = limit;
      options_.workers = workers;
      const std::string folder = "limited" + std::to_string(number++);
      const StudyOutcome outcome = finished(*limited, folder);
      EXPECT_EQ(outcome.finished, 4u);
      EXPECT_EQ(outcome.missing, 4u);
      EXPECT_EQ(timeless(folder), timeless("limited0")) << "whatever the number of workers";
      EXPECT_EQ(finished(*limited, folder).finished, 0u) << "what earlier processes made counts";
    }
}

TEST_F(RunStudyLimits, what_was_out_of_time_is_made_again_when_the_limit_is_higher) {
  const auto limited = plan(/*withTuning=*/true);
  limited->rules_.run.seconds = 0.0;
  EXPECT_EQ(finished(*limited, "study").finished, 4u * 3 + 8);
  const StudyOutcome again = finished(*limited, "study");
  EXPECT_EQ(again.reused, 4u * 3 + 8) << "under the same limit they would be out of time again";
  EXPECT_EQ(again.finished, 0u);
  EXPECT_EQ(again.timedOut, 8u);

  double spentBefore = 0.0;
  for (const study::Run& each : runs("study")) spentBefore += each.spent.wallSeconds;
  limited->rules_.run.seconds = 3600.0;
  const StudyOutcome raised = finished(*limited, "study");
  EXPECT_EQ(raised.reused, 0u);
  EXPECT_EQ(raised.finished, 4u * 3 + 8);
  EXPECT_EQ(raised.timedOut, 0u);
  EXPECT_GT(raised.spent.wallSeconds, spentBefore) << "what the first ones cost is still part of the study";
  EXPECT_EQ(finished(*limited, "study").reused, 4u * 3 + 8);
}

TEST_F(RunStudyLimits, what_is_made_again_has_the_bytes_of_what_was_never_out_of_time) {
  const auto limited = plan();
  limited->rules_.run.seconds = 0.0;
  finished(*limited, "study");
  limited->rules_.run.seconds.reset();
  EXPECT_EQ(finished(*limited, "study").finished, 8u);
  finished(*plan(), "free");
  EXPECT_EQ(timeless("study"), timeless("free"));
}

TEST_F(RunStudyLimits, of_two_values_of_a_tuned_parameter_the_one_that_was_chosen_last_stands_last) {
  const auto tuned = plan(/*withTuning=*/true);
  finished(*tuned, "study");
  tuned->study_.tuning->grid = {0.002};
  finished(*tuned, "study");
  const std::vector<study::Run> all = runs("study");
  EXPECT_EQ(all.size(), 4u * (3 + 2) + 4u * (1 + 2));
  for (const study::Cell& cell : tuned->study_.cells) {
    const study::Run* last = nullptr;
    for (const study::Run& run : all)
      if (run.cell == cell.id && run.block == 1 && run.role == study::Run::Role::Run) last = &run;
    ASSERT_NE(last, nullptr);
    EXPECT_EQ(last->tuned, 0.002);
  }
}

TEST_F(RunStudyLimits, what_was_out_of_time_stays_until_it_is_made_again) {
  const auto limited = plan();
  limited->rules_.run.seconds = 0.0;
  finished(*limited, "study");
  const std::string before = timeless("study");
  limited->rules_.run.seconds.reset();
  limited->rules_.study.seconds = 0.0;
  EXPECT_EQ(finished(*limited, "study").missing, 8u);
  EXPECT_EQ(timeless("study"), before);
}

TEST_F(RunStudyLimits, a_limit_that_was_not_kept_counts_as_another_one) {
  const auto limited = plan();
  limited->rules_.run.seconds = 0.0;
  finished(*limited, "study");
  std::string lines;
  for (study::Run run : runs("study")) {
    run.limitSeconds.reset();
    lines += study::runText(run);
  }
  write("study/results.jsonl", lines);
  EXPECT_EQ(finished(*limited, "study").finished, 8u);
}

TEST_F(RunStudyLimits, what_failed_is_tried_again_by_the_next_process) {
  const auto whole = plan();
  const auto refused = plan();
  refused->refusedCell = 2;
  EXPECT_EQ(finished(*refused, "study").failed, 2u);
  const StudyOutcome again = finished(*refused, "study");
  EXPECT_EQ(again.failed, 2u);
  EXPECT_EQ(again.finished, 2u);
  EXPECT_EQ(again.reused, 6u);
  refused->refusedCell.reset();
  const StudyOutcome well = finished(*refused, "study");
  EXPECT_EQ(well.failed, 0u);
  EXPECT_EQ(well.finished, 2u);
  finished(*whole, "whole");
  EXPECT_EQ(timeless("study"), timeless("whole"));
}

TEST_F(RunStudyLimits, a_process_makes_what_failed_once) {
  const auto refused = plan();
  refused->refusedCell = 2;
  Diagnostics diagnostics;
  const std::unique_ptr<study::ResultsFile> file = study::ResultsFile::open(path("study"), diagnostics);
  ASSERT_TRUE(file);
  ASSERT_EQ(runStudy(*refused, *file, options_, diagnostics)->finished, 8u);
  // As for a path, which asks for more cells: of those that are there, none is made again.
  refused->addCell({{"hidden", "16"}, {"drop", "0.0"}});
  const std::optional<StudyOutcome> grown = runStudy(*refused, *file, options_, diagnostics);
  ASSERT_TRUE(grown);
  EXPECT_EQ(grown->finished, 2u);
  EXPECT_EQ(grown->reused, 0u) << "this process made them all";
}

TEST_F(RunStudyLimits, results_that_turn_up_once_a_cell_is_tuned_are_there_already) {
  finished(*plan(true), "study");
  std::string lines;
  for (const study::Run& run : runs("study"))
    if (run.role == study::Run::Role::Run || run.tuned != 0.1) lines += study::runText(run);
  write("study/results.jsonl", lines);
  const StudyOutcome outcome = finished(*plan(true), "study");
  EXPECT_EQ(outcome.finished, 4u);
  EXPECT_EQ(outcome.reused, 4u * 2 + 8);
}

/// Makes `count` of the results of `folder` cost `seconds` each and drops the others.
class SpentBudget : public StudyTest {
 protected:
  void keepOnly(const std::string& folder, std::size_t count, double seconds) {
    std::vector<study::Run> kept = runs(folder);
    kept.resize(count);
    std::string text;
    for (study::Run& run : kept) {
      run.spent.wallSeconds = seconds;
      text += study::runText(run);
    }
    write(folder + "/results.jsonl", text);
  }
};

TEST_F(SpentBudget, what_earlier_processes_used_counts) {
  const auto limited = plan(true);
  finished(*limited, "study");
  const std::string whole = timeless("study");
  keepOnly("study", 3, 100.0);
  limited->rules_.study.seconds = 300.0;
  testing::internal::CaptureStderr();
  options_.progress = training::Progress::Lines;
  const StudyOutcome nothing = finished(*limited, "study");
  const std::string shown = testing::internal::GetCapturedStderr();
  options_.progress = training::Progress::None;
  EXPECT_EQ(nothing.finished, 0u);
  EXPECT_EQ(nothing.reused, 3u);
  EXPECT_EQ(nothing.missing, 17u);
  EXPECT_FALSE(nothing.isInterrupted);
  EXPECT_EQ(nothing.spent.wallSeconds, 300.0);
  EXPECT_NE(shown.find("the study's budget of 5:00 is spent: 3 of 20 runs are done"), std::string::npos) << shown;
  limited->rules_.study.seconds = 7200.0;
  const StudyOutcome rest = finished(*limited, "study");
  EXPECT_EQ(rest.missing, 0u);
  EXPECT_GT(rest.spent.wallSeconds, 300.0);
  EXPECT_EQ(timeless("study"), whole);
}

TEST_F(SpentBudget, results_of_other_programs_cost_this_study_nothing) {
  const auto other = std::make_unique<HandMadePlan>(path("main.nn"));
  other->addCell({{"hidden", "5"}});
  finished(*other, "study");
  keepOnly("study", 2, 1000.0);
  const auto limited = plan();
  limited->rules_.study.seconds = 1000.0;
  EXPECT_EQ(finished(*limited, "study").missing, 0u);
}

}  // namespace
}  // namespace nnc::experiment
