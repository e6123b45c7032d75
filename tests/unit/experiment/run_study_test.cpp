// Studies that run: the same bytes for any number of workers and after any kill; trials, pairing, failures, budgets.
#include "experiment/run_study.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <thread>

#include "experiment/schedule.h"
#include "study_fixture.h"

namespace nnc::experiment {
namespace {

using study::Status;

class RunStudy : public StudyTest {};

TEST_F(RunStudy, makes_every_run_of_the_plan_once) {
  const auto small = plan();
  const StudyOutcome outcome = finished(*small, "study");
  EXPECT_EQ(outcome.finished, 8u);
  EXPECT_EQ(outcome.missing + outcome.reused + outcome.foreign + outcome.diverged + outcome.failed, 0u);
  const std::vector<study::Run> all = runs("study");
  ASSERT_EQ(all.size(), 8u);
  std::set<std::string> ids;
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].cell, small->study_.cells[i / 2].id) << "in the order of the plan";
    EXPECT_EQ(all[i].block, static_cast<int>(i % 2));
    EXPECT_EQ(all[i].id, runId(small->study_, small->study_.cells[i / 2], all[i].block, std::nullopt, 12));
    EXPECT_EQ(all[i].status, Status::Ok);
    EXPECT_EQ(all[i].steps, 12);
    EXPECT_EQ(all[i].examples, 12 * 16);
    EXPECT_EQ(all[i].flops, 12000.0);
    ASSERT_EQ(all[i].curves.size(), 6u);
    EXPECT_EQ(all[i].curves[0].metric, "train.loss");
    EXPECT_EQ(all[i].curves[0].steps, (std::vector<std::int64_t>{4, 8, 12}));
    EXPECT_EQ(all[i].curveSeconds.size(), 3u);
    EXPECT_EQ(all[i].curves[4].metric, "test.loss");
    EXPECT_EQ(all[i].curves[4].steps, (std::vector<std::int64_t>{12}));
    EXPECT_EQ(all[i].measures.at("test").value, all[i].curves[5].values[0]);
    ids.insert(all[i].id);
  }
  EXPECT_EQ(ids.size(), 8u);
}

TEST_F(RunStudy, has_the_same_bytes_for_any_number_of_workers) {
  finished(*plan(/*withTuning=*/true), "one");
  for (const int workers : {2, 5}) {
    options_.workers = workers;
    const std::string folder = "with" + std::to_string(workers);
    finished(*plan(true), folder);
    EXPECT_EQ(timeless(folder), timeless("one"));
  }
}

TEST_F(RunStudy, goes_on_after_a_kill_at_any_append) {
  finished(*plan(true), "whole");
  const std::string expected = timeless("whole"), bytes = read("whole/results.jsonl");
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = bytes.find('\n', at);
    lines.push_back(bytes.substr(at, end + 1 - at));
    at = end + 1;
  }
  ASSERT_EQ(lines.size(), 4u * 3 + 8);
  // In some order in which they may have been written: the trials of a cell come before its runs.
  std::stable_sort(lines.begin(), lines.end(), [](const std::string& a, const std::string& b) {
    return hashBytes(a.substr(0, 60)) % 3 < hashBytes(b.substr(0, 60)) % 3;
  });
  std::stable_partition(lines.begin(), lines.end(),
                        [](const std::string& line) { return line.find("\"trial\"") != std::string::npos; });
  for (std::size_t kept = 0; kept <= lines.size(); ++kept) {
    std::string before;
    for (std::size_t i = 0; i < kept; ++i) before += lines[i];
    if (kept < lines.size()) before += lines[kept].substr(0, lines[kept].size() * kept / lines.size());
    fs::remove_all(path("cut"));
    fs::create_directories(path("cut"));
    write("cut/results.jsonl", before);
    options_.workers = 1 + static_cast<int>(kept % 2);
    const StudyOutcome outcome = finished(*plan(true), "cut");
    EXPECT_EQ(outcome.reused, kept);
    EXPECT_EQ(outcome.finished, lines.size() - kept) << "nothing runs twice";
    EXPECT_EQ(timeless("cut"), expected);
  }
}

TEST_F(RunStudy, survives_kill_9) {
  finished(*plan(true), "whole");
  int killed = 0;
  for (const std::size_t after : {1u, 4u, 9u, 15u}) {
    fs::remove_all(path("killed"));
    const pid_t child = ::fork();
    if (child == 0) {
      run(*plan(true), "killed");
      ::_exit(0);
    }
    const auto lineCount = [&] {
      const std::string text = read("killed/results.jsonl");
      return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    };
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0)
      if (lineCount() >= after) ::kill(child, SIGKILL);
    killed += WIFSIGNALED(status) ? 1 : 0;
    const StudyOutcome outcome = finished(*plan(true), "killed");
    EXPECT_GE(outcome.reused, after);
    EXPECT_EQ(timeless("killed"), timeless("whole"));
  }
  EXPECT_GT(killed, 0);
}

