// Runs without a folder: the bits of a run with one, several at a time; streams apart, limits, observers.
#include "training/in_memory_run.h"

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstring>
#include <functional>
#include <thread>

#include "engine/code_cache.h"
#include "fixture.h"
#include "support/hash.h"
#include "training/project_source.h"

namespace nnc::training {
namespace {

/// Hashes of what a run is made of, at the steps of `steps`.
class Recorder final : public StepObserver {
 public:
  explicit Recorder(std::vector<std::int64_t> steps) : steps_(std::move(steps)) {}
  bool isDue(std::int64_t step) const override { return std::find(steps_.begin(), steps_.end(), step) != steps_.end(); }
  bool observe(const StepView& view, Diagnostics&) override {
    seen.push_back(view.step);
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < view.slots.size(); ++i)
      hash = hashBytes(text(view.slots[i], view.train.slots[i].type.byteCount()), hash);
    slots.push_back(hash);
    hash = 0;
    if (view.next != nullptr)
      for (const Buffer& field : view.next->fields) hash = hashBytes(text(field.data(), field.size()), hash);
    batches.push_back(hash);
    return isFine;
  }

  std::vector<std::int64_t> seen;
  std::vector<std::uint64_t> slots, batches;
  bool isFine = true;

 private:
  static std::string_view text(const std::byte* bytes, std::int64_t count) {
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count)};
  }
  std::vector<std::int64_t> steps_;
};

class InMemory : public TrainTest {
 protected:
  InMemory() { options_.seeds = {0, 0, 0}; }

  struct Trained {
    std::optional<InMemoryRun> run;
    std::string messages;
  };
  Trained trainWith(RunCache& cache, const std::vector<elaborate::Override>& overrides = {},
                    StepObserver* observer = nullptr) const {
    const InterruptGuard interrupt;
    Trained trained;
    const Attempt attempt =
        with(overrides, [&](elaborate::Project& project, const elaborate::TrainProgram& train, Attempt& out) {
          ProjectSource source(project, train);
          trained.run = trainInMemory(source, train, options_, cache, interrupt, observer, out.diagnostics);
        });
    trained.messages = attempt.messages;
    return trained;
  }
  InMemoryRun inMemory(const std::vector<elaborate::Override>& overrides = {}, StepObserver* observer = nullptr) const {
    RunCache cache;
    const Trained trained = trainWith(cache, overrides, observer);
    EXPECT_TRUE(trained.run) << trained.messages;
    return trained.run.value_or(InMemoryRun{});
  }
  static std::vector<std::int64_t> stepsOf(const InMemoryRun& run) {
    std::vector<std::int64_t> steps;
    for (const Evaluation& evaluation : run.evaluations) steps.push_back(evaluation.step);
    return steps;
  }
  /// Everything but times, as text with all digits.
  static std::string textOf(const InMemoryRun& run) {
    std::string text = fmt::format("{} {} {} {}\n", static_cast<int>(run.outcome), run.steps, run.examples, run.flops);
    for (const Evaluation& evaluation : run.evaluations) {
      text += std::to_string(evaluation.step);
      for (const Metric& metric : evaluation.metrics) text += fmt::format(" {} {}", metric.name, metric.value);
      text += '\n';
    }
    return text;
  }
  static double metric(const Evaluation& evaluation, const std::string& name) {
    for (const Metric& each : evaluation.metrics)
      if (each.name == name) return each.value;
    ADD_FAILURE() << name;
    return NAN;
  }

  InMemoryOptions options_;
};

TEST_F(InMemory, has_the_bits_of_a_run_with_a_folder) {
  trained("run");
  const std::vector<nlohmann::json> log = lines("run/metrics.jsonl");
  const InMemoryRun run = inMemory();
  EXPECT_EQ(run.outcome, Outcome::Finished);
  EXPECT_EQ(run.steps, 20);
  EXPECT_EQ(run.examples, 4 * 70);
  ASSERT_EQ(run.evaluations.size(), log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(run.evaluations[i].step, log[i]["step"]);
    EXPECT_EQ(run.evaluations[i].metrics.size(), i + 1 == log.size() ? 6u : 4u) << "test is looked at once";
    for (const Metric& each : run.evaluations[i].metrics) EXPECT_EQ(each.value, log[i][each.name]) << each.name;
  }
  EXPECT_GT(run.trainSeconds, 0.0);
  EXPECT_EQ(run.trainSeconds, run.evaluations.back().trainSeconds);
}

