// Measures trained weights on a part of the data, or writes the network's outputs for it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "training/run.h"

namespace nnc::training {

struct EvaluateOptions {
  std::string weights;  // a run folder (its `last`), a link or a .safetensors file
  std::string split;    // train, valid, test; empty: test if there is one, else valid, else train
  std::int64_t seed = 0;
  int threads = 1;
  engine::Options engine;
};

struct EvaluateResult {
  std::string name;  // of the train
  std::string split;
  std::string weightsFile;  // the file that was read
  std::int64_t examples = 0;
  std::vector<Metric> metrics;  // `test.loss`, `test.accuracy`
  double seconds = 0.0;
};

/// Loss and metrics in mode eval, exact over a ragged last batch (sums of examples in f64 in row order).
///
/// Errors  E1204 no such part; E12xx data; E13xx weights; E11xx memory: emitted, result is empty.
std::optional<EvaluateResult> evaluate(elaborate::Project& project, const elaborate::TrainProgram& train,
                                       const EvaluateOptions& options, Diagnostics& diagnostics);
std::optional<EvaluateResult> evaluate(ProgramSource& programs, const elaborate::TrainProgram& train,
                                       const EvaluateOptions& options, Diagnostics& diagnostics);

/// Writes the network's outputs for every row of the part, in row order, to the file `out` (predict.h, writeOutputs):
/// one array per output, axis 0 the row. The result has the metrics too.
std::optional<EvaluateResult> predict(elaborate::Project& project, const elaborate::TrainProgram& train,
                                      const EvaluateOptions& options, const std::string& out, Diagnostics& diagnostics);
std::optional<EvaluateResult> predict(ProgramSource& programs, const elaborate::TrainProgram& train,
                                      const EvaluateOptions& options, const std::string& out, Diagnostics& diagnostics);

/// For stdout.
std::string resultTable(const EvaluateResult& result);
std::string resultJson(const EvaluateResult& result);

}  // namespace nnc::training