TEST_F(RunStudy, a_seed_or_a_level_more_reuses_everything) {
  finished(*plan(), "study");
  const auto more = plan();
  more->study_.blocks.push_back({3, 3, 3});
  more->addCell({{"hidden", "16"}, {"drop", "0.0"}});
  const StudyOutcome outcome = finished(*more, "study");
  EXPECT_EQ(outcome.reused, 8u);
  EXPECT_EQ(outcome.finished, 5u * 3 - 8);
  finished(*more, "fresh");
  EXPECT_EQ(timeless("study"), timeless("fresh"));
}

TEST_F(RunStudy, equal_cells_run_once) {
  const auto twice = plan();
  twice->addCell(twice->study_.cells[1].values);
  EXPECT_EQ(finished(*twice, "study").finished, 8u);
}

TEST_F(RunStudy, results_of_other_plans_are_kept_and_not_used) {
  finished(*plan(), "study");
  const auto other = std::make_unique<HandMadePlan>(path("main.nn"));
  other->addCell({{"hidden", "5"}});
  testing::internal::CaptureStderr();
  options_.progress = training::Progress::Lines;
  const StudyOutcome outcome = finished(*other, "study");
  EXPECT_EQ(outcome.foreign, 8u);
  EXPECT_EQ(outcome.finished, 2u);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("8 results of the folder belong to other programs"),
            std::string::npos);
  ASSERT_EQ(runs("study").size(), 10u);
  EXPECT_EQ(runs("study")[8].cell, other->study_.cells[0].id) << "what was asked for stands last";
}

TEST_F(RunStudy, two_processes_on_one_folder_are_refused) {
  Diagnostics diagnostics;
  const auto held = study::ResultsFile::open(path("study"), diagnostics);
  ASSERT_TRUE(held);
  const Ran second = run(*plan(), "study");
  EXPECT_FALSE(second.outcome);
  EXPECT_TRUE(second.messages.starts_with("E1411")) << second.messages;
}

TEST_F(RunStudy, trials_choose_the_value_of_each_cell) {
  const auto tuned = plan(true);
  tuned->study_.tuning->blocks = 2;
  const StudyOutcome outcome = finished(*tuned, "study");
  const std::vector<study::Run> all = runs("study");
  ASSERT_EQ(all.size(), 4u * 3 * 2 + 8);
  for (const study::Cell& cell : tuned->study_.cells) {
    std::vector<const study::Run*> trials;
    std::set<double> used;
    for (const study::Run& each : all) {
      if (each.cell != cell.id) continue;
      if (each.role == study::Run::Role::Run) {
        used.insert(each.tuned.value());
        continue;
      }
      trials.push_back(&each);
      EXPECT_EQ(each.steps, 4);
      EXPECT_EQ(each.curves.size(), 4u) << "trials do not look at the test part";
      EXPECT_TRUE(each.measures.empty());
    }
    ASSERT_EQ(trials.size(), 6u);
    const study::TunedChoice choice = study::chooseTuned(*tuned->study_.tuning, trials);
    EXPECT_EQ(used, std::set<double>{choice.value});
    const bool isReported =
        std::find(outcome.edge.begin(), outcome.edge.end(), &cell - tuned->study_.cells.data()) != outcome.edge.end();
    EXPECT_EQ(choice.isEdge, isReported);
  }
  // A trial is the beginning of the run with its value.
  tuned->study_.tuning->grid = {0.1};
  finished(*tuned, "single");
  for (const study::Run& trial : runs("single"))
    for (const study::Run& whole : runs("single"))
      if (trial.role == study::Run::Role::Trial && whole.role == study::Run::Role::Run && trial.cell == whole.cell &&
          trial.block == whole.block) {
        EXPECT_EQ(study::lastValue(trial, "valid.loss"), whole.curves[2].values[0]);
      }
}

