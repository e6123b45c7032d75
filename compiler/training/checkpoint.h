// What a run needs to go on as if it had never stopped, and how that stands in a safetensors file.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "nnc/safetensors.h"
#include "training/buffer.h"
#include "training/data_set.h"
#include "training/run.h"

namespace nnc::training {

/// Every number that decides what comes next, slots aside. Random numbers are functions of (seed, step, row), so that
/// they need no state of their own.
struct RunState {
  std::int64_t step = 0;        // completed
  std::int64_t epoch = 1;       // the one that is going on, from 1
  std::int64_t position = 0;    // its examples that are done
  std::int64_t examples = 0;    // of all steps
  bool isLogged = false;        // whether the metrics up to `position` were evaluated and written
  std::vector<double> sums;     // over those examples: loss, metrics
  std::vector<Metric> metrics;  // of the last completed epoch
  std::int64_t bestEpoch = 0;
  double bestValue = 0.0;
  std::int64_t epochsSinceBest = 0;              // evaluations, when they are not made by epochs
  std::int64_t targetStep = 0, targetEpoch = 0;  // when `target:` was reached; 0: not yet
  std::int64_t metricsBytes = 0;                 // of metrics.jsonl
};

/// What makes two runs the same computation.
struct RunIdentity {
  std::string train;
  std::string programHash;
  std::vector<std::pair<std::string, std::string>> values;
  std::vector<std::pair<std::string, std::string>> given = {};  // of the values, those of the command line, as written
  std::int64_t batch = 0;
  std::int64_t seed = 0;
  std::vector<std::string> data;  // `path checksum` of each file
  std::string blasCore;           // not part of the identity: another one is a warning
  Meanings meanings;              // part of programHash; entries of their own in the metadata
};

/// The hash of everything in the program that changes a bit of the result: step, initial values, data block.
std::string programHash(const elaborate::TrainProgram& train, std::uint64_t stepHash);
RunIdentity identify(const elaborate::TrainProgram& train, std::uint64_t stepHash, const DataSet& data,
                     std::int64_t seed, const std::string& blasCore);

runtime::TensorFile encodeCheckpoint(const std::vector<elaborate::Slot>& slots, const std::vector<Buffer>& buffers,
                                     const RunState& state, const RunIdentity& identity);

/// Reads a checkpoint file. Errors  E1302, E1305.
struct Checkpoint {
  runtime::TensorFile file;
  RunState state;
  RunIdentity identity;
};
std::optional<Checkpoint> readCheckpoint(const std::string& path, Diagnostics& diagnostics);

/// Fills the slots from a checkpoint of the same program.
///
/// Errors  E1304 with what differs, E1305: reported, false. W1308 when the BLAS kernels are others.
bool restore(const Checkpoint& checkpoint, const std::string& path, const RunIdentity& identity,
             const std::vector<elaborate::Slot>& slots, std::vector<Buffer>& buffers, Diagnostics& diagnostics);

}  // namespace nnc::training
