// Runs a `train`: data, epochs, evaluation, checkpoints, the run folder.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/elaborate.h"
#include "elaborate/program.h"
#include "engine/engine.h"

namespace nnc::training {

/// Where the batch programs of a train come from: a Project in the product, a built module in tests.
///
/// Called from one thread at a time, though not always from the same one. Empty: reported.
class ProgramSource {
 public:
  virtual ~ProgramSource() = default;
  virtual std::optional<elaborate::BatchProgram> step(std::int64_t batch) = 0;
  virtual std::optional<elaborate::BatchProgram> evaluation(std::int64_t batch) = 0;
};

/// What is shown on stderr while a run goes on. Auto: a bar on a terminal, otherwise a line per epoch.
enum class Progress : std::uint8_t { Auto, Bar, Lines, None };

struct RunOptions {
  std::string out;      // the run folder; empty: runs/<name>-<seed>-<n>, with --resume the newest of them
  std::string command;  // `nnc run f.nn backprop --hidden 100`, shown when a run can be resumed
  /// Values of parameters as they were given, (name, text): kept with the weights, so that these bring them along.
  std::vector<std::pair<std::string, std::string>> given;
  std::string commandTail;           // goes behind the options that are added to it: ` -- --seed 5`
  std::optional<std::int64_t> seed;  // empty: 0, or that of the run that is resumed
  int threads = 1;                   // the bits do not depend on it
  bool resume = false;
  std::string weights;  // a run folder or a .safetensors file to start from
  bool weightsPartial = false;
  std::int64_t logEvery = 0;        // 0: epochs only
  std::string dumpGradients;        // .npz of the first step's gradients; empty: none
  double checkpointSeconds = 60.0;  // within an epoch, for a train that says nothing else
  Progress progress = Progress::Auto;
  engine::Options engine;  // maxMemoryBytes limits data, slots and plan together
};

/// Finished: all epochs or steps. StoppedEarly: by `stop: patience(..)`. Interrupted: by SIGINT or SIGTERM, with a
/// checkpoint. Diverged: the loss was not finite (E1601 was emitted). TimedOut: the time that it was given is over.
enum class Outcome : std::uint8_t { Finished, StoppedEarly, Interrupted, Diverged, TimedOut };

struct Metric {
  std::string name;  // `train.loss`, `valid.accuracy`, `test.loss`
  double value = 0.0;
};

/// When a run reached its `target:`, by the first evaluation that did.
struct TargetResult {
  elaborate::Target target;
  std::int64_t step = 0, epoch = 0;  // 0: not reached
  std::optional<double> seconds;     // in steps; empty when an earlier process reached it
};

struct RunResult {
  Outcome outcome = Outcome::Finished;
  std::string name;       // of the train
  std::string directory;  // the run folder
  std::int64_t seed = 0;
  std::int64_t epochs = 0, steps = 0, examples = 0;  // completed in total, earlier parts of a resumed run included
  std::vector<Metric> metrics;                       // of the last completed epoch
  std::string bestMetric;                            // the metric that the link `best` follows
  double bestValue = 0.0;
  std::int64_t bestEpoch = 0;  // 0: no epoch was completed
  std::optional<TargetResult> target;
  std::int64_t parameters = 0;    // trained numbers
  std::int64_t plannedBytes = 0;  // data, slots, batches and arenas
  double seconds = 0.0;           // from the call to the end, this process
  double secondsToFirstStep = 0.0;
  double trainSeconds = 0.0;  // in steps, this process: no evaluation, no checkpoints
  std::int64_t processSteps = 0;
  double stepsPerSecond = 0.0;  // while training: without evaluation and checkpoints
};

/// Trains. Progress goes to stderr; everything that lasts goes to the run folder (docs: runs).
///
/// Errors  E12xx data, E13xx weights and checkpoints, E14xx run folder, E11xx memory: emitted, result is empty.
///         E1601 (diverged) is emitted as well, with a result: metrics and checkpoints of the good epochs are kept.
std::optional<RunResult> run(elaborate::Project& project, const elaborate::TrainProgram& train,
                             const RunOptions& options, Diagnostics& diagnostics);
std::optional<RunResult> run(ProgramSource& programs, const elaborate::TrainProgram& train, const RunOptions& options,
                             Diagnostics& diagnostics);

/// 0, 130 when interrupted, 5 when diverged.
int exitCode(const RunResult& result);

/// The final table for stdout: metrics in rows, one line on steps, time and the run folder.
std::string resultTable(const RunResult& result);
/// The same as one JSON object with a line end.
std::string resultJson(const RunResult& result);

}  // namespace nnc::training