TEST_F(RunStudy, diverged_trials_lose_and_diverged_runs_are_results) {
  const auto tuned = plan(true);
  tuned->study_.tuning->grid = {0.1, 1e30};
  const StudyOutcome outcome = finished(*tuned, "study");
  EXPECT_EQ(outcome.diverged, 0u);
  for (const study::Run& each : runs("study"))
    EXPECT_EQ(each.status, each.tuned == 1e30 ? Status::Diverged : Status::Ok);
  tuned->study_.tuning->grid = {1e30, 1e31};
  const StudyOutcome lost = finished(*tuned, "lost");
  EXPECT_EQ(lost.diverged, 8u);
  EXPECT_EQ(lost.edge.size(), 4u);
  for (const study::Run& each : runs("lost")) {
    EXPECT_EQ(each.status, Status::Diverged);
    if (each.role == study::Run::Role::Run) {
      EXPECT_EQ(each.measures.at("test").value, 1.0 / 3.0);
    }
  }
  EXPECT_EQ(finished(*tuned, "lost").finished, 0u) << "not tried again";
}

TEST_F(RunStudy, a_run_that_fails_is_a_result_with_its_reason) {
  const auto refused = plan();
  refused->refusedCell = 2;
  // The data are read for the first run, whichever that is: the refused cell must not be it.
  Schedule schedule(refused->study_, {});
  if (schedule.start()->cell == 2) refused->refusedCell = 1;
  const StudyOutcome outcome = finished(*refused, "study");
  EXPECT_EQ(outcome.failed, 2u);
  EXPECT_EQ(outcome.finished, 8u);
  for (const study::Run& each : runs("study")) {
    const bool isRefused = each.cell == refused->study_.cells[*refused->refusedCell].id;
    EXPECT_EQ(each.status, isRefused ? Status::Failed : Status::Ok);
    EXPECT_EQ(each.reason, isRefused ? "E1206 part `refused` has no rows" : "");
  }
}

TEST_F(RunStudy, data_that_are_missing_are_said_once_and_before_anything_runs) {
  fs::remove(path("y.idx"));
  const Ran ran = run(*plan(), "study");
  EXPECT_FALSE(ran.outcome);
  EXPECT_TRUE(ran.messages.starts_with("E1201 ")) << ran.messages;
  EXPECT_EQ(std::count(ran.messages.begin(), ran.messages.end(), '\n'), 1) << ran.messages;
  EXPECT_TRUE(runs("study").empty());
}

TEST_F(RunStudy, keeps_what_was_spent_and_how_much_of_it_made_code) {
  engine::CodeCache code;
  options_.engine.cache = &code;
  options_.workers = 2;
  const StudyOutcome outcome = finished(*plan(), "study");
  EXPECT_GT(outcome.spent.codeSeconds, 0.0);
  EXPECT_NEAR(outcome.spent.codeSeconds, code.counts().seconds, 1e-9) << "a sum of differences";
  EXPECT_LT(outcome.spent.codeSeconds, outcome.spent.processorSeconds);
  const StudyOutcome again = finished(*plan(), "study");
  EXPECT_EQ(again.finished, 0u);
  EXPECT_NEAR(again.spent.codeSeconds, outcome.spent.codeSeconds, 1e-9) << "the file keeps it; sums in another order";
}

TEST_F(RunStudy, evaluates_and_stops_by_the_rules) {
  const auto ruled = plan();
  for (study::Cell& cell : ruled->study_.cells) cell.evaluateEvery = 5;
  ruled->rules_.targetMetric = "valid.loss";
  ruled->rules_.target = 100.0;
  finished(*ruled, "study");
  for (const study::Run& each : runs("study")) EXPECT_EQ(each.curves[0].steps, (std::vector<std::int64_t>{5, 10, 12}));
  ruled->rules_.stopAtTarget = true;
  finished(*ruled, "stopped");
  for (const study::Run& each : runs("stopped")) {
    EXPECT_EQ(each.steps, 5) << "a lower loss is better: the target was reached at once";
    EXPECT_EQ(each.curves[4].steps, (std::vector<std::int64_t>{5}));
  }
}

/// Keeps what the runs see at step 0 and 3 of each cell and block.
struct Sightings {
  std::mutex mutex;
  std::map<std::string, std::vector<std::uint64_t>> slots, batches;  // by cell and seeds
};

class Witness final : public RunProbes {
 public:
  Witness(Sightings& sightings, std::string cell) : sightings_(sightings), cell_(std::move(cell)) {}
  bool isDue(std::int64_t step) const override { return step == 0 || step == 3; }
  bool observe(const training::StepView& view, Diagnostics&) override {
    const std::lock_guard lock(sightings_.mutex);
    const std::string key = cell_ + " " + std::to_string(view.seeds.init);
    for (std::size_t i = 0; view.step == 0 && i < view.slots.size(); ++i)
      sightings_.slots[key].push_back(hash(view.slots[i], view.train.slots[i].type.byteCount()));
    for (const training::Buffer& field : view.next->fields)
      sightings_.batches[key].push_back(hash(field.data(), field.size()));
    return true;
  }
  std::string lookKind(std::int64_t step) const override { return isDue(step) ? "o" : ""; }
  std::vector<study::ProbeSeries> take() override { return {{"witness", {""}, {0, 3}, {{1.0}, {2.0}}}}; }