TEST_F(InMemory, leaves_nothing_on_the_disk) {
  const std::vector<std::string> before = names(".");
  inMemory();
  std::vector<std::string> after = names(".");
  std::erase(after, "main.nn");  // the fixture's
  EXPECT_EQ(after, before);
}

TEST_F(InMemory, evaluates_every_few_steps_and_at_the_end) {
  options_.evaluateEvery = 3;
  options_.steps = 11;
  const InMemoryRun run = inMemory();
  EXPECT_EQ(stepsOf(run), (std::vector<std::int64_t>{3, 6, 9, 11}));
  EXPECT_EQ(run.examples, 2 * 70 + 16);
  // What lies between two evaluations is their weighted mean: steps 1-3 and 4-6 have 48 and 16 + 6 + 16 examples.
  options_.evaluateEvery = 6;
  const InMemoryRun coarse = inMemory();
  EXPECT_EQ(stepsOf(coarse), (std::vector<std::int64_t>{6, 11}));
  EXPECT_NEAR(metric(coarse.evaluations[0], "train.loss") * 86,
              metric(run.evaluations[0], "train.loss") * 48 + metric(run.evaluations[1], "train.loss") * 38,
              1e-12 * 86);  // sums of doubles in another order
  EXPECT_EQ(metric(coarse.evaluations[0], "valid.loss"), metric(run.evaluations[1], "valid.loss"));
  EXPECT_EQ(metric(coarse.evaluations[1], "test.loss"), metric(run.evaluations[3], "test.loss"));
}

TEST_F(InMemory, seen_is_the_training_part_looked_at_as_if_it_were_new) {
  edit("valid: 70..100", "valid: 70..100, seen: 0..70");
  edit("\"tx.idx\", \"ty.idx\"", "\"x.idx\", \"y.idx\"");  // the test part is all rows: those of `seen` and of `valid`
  const InMemoryRun run = inMemory();
  ASSERT_FALSE(run.evaluations.empty());
  std::map<std::string, double> last;
  for (const Metric& metric : run.evaluations.back().metrics) last[metric.name] = metric.value;
  for (const char* const metric : {"loss", "accuracy"}) {
    const double seen = last.at(std::string("seen.") + metric), valid = last.at(std::string("valid.") + metric);
    // Sums in f64 of the same f32 numbers, grouped in another way: a few roundings of 1e-16.
    EXPECT_NEAR(70.0 * seen + 30.0 * valid, 100.0 * last.at(std::string("test.") + metric), 1e-9) << metric;
  }
  EXPECT_NE(last.at("seen.loss"), last.at("train.loss")) << "one is with dropout, the other is not";
}

TEST_F(InMemory, a_rung_is_the_beginning_of_the_whole_run) {
  const InMemoryRun whole = inMemory();
  options_.steps = 10;
  options_.evaluatesTest = false;
  const InMemoryRun rung = inMemory();
  ASSERT_EQ(stepsOf(rung), (std::vector<std::int64_t>{5, 10}));
  EXPECT_EQ(rung.evaluations[1].metrics.size(), 4u);
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t k = 0; k < 4; ++k)
      EXPECT_EQ(rung.evaluations[i].metrics[k].value, whole.evaluations[i].metrics[k].value);
}

