// Runs: what they learn, write and report; equal bits with any number of threads and after any interruption.
#include "training/run.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstring>
#include <thread>

#include "fixture.h"
#include "nnc/npz.h"
#include "nnc/safetensors.h"

namespace nnc::training {
namespace {

class Run : public TrainTest {};

TEST_F(Run, learns_and_logs_each_epoch) {
  const RunResult result = trained("run", {{"epochs", "30"}});
  EXPECT_EQ(result.outcome, Outcome::Finished);
  EXPECT_EQ(exitCode(result), 0);
  EXPECT_EQ(result.epochs, 30);
  EXPECT_EQ(result.steps, 30 * 5);  // 70 rows in batches of 16: four whole ones and one of 6
  EXPECT_EQ(result.examples, 30 * 70);
  EXPECT_EQ(result.parameters, 6 * 8 + 8 + 8 * 3 + 3);
  const std::vector<nlohmann::json> log = lines("run/metrics.jsonl");
  ASSERT_EQ(log.size(), 30u);
  EXPECT_EQ(log[1]["epoch"], 2);
  EXPECT_EQ(log[1]["step"], 10);
  EXPECT_LT(log[29]["train.loss"].get<double>(), 0.5 * log[0]["train.loss"].get<double>());
  EXPECT_GT(log[29]["test.accuracy"].get<double>(), 0.9);
  EXPECT_EQ(log[29].size(), 8u) << log[29];
  ASSERT_EQ(result.metrics.size(), 6u);
  EXPECT_EQ(result.metrics[2].name, "valid.loss");
  EXPECT_EQ(result.metrics[2].value, log[29]["valid.loss"].get<double>());
  EXPECT_EQ(result.bestMetric, "valid.loss");
  for (const nlohmann::json& line : log) EXPECT_GE(line["valid.loss"].get<double>(), result.bestValue);
}

// Each operand of a product is off by at most 2^-9 of itself: the curve stays near that of f32, and is another one.
TEST_F(Run, learns_the_same_in_bf16) {
  edit("  batch:     16", "  batch:     16\n  precision: .f32");
  edit("dropout(0.2)", "dropout(0.0)");
  trained("f32", {{"epochs", "30"}, {"hidden", "32"}});
  edit("precision: .f32", "precision: .bf16");
  trained("bf16", {{"epochs", "30"}, {"hidden", "32"}});
  const std::vector<nlohmann::json> wide = lines("f32/metrics.jsonl"), narrow = lines("bf16/metrics.jsonl");
  ASSERT_EQ(wide.size(), narrow.size());
  for (std::size_t i = 0; i < wide.size(); ++i) {
    const double a = wide[i]["train.loss"], b = narrow[i]["train.loss"];
    EXPECT_NE(a, b) << i;
    EXPECT_NEAR(b, a, 0.02 * a + 0.01) << i;
  }
  EXPECT_GT(narrow.back()["test.accuracy"].get<double>(), 0.9);
}

TEST_F(Run, leaves_a_folder_that_explains_itself) {
  const RunResult result = trained("run");
  EXPECT_EQ(fs::read_symlink(path("run/last")), "ckpt/step-00000020.safetensors");
  EXPECT_TRUE(fs::exists(path("run/best")));
  EXPECT_LE(names("run/ckpt").size(), 2u);
  const nlohmann::json manifest = nlohmann::json::parse(read("run/manifest.json"));
  EXPECT_EQ(manifest["train"], "classify");
  EXPECT_EQ(manifest["seed"], 0);
  EXPECT_EQ(manifest["values"]["lr"], "0.1");
  EXPECT_EQ(manifest["data"].size(), 4u);
  EXPECT_EQ(manifest["data"][0]["rows"], 100);
  EXPECT_EQ(manifest["sessions"].size(), 1u);
  EXPECT_EQ(lines("run/timing.jsonl").size(), 4u);
  const std::string table = resultTable(result);
  EXPECT_NE(table.find("classify, seed 0: finished after 4 epochs, 20 steps"), std::string::npos) << table;
  EXPECT_NE(table.find("                       train       valid        test\nloss "), std::string::npos) << table;
  const nlohmann::json json = nlohmann::json::parse(resultJson(result));
  EXPECT_EQ(json["steps"], 20);
  EXPECT_EQ(json["metrics"]["test.loss"].get<double>(), result.metrics[4].value);
}

TEST_F(Run, same_bits_with_any_number_of_threads_and_every_time) {
  for (const auto& [name, threads] : {std::pair("one", 1), {"again", 1}, {"two", 2}, {"four", 4}}) {
    RunOptions run = options(name);
    run.threads = threads;
    run.logEvery = 1;
    ASSERT_TRUE(train(run).result);
  }
  const std::string expected = read("one/metrics.jsonl"), weights = read("one/last");
  EXPECT_EQ(lines("one/metrics.jsonl").size(), 24u);
  for (const char* const other : {"again", "two", "four"}) {
    EXPECT_EQ(read(std::string(other) + "/metrics.jsonl"), expected) << other;
    EXPECT_EQ(read(std::string(other) + "/last"), weights) << other;
  }
}

TEST_F(Run, another_seed_gives_another_run) {
  trained("zero");
  RunOptions run = options("one");
  run.seed = 1;
  ASSERT_TRUE(train(run).result);
  EXPECT_NE(read("zero/metrics.jsonl"), read("one/metrics.jsonl"));
}

TEST_F(Run, stops_when_patience_ends) {
  edit("  epochs:    epochs", "  epochs:    epochs\n  stop:      patience(valid.loss, 3)");
  edit("lr: real = 0.1", "lr: real = 0.0");  // the first epoch is the best for ever
  const RunResult result = trained("run", {{"epochs", "50"}});
  EXPECT_EQ(result.outcome, Outcome::StoppedEarly);
  EXPECT_EQ(exitCode(result), 0);
  EXPECT_EQ(result.epochs, 4);
  EXPECT_EQ(result.bestEpoch, 1);
  EXPECT_EQ(names("run/ckpt").size(), 2u);
}

TEST_F(Run, learning_rate_zero_changes_nothing) {
  edit("lr: real = 0.1", "lr: real = 0.0");
  trained("run");
  const std::vector<nlohmann::json> log = lines("run/metrics.jsonl");
  for (const nlohmann::json& line : log) EXPECT_EQ(line["valid.loss"], log[0]["valid.loss"]);
}

TEST_F(Run, steps_may_end_within_an_epoch) {
  edit("  epochs:    epochs", "  steps:     7");
  edit(", epochs: int = 4", "");
  const RunResult result = trained("run");
  EXPECT_EQ(result.steps, 7);
  EXPECT_EQ(result.epochs, 1);
  EXPECT_EQ(result.examples, 70 + 32);
  EXPECT_EQ(lines("run/metrics.jsonl").size(), 2u);
}

TEST_F(Run, a_batch_larger_than_the_data_is_one_batch) {
  edit("batch:     16", "batch:     1000");
  const RunResult result = trained("run");
  EXPECT_EQ(result.steps, 4);
}

TEST_F(Run, divergence_stops_at_its_step_and_keeps_the_good_epochs) {
  RunOptions run = options("run");
  const Attempt attempt = train(run, {{"lr", "1e30"}});
  ASSERT_TRUE(attempt.result);
  EXPECT_EQ(attempt.result->outcome, Outcome::Diverged);
  EXPECT_EQ(exitCode(*attempt.result), 5);
  EXPECT_LT(attempt.result->steps, 5);
  EXPECT_NE(attempt.messages.find("E1601 the loss became "), std::string::npos) << attempt.messages;
  EXPECT_NE(attempt.messages.find("(epoch 1)\n"), std::string::npos) << attempt.messages;
  EXPECT_NE(attempt.messages.find("  help try a smaller learning rate"), std::string::npos) << attempt.messages;
  EXPECT_EQ(read("run/metrics.jsonl"), "");
}

TEST_F(Run, saves_itself_as_often_as_the_train_says) {
  edit("  epochs:    epochs", "  epochs:    epochs\n  checkpoint: every(steps(2))");
  // The rate becomes infinite in step 5 and the loss NaN in step 6, within the first epoch of 9 steps.
  edit("sgd(lr,", "sgd(exponential_decay(1e-30, 1e8, 1),");
  edit("batch:     16", "batch:     8");
  const Attempt attempt = train(options("run"));
  ASSERT_TRUE(attempt.result) << attempt.messages;
  ASSERT_EQ(attempt.result->outcome, Outcome::Diverged);
  ASSERT_EQ(attempt.result->steps, 5);
  EXPECT_EQ(fs::read_symlink(path("run/last")), "ckpt/step-00000004.safetensors");
}

TEST_F(Run, a_train_may_save_itself_after_a_time) {
  edit("  epochs:    epochs", "  epochs:    epochs\n  checkpoint: every(seconds(1e-9))");
  // Infinite in step 20, of 35; the clock is asked every 16 steps.
  edit("sgd(lr,", "sgd(exponential_decay(1e-30, 100.0, 1),");
  edit("batch:     16", "batch:     2");
  const Attempt attempt = train(options("run"));
  ASSERT_TRUE(attempt.result) << attempt.messages;
  ASSERT_EQ(attempt.result->outcome, Outcome::Diverged);
  ASSERT_EQ(attempt.result->steps, 20);
  EXPECT_EQ(fs::read_symlink(path("run/last")), "ckpt/step-00000016.safetensors");
}

/// Sends SIGTERM to this process once a file has `count` lines.
class Terminator {
 public:
  Terminator(std::string file, std::int64_t count)
      : thread_([file = std::move(file), count, this] {
          while (!isOver_) {
            std::ifstream in(file);
            if (std::count(std::istreambuf_iterator<char>(in), {}, '\n') < count) continue;
            ::kill(::getpid(), SIGTERM);
            return;
          }
        }) {}
  ~Terminator() {
    isOver_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> isOver_ = false;
  std::thread thread_;
};

TEST_F(Run, interrupted_anywhere_and_resumed_it_has_the_same_bits) {
  // A signal that comes after the run has ended must not end the test.
  const auto oldHandler = std::signal(SIGTERM, SIG_IGN);
  RunOptions whole = options("whole");
  whole.logEvery = 1;
  ASSERT_TRUE(train(whole, {{"epochs", "200"}}).result);
  int interrupted = 0;
  for (const std::int64_t after : {1, 3, 8, 50, 200, 555, 900}) {
    const std::string name = "cut" + std::to_string(after);
    RunOptions run = options(name);
    run.logEvery = 1;
    run.checkpointSeconds = 0.0;  // also between epochs
    run.threads = 1 + static_cast<int>(after % 2);
    {
      const Terminator terminator(path(name + "/metrics.jsonl"), after);
      const Attempt first = train(run, {{"epochs", "200"}});
      ASSERT_TRUE(first.result) << first.messages;
      if (first.result->outcome == Outcome::Interrupted) {
        ++interrupted;
        EXPECT_EQ(exitCode(*first.result), 130);
      }
    }
    run.resume = true;
    run.threads = 2;
    const Attempt second = train(run, {{"epochs", "200"}});
    ASSERT_TRUE(second.result) << second.messages;
    EXPECT_EQ(second.result->outcome, Outcome::Finished);
    EXPECT_EQ(read(name + "/metrics.jsonl"), read("whole/metrics.jsonl")) << after;
    EXPECT_EQ(read(name + "/last"), read("whole/last")) << after;
    EXPECT_EQ(nlohmann::json::parse(read(name + "/manifest.json"))["sessions"].size(), 2u);
  }
  EXPECT_GE(interrupted, 3);
  std::signal(SIGTERM, oldHandler);
}

TEST_F(Run, lines_after_the_checkpoint_are_written_again) {
  RunOptions run = options("run");
  trained("run");
  const std::string whole = read("run/metrics.jsonl");
  // As after a kill between the line and the checkpoint, with half a line on top.
  write("run/metrics.jsonl", whole + "{\"epoch\":9,\"st");
  write("run/ckpt/step-00000099.safetensors.tmp.99999999", "half");
  run.resume = true;
  const Attempt resumed = train(run, {{"epochs", "4"}});
  ASSERT_TRUE(resumed.result) << resumed.messages;
  EXPECT_EQ(resumed.result->steps, 20);
  EXPECT_EQ(resumed.result->processSteps, 0);
  EXPECT_EQ(read("run/metrics.jsonl"), whole);
  EXPECT_FALSE(fs::exists(path("run/ckpt/step-00000099.safetensors.tmp.99999999")));
}

TEST_F(Run, more_epochs_go_on_from_the_last) {
  trained("long", {{"epochs", "6"}});
  trained("short", {{"epochs", "4"}});
  RunOptions run = options("short");
  run.resume = true;
  const Attempt resumed = train(run, {{"epochs", "6"}});
  ASSERT_TRUE(resumed.result) << resumed.messages;
  EXPECT_EQ(read("short/metrics.jsonl"), read("long/metrics.jsonl"));
}

TEST_F(Run, killed_before_its_first_checkpoint_it_starts_anew) {
  trained("run");
  const std::string whole = read("run/metrics.jsonl");
  fs::remove_all(path("run/ckpt"));
  fs::remove(path("run/last"));
  fs::remove(path("run/best"));
  RunOptions run = options("run");
  run.resume = true;
  const Attempt resumed = train(run);
  ASSERT_TRUE(resumed.result) << resumed.messages;
  EXPECT_EQ(resumed.result->processSteps, 20);
  EXPECT_EQ(read("run/metrics.jsonl"), whole);
}

TEST_F(Run, a_checkpoint_of_another_program_is_refused_with_what_differs) {
  trained("run");
  const std::string weights = read("run/last");
  RunOptions run = options("run");
  run.resume = true;
  const Attempt wider = train(run, {{"hidden", "9"}});
  EXPECT_FALSE(wider.result);
  EXPECT_NE(wider.messages.find(
                "E1304 checkpoint `run/last` was written by another program\n  note `hidden` was 8 and is 9\n"),
            std::string::npos)
      << wider.messages;
  EXPECT_NE(wider.messages.find("was f32[6, 8] and is f32[6, 9]"), std::string::npos) << wider.messages;
  edit("dropout(0.2)", "dropout(0.3)");
  EXPECT_EQ(train(run).messages,
            "E1304 checkpoint `run/last` was written by another program\n"
            "  note the text of the network, loss, optimizer or data block differs\n"
            "  help to start a new run from its parameters, use --weights\n");
  edit("dropout(0.3)", "dropout(0.2)");
  writeData("tx.idx", "ty.idx", 37, 3);
  const Attempt data = train(run);
  EXPECT_NE(data.messages.find("  note data file `tx.idx` has other contents\n"), std::string::npos) << data.messages;
  EXPECT_EQ(read("run/last"), weights);
}

TEST_F(Run, a_damaged_checkpoint_is_named_with_its_place) {
  trained("run");
  std::string bytes = read("run/last");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write("run/ckpt/" + fs::read_symlink(path("run/last")).filename().string(), bytes);
  RunOptions run = options("run");
  run.resume = true;
  const Attempt damaged = train(run);
  EXPECT_FALSE(damaged.result);
  EXPECT_NE(damaged.messages.find("E1302 bad weights file `run/last`: tensor "), std::string::npos) << damaged.messages;
  EXPECT_NE(damaged.messages.find("is damaged"), std::string::npos) << damaged.messages;
  EXPECT_NE(damaged.messages.find("  note at byte "), std::string::npos) << damaged.messages;
  // A file of another writer: valid weights, no run.
  runtime::TensorFile plain;
  plain.tensors.push_back({"w", {runtime::Element::F32, {0}, {}}});
  write("run/ckpt/" + fs::read_symlink(path("run/last")).filename().string(), runtime::encodeSafetensors(plain));
  EXPECT_EQ(train(run).messages,
            "E1305 `run/last` is not a checkpoint that can be resumed: its metadata hold no state of a run of nnc\n");
}

TEST_F(Run, folders_are_never_mixed_up) {
  trained("run");
  EXPECT_EQ(train(options("run")).messages,
            "E1402 `run` already holds a run\n  help go on with it: --resume; or name another folder: --out\n");
  RunOptions run = options("none");
  run.resume = true;
  EXPECT_EQ(train(run).messages, "E1403 there is no run to resume at `none`\n");
  run = options("run");
  run.resume = true;
  run.seed = 5;
  EXPECT_EQ(train(run).messages, "E1306 run folder `run` belongs to seed 0, and --seed 5 was given\n");
  write("file", "");
  EXPECT_EQ(train(options("file/run")).messages.substr(0, 33), "E1401 cannot write `file/run/ckpt");
}

TEST_F(Run, a_folder_has_one_writer) {
  trained("run");
  const int other = ::open(path("run").c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  RunOptions run = options("run");
  run.resume = true;
  EXPECT_EQ(train(run).messages, "E1404 run folder `run` is in use by another process\n");
  ::close(other);
  EXPECT_TRUE(train(run).result);
}

TEST_F(Run, a_folder_without_its_manifest_is_not_resumed) {
  trained("run");
  fs::remove(path("run/last"));
  RunOptions run = options("run");
  run.resume = true;
  write("run/manifest.json", "{\"seed\": \"zero\"}");
  EXPECT_EQ(train(run).messages, "E1405 cannot read `run/manifest.json`: it is not the manifest of a run\n");
}

TEST_F(Run, other_blas_kernels_are_a_warning) {
  trained("run");
  runtime::Failure failure;
  std::optional<runtime::TensorFile> file = runtime::readSafetensors(path("run/last"), failure);
  ASSERT_TRUE(file) << failure.message;
  nlohmann::ordered_json identity = nlohmann::ordered_json::parse(file->metadata["run"]);
  const std::string core = identity["blas"];
  identity["blas"] = "Prescott";
  file->metadata["run"] = identity.dump();
  write("run/ckpt/" + fs::read_symlink(path("run/last")).filename().string(), runtime::encodeSafetensors(*file));
  RunOptions run = options("run");
  run.resume = true;
  const Attempt resumed = train(run);
  EXPECT_TRUE(resumed.result);
  EXPECT_EQ(resumed.messages,
            "W1308 the run was started with the OpenBLAS kernels Prescott and goes on with " + core + "\n");
}

/// Makes writes past `bytes` fail with EFBIG, as a full disk makes them fail with ENOSPC.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    oldHandler_ = std::signal(SIGXFSZ, SIG_IGN);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, oldHandler_);
  }