 private:
  static std::uint64_t hash(const std::byte* bytes, std::int64_t count) {
    return hashBytes({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count)});
  }
  Sightings& sightings_;
  std::string cell_;
};

TEST_F(RunStudy, blocks_are_paired_bit_for_bit) {
  // The second dropout keeps everything and scales by one: it draws, and changes nothing unless draws are not apart.
  const auto paired = std::make_unique<HandMadePlan>(path("main.nn"));
  paired->addCell({{"lr", "0.1"}});
  paired->addCell({{"lr", "0.2"}});
  paired->addCell({{"lr", "0.1"}, {"late", "1e-30"}});
  paired->addCell({{"lr", "0.1"}, {"drop", "0.0"}});
  for (study::Cell& cell : paired->study_.cells) cell.evaluateEvery = 1;
  Sightings sightings;
  options_.workers = 2;
  options_.probes = [&](std::size_t cell, CellPrograms&, Diagnostics&) -> std::unique_ptr<RunProbes> {
    return std::make_unique<Witness>(sightings, std::to_string(cell));
  };
  finished(*paired, "study");
  for (const std::string block : {"1", "2"})
    for (const std::string cell : {"1", "2", "3"}) {
      EXPECT_EQ(sightings.slots.at(cell + " " + block), sightings.slots.at("0 " + block)) << cell;
      EXPECT_EQ(sightings.batches.at(cell + " " + block), sightings.batches.at("0 " + block)) << cell;
    }
  EXPECT_NE(sightings.slots.at("0 1"), sightings.slots.at("0 2"));
  EXPECT_NE(sightings.batches.at("0 1"), sightings.batches.at("0 2"));

  const std::vector<study::Run> all = runs("study");
  const auto curve = [&](std::size_t cell, std::size_t block) { return all[2 * cell + block].curves[0].values; };
  for (const std::size_t block : {0u, 1u}) {
    EXPECT_EQ(curve(1, block)[0], curve(0, block)[0]) << "the masks of the first step do not know the rate";
    EXPECT_NE(curve(1, block)[1], curve(0, block)[1]);
    EXPECT_EQ(curve(2, block), curve(0, block)) << "one more dropout leaves the masks of the other alone";
    EXPECT_NE(curve(3, block)[0], curve(0, block)[0]);
    EXPECT_EQ(all[block].probes.at(0).values, (std::vector<std::vector<double>>{{1.0}, {2.0}}));
  }
}

TEST_F(RunStudy, a_signal_ends_it_and_the_next_call_goes_on) {
  const auto oldHandler = std::signal(SIGINT, SIG_IGN);
  std::atomic<int> started = 0;
  options_.workers = 2;
  options_.command = "nnc run small.nn";
  options_.progress = training::Progress::Lines;
  options_.probes = [&](std::size_t, CellPrograms&, Diagnostics&) -> std::unique_ptr<RunProbes> {
    if (++started == 4) ::kill(::getpid(), SIGINT);
    static Sightings unused;
    return std::make_unique<Witness>(unused, "");
  };
  testing::internal::CaptureStderr();
  const StudyOutcome cut = finished(*plan(), "study");
  const std::string shown = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(cut.isInterrupted);
  EXPECT_EQ(cut.finished + cut.missing, 8u);
  EXPECT_GE(cut.missing, 4u);
  EXPECT_NE(shown.find("interrupted: "), std::string::npos) << shown;
  EXPECT_NE(shown.find("go on with: nnc run small.nn\n"), std::string::npos) << shown;
  options_.progress = training::Progress::None;
  const StudyOutcome rest = finished(*plan(), "study");
  EXPECT_EQ(rest.reused, cut.finished);
  EXPECT_EQ(rest.missing, 0u);
  finished(*plan(), "whole");
  EXPECT_EQ(timeless("study"), timeless("whole"));
  std::signal(SIGINT, oldHandler);
}

TEST_F(RunStudy, shows_the_work_in_tenths) {
  options_.progress = training::Progress::Lines;
  testing::internal::CaptureStderr();
  finished(*plan(), "study");
  const std::string shown = testing::internal::GetCapturedStderr();
  EXPECT_NE(shown.find("8/8 runs  4 of 4 cells  best test "), std::string::npos) << shown;
  EXPECT_LE(std::count(shown.begin(), shown.end(), '\n'), 10);
}

}  // namespace
}  // namespace nnc::experiment