TEST_F(InMemory, the_three_streams_are_apart) {
  const auto look = [&](RunSeeds seeds) {
    options_.seeds = seeds;
    options_.steps = 1;
    Recorder recorder({0, 1});
    inMemory({}, &recorder);
    return recorder;
  };
  const Recorder base = look({1, 2, 3});
  ASSERT_EQ(base.seen, (std::vector<std::int64_t>{0, 1}));
  const Recorder init = look({9, 2, 3}), data = look({1, 9, 3}), noise = look({1, 2, 9});
  EXPECT_NE(init.slots[0], base.slots[0]);
  EXPECT_EQ(init.batches[0], base.batches[0]);
  EXPECT_EQ(data.slots[0], base.slots[0]);
  EXPECT_NE(data.batches[0], base.batches[0]);
  EXPECT_EQ(noise.slots[0], base.slots[0]);
  EXPECT_EQ(noise.batches[0], base.batches[0]);
  EXPECT_NE(noise.slots[1], base.slots[1]) << "another mask, another step";
}

TEST_F(InMemory, a_random_split_without_a_seed_follows_the_data_stream) {
  edit("split:  (train: 0..70, valid: 70..100)", "split:  random(valid: 0.3)");
  options_.steps = 1;
  const InMemoryRun zero = inMemory();
  RunOptions run = options("run");
  EXPECT_EQ(metric(zero.evaluations[0], "train.loss"), [&] {
    edit("  epochs:    epochs", "  steps:     1");
    edit(", epochs: int = 4", "");
    train(run);
    return lines("run/metrics.jsonl")[0]["train.loss"].get<double>();
  }());
  options_.seeds.data = 5;
  const InMemoryRun five = inMemory();
  EXPECT_NE(metric(five.evaluations[0], "valid.loss"), metric(zero.evaluations[0], "valid.loss"));
  edit("random(valid: 0.3)", "random(valid: 0.3, seed: 0)");
  Recorder fixed({0});
  const InMemoryRun named = inMemory({{"lr", "0.0"}}, &fixed);
  options_.seeds.data = 0;
  EXPECT_EQ(metric(named.evaluations[0], "valid.loss"), metric(inMemory({{"lr", "0.0"}}).evaluations[0], "valid.loss"))
      << "the split is written down";
}

TEST_F(InMemory, observers_see_every_step_that_they_ask_for_and_change_nothing) {
  const std::string plain = textOf(inMemory());
  Recorder recorder({0, 1, 7, 20});
  EXPECT_EQ(textOf(inMemory({}, &recorder)), plain);
  EXPECT_EQ(recorder.seen, (std::vector<std::int64_t>{0, 1, 7, 20}));
  EXPECT_EQ(recorder.batches[3], 0u) << "the run is over: there is no next batch";
  EXPECT_EQ(std::set<std::uint64_t>(recorder.slots.begin(), recorder.slots.end()).size(), 4u);
  recorder.isFine = false;
  RunCache cache;
  EXPECT_FALSE(trainWith(cache, {}, &recorder).run);
}

TEST_F(InMemory, diverges_as_a_result_without_a_message) {
  RunCache cache;
  const Trained trained = trainWith(cache, {{"lr", "1e30"}});
  ASSERT_TRUE(trained.run);
  EXPECT_EQ(trained.messages, "");
  EXPECT_EQ(trained.run->outcome, Outcome::Diverged);
  EXPECT_LT(trained.run->steps, 5);
  EXPECT_TRUE(trained.run->evaluations.empty());
}

TEST_F(InMemory, a_run_that_is_out_of_time_is_evaluated_where_it_stands) {
  for (const std::int64_t every : {0, 20}) {  // at the end of the epoch in which time is up, and long after it
    options_.evaluateEvery = every;
    options_.maxSeconds = 1e-9;
    const InMemoryRun late = inMemory();
    EXPECT_EQ(late.outcome, Outcome::TimedOut);
    ASSERT_EQ(stepsOf(late), (std::vector<std::int64_t>{5}));
    options_.maxSeconds.reset();
    options_.steps = 5;
    const InMemoryRun shorter = inMemory();
    options_.steps.reset();
    ASSERT_EQ(late.evaluations[0].metrics.size(), 6u);
    for (std::size_t k = 0; k < 6; ++k)
      EXPECT_EQ(late.evaluations[0].metrics[k].value, shorter.evaluations[0].metrics[k].value)
          << late.evaluations[0].metrics[k].name;
  }
}

