// Trains without leaving a trace: no folder, no checkpoint, no line on the terminal. For studies, which make many short
// runs side by side.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "training/interrupt.h"
#include "training/run.h"
#include "training/run_cache.h"
#include "training/run_seeds.h"
#include "training/step_observer.h"

namespace nnc::training {

struct InMemoryOptions {
  RunSeeds seeds;
  std::optional<std::int64_t> steps;  // ends after so many, if the train goes on for longer
  std::int64_t evaluateEvery = 0;     // steps between evaluations of every part but `test`; 0: whenever an epoch ends
  bool evaluatesTest = true;          // once, when the run is over; not when it diverged
  std::optional<elaborate::Target> target;
  bool stopsAtTarget = false;
  std::optional<double> maxSeconds;  // of `trainSeconds`: then it ends as TimedOut and is evaluated where it stands
  double flopsPerStep = 0.0;         // of a whole batch
  std::string programKey;            // runs with equal keys have equal programs: compiled once. Empty: not shared
  engine::Options engine;
};

/// The metrics after some step.
struct Evaluation {
  std::int64_t step = 0;
  double trainSeconds = 0.0;    // up to here
  std::vector<Metric> metrics;  // train.* over the examples since the last evaluation, the other parts, test.* at last
};

struct InMemoryRun {
  Outcome outcome = Outcome::Finished;   // StoppedEarly: by `stop:` or at the target. Interrupted: abandoned
  std::int64_t steps = 0, examples = 0;  // completed; a diverged run broke in step `steps` + 1
  double flops = 0.0;  // flopsPerStep for each step; a smaller batch counts for its share of the examples
  std::vector<Evaluation> evaluations;
  std::optional<std::int64_t> targetStep;  // of the first evaluation that reached the target
  double trainSeconds = 0.0;  // processor seconds of the calling thread in steps: no compiling, evaluation or observer
  double wallSeconds = 0.0;   // of the call
};

/// Trains in the calling thread and starts no other. Any number of calls at a time, each with its own `source`.
///
/// `observer` may be null. Same program, data and seeds: same bits as training::run, whatever runs beside it.
/// Errors  E12xx data, E11xx memory and code: emitted, result is empty. A diverged run is a result, and no message.
std::optional<InMemoryRun> trainInMemory(ProgramSource& source, const elaborate::TrainProgram& train,
                                         const InMemoryOptions& options, RunCache& cache,
                                         const InterruptGuard& interrupt, StepObserver* observer,
                                         Diagnostics& diagnostics);

}  // namespace nnc::training