 private:
  rlimit old_{};
  void (*oldHandler_)(int) = nullptr;
};

TEST_F(Run, a_full_disk_leaves_the_last_checkpoint_whole) {
  trained("run");
  const std::string weights = read("run/last"), metrics = read("run/metrics.jsonl");
  RunOptions run = options("run");
  run.resume = true;
  {
    const FileSizeLimit limit(2000);
    const Attempt full = train(run, {{"epochs", "9"}});
    EXPECT_FALSE(full.result);
    EXPECT_EQ(full.messages, "E1401 cannot write `run/ckpt/step-00000025.safetensors`: cannot write: File too large\n");
  }
  EXPECT_EQ(read("run/last"), weights);
  EXPECT_EQ(read("run/metrics.jsonl").substr(0, metrics.size()), metrics);
  const Attempt resumed = train(run, {{"epochs", "9"}});
  ASSERT_TRUE(resumed.result) << resumed.messages;
  trained("whole", {{"epochs", "9"}});
  EXPECT_EQ(read("run/metrics.jsonl"), read("whole/metrics.jsonl"));
}

TEST_F(Run, starts_from_given_weights) {
  trained("first");
  RunOptions run = options("second");
  run.weights = path("first");
  const Attempt second = train(run, {{"lr", "0.0"}});
  ASSERT_TRUE(second.result) << second.messages;
  EXPECT_EQ(lines("second/metrics.jsonl")[0]["valid.loss"], lines("first/metrics.jsonl")[3]["valid.loss"]);
  run = options("third");
  run.weights = path("first");
  const Attempt wider = train(run, {{"hidden", "9"}});
  EXPECT_FALSE(wider.result);
  EXPECT_NE(
      wider.messages.find(
          "E1303 the weights in `first/last` do not fit the network\n  note `net.dense.w` is f32[6, 8] in the file and "
          "f32[6, 9] in the network\n"),
      std::string::npos)
      << wider.messages;
  EXPECT_FALSE(fs::exists(path("third"))) << "nothing is left of a run that could not start";
  run.weightsPartial = true;  // the bias of the last layer still fits
  EXPECT_TRUE(train(run, {{"hidden", "9"}}).result);
  run.out = path("fourth");
  run.weights = path("nowhere");
  EXPECT_EQ(train(run).messages, "E1301 no weights at `nowhere`: No such file or directory\n");
}

TEST_F(Run, writes_the_gradients_of_the_first_step) {
  RunOptions run = options("run");
  run.dumpGradients = path("g.npz");
  edit("momentum: 0.9", "momentum: 0.0");
  edit("  epochs:    epochs", "  steps:     1");
  edit(", epochs: int = 4", "");
  ASSERT_TRUE(train(run).result);
  runtime::Failure failure;
  const auto gradients = runtime::readNpz(path("g.npz"), failure);
  ASSERT_TRUE(gradients) << failure.message;
  std::vector<std::string> paths;
  for (const runtime::NamedArray& gradient : *gradients) paths.push_back(gradient.name);
  EXPECT_EQ(paths, (std::vector<std::string>{"net.dense.w", "net.dense.b", "net.dense_2.w", "net.dense_2.b"}));
  // Plain descent: the parameter moved by -lr times its gradient. Biases start at zero.
  const auto after = runtime::readSafetensors(path("run/last"), failure);
  ASSERT_TRUE(after) << failure.message;
  for (const runtime::NamedArray& tensor : after->tensors) {
    if (tensor.name != "net.dense_2.b") continue;
    for (std::size_t i = 0; i < 3; ++i) {
      float value = 0.0f, gradient = 0.0f;
      std::memcpy(&value, tensor.array.bytes.data() + 4 * i, 4);
      std::memcpy(&gradient, (*gradients)[3].array.bytes.data() + 4 * i, 4);
      EXPECT_NE(gradient, 0.0f);
      EXPECT_FLOAT_EQ(value, -0.1f * gradient);  // one rounding of the product
    }
  }
}

TEST_F(Run, refuses_what_does_not_fit_into_memory_before_reading) {
  RunOptions run = options("run");
  run.engine.maxMemoryBytes = 1000;
  const Attempt attempt = train(run);
  EXPECT_FALSE(attempt.result);
  EXPECT_NE(attempt.messages.find("E1101 the program needs "), std::string::npos) << attempt.messages;
  EXPECT_NE(attempt.messages.find("  note 959 bytes for the data files\n"), std::string::npos)
      << attempt.messages;  // 137 rows of 7
  EXPECT_NE(attempt.messages.find("  help the limit was set by --max-memory\n"), std::string::npos) << attempt.messages;
  EXPECT_FALSE(fs::exists(path("run")));
}

}  // namespace
}  // namespace nnc::training