TEST_F(InMemory, a_limit_in_seconds_does_not_count_compiling) {
  const auto cold = [&] {
    engine::CodeCache code;
    options_.engine.cache = &code;
    const InMemoryRun run = inMemory();
    options_.engine.cache = nullptr;
    return std::pair(run.outcome, code.counts().seconds);
  };
  // Twenty steps of a network of a hundred numbers, against all that the code generator does for it.
  options_.maxSeconds = cold().second;
  EXPECT_EQ(cold().first, Outcome::Finished);
}

TEST_F(InMemory, time_operations_and_targets_end_a_run) {
  options_.maxSeconds = 0.0;
  const InMemoryRun late = inMemory();
  EXPECT_EQ(late.outcome, Outcome::TimedOut);
  EXPECT_EQ(late.steps, 0);
  ASSERT_EQ(stepsOf(late), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(late.evaluations[0].metrics.size(), 4u) << "no step, and so no result of steps";
  options_.maxSeconds.reset();

  options_.flopsPerStep = 100.0;
  options_.steps = 5 + 3;  // an epoch of 70 examples in batches of 16 has 437.5 operations
  const InMemoryRun cheap = inMemory();
  EXPECT_EQ(cheap.outcome, Outcome::Finished);
  EXPECT_EQ(cheap.steps, 5 + 3);
  EXPECT_EQ(cheap.flops, 737.5);
  EXPECT_EQ(cheap.evaluations.back().step, 8);
  EXPECT_EQ(cheap.evaluations.back().metrics.size(), 6u);
  options_.steps.reset();

  options_.target = {"valid.accuracy", 0.5, false};
  const InMemoryRun on = inMemory({{"epochs", "30"}});
  ASSERT_TRUE(on.targetStep);
  EXPECT_EQ(on.steps, 150);
  options_.stopsAtTarget = true;
  const InMemoryRun stopped = inMemory({{"epochs", "30"}});
  EXPECT_EQ(stopped.outcome, Outcome::StoppedEarly);
  EXPECT_EQ(stopped.steps, *on.targetStep);
  EXPECT_GE(metric(stopped.evaluations.back(), "valid.accuracy"), 0.5);
  EXPECT_EQ(stopped.evaluations.back().metrics.size(), 6u) << "the test part at the end, wherever that is";
  for (std::size_t i = 0; i + 1 < stopped.evaluations.size(); ++i)
    EXPECT_LT(metric(stopped.evaluations[i], "valid.accuracy"), 0.5);
}

TEST_F(InMemory, data_are_read_once_and_programs_compiled_once) {
  RunCache cache;
  options_.programKey = "classify";
  const Trained first = trainWith(cache);
  ASSERT_TRUE(first.run);
  for (const char* const name : {"x.idx", "y.idx", "tx.idx", "ty.idx"}) fs::remove(path(name));
  const Trained second = trainWith(cache);
  ASSERT_TRUE(second.run) << second.messages;
  EXPECT_EQ(textOf(*second.run), textOf(*first.run));

  /// Refuses to make a program.
  class Nothing final : public ProgramSource {
   public:
    std::optional<elaborate::BatchProgram> step(std::int64_t) override { return std::nullopt; }
    std::optional<elaborate::BatchProgram> evaluation(std::int64_t) override { return std::nullopt; }
  };
  with({}, [&](elaborate::Project&, const elaborate::TrainProgram& train, Attempt& out) {
    Nothing source;
    const InterruptGuard interrupt;
    const auto third = trainInMemory(source, train, options_, cache, interrupt, nullptr, out.diagnostics);
    ASSERT_TRUE(third);
    EXPECT_EQ(textOf(*third), textOf(*first.run));
  });
}

TEST_F(InMemory, a_label_that_is_wrong_is_said_in_every_run) {
  std::string labels = read("y.idx");
  labels[8 + 75] = 3;
  write("y.idx", labels);
  RunCache cache;
  for (int i = 0; i < 2; ++i) {
    const Trained trained = trainWith(cache);
    EXPECT_FALSE(trained.run);
    EXPECT_TRUE(trained.messages.starts_with("E1208 row 75 of `y.idx`")) << trained.messages;
  }
}

TEST_F(InMemory, runs_side_by_side_have_the_bits_of_runs_alone) {
  const std::vector<std::string> rates = {"0.05", "0.1", "0.2", "0.4"};
  std::vector<std::string> alone, beside(rates.size());
  for (const std::string& rate : rates) alone.push_back(textOf(inMemory({{"lr", rate}})));
  write("main.nn", program_);
  RunCache cache;
  const InterruptGuard interrupt;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < rates.size(); ++i)
    threads.emplace_back([&, i] {
      SourceManager sources;
      Diagnostics diagnostics;
      const auto project = elaborate::Project::load(path("main.nn"), sources, diagnostics);
      const auto train = project->train("", {{"lr", rates[i]}});
      ProjectSource source(*project, *train);
      const auto run = trainInMemory(source, *train, options_, cache, interrupt, nullptr, diagnostics);
      if (run) beside[i] = textOf(*run);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(beside, alone);
}

TEST_F(InMemory, an_interrupted_run_is_abandoned) {
  const auto oldHandler = std::signal(SIGTERM, SIG_IGN);
  /// Sends the signal from within the run.
  class Killer final : public StepObserver {
   public:
    bool isDue(std::int64_t step) const override { return step == 7; }
    bool observe(const StepView&, Diagnostics&) override {
      ::kill(::getpid(), SIGTERM);
      return true;
    }
  };
  Killer killer;
  const InMemoryRun run = inMemory({{"epochs", "1000"}}, &killer);
  EXPECT_EQ(run.outcome, Outcome::Interrupted);
  EXPECT_EQ(run.steps, 8);
  std::signal(SIGTERM, oldHandler);
}

TEST_F(InMemory, a_target_is_told_by_a_run_with_a_folder) {
  edit("  epochs:    epochs", "  epochs:    epochs\n  target:    valid.accuracy >= 0.5");
  const RunResult result = trained("run", {{"epochs", "30"}});
  ASSERT_TRUE(result.target);
  const std::vector<nlohmann::json> log = lines("run/metrics.jsonl");
  const auto reached = std::find_if(
      log.begin(), log.end(), [](const nlohmann::json& line) { return line["valid.accuracy"].get<double>() >= 0.5; });
  ASSERT_NE(reached, log.end());
  EXPECT_EQ(result.target->step, (*reached)["step"]);
  EXPECT_EQ(result.target->epoch, (*reached)["epoch"]);
  const nlohmann::json json = nlohmann::json::parse(resultJson(result));
  EXPECT_EQ(json["target"]["condition"], "valid.accuracy >= 0.5");
  EXPECT_EQ(json["target"]["step"], (*reached)["step"]);
  EXPECT_GT(json["target"]["seconds"].get<double>(), 0.0);
  EXPECT_NE(resultTable(result).find("target valid.accuracy >= 0.5 after "), std::string::npos) << resultTable(result);

  // Reached before an interruption: the step is known, the seconds are not.
  RunOptions again = options("run");
  again.resume = true;
  const Attempt resumed = train(again, {{"epochs", "31"}});
  ASSERT_TRUE(resumed.result) << resumed.messages;
  EXPECT_EQ(resumed.result->target->step, result.target->step);
  EXPECT_FALSE(resumed.result->target->seconds);

  edit("valid.accuracy >= 0.5", "valid.loss <= 0.0");
  const RunResult never = trained("never");
  EXPECT_EQ(never.target->step, 0);
  EXPECT_NE(resultTable(never).find("target valid.loss <= 0 was not reached\n"), std::string::npos);
}

}  // namespace
}  // namespace nnc::training
