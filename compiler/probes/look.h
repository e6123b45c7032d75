// One look at a network that is not being trained: at its initial values, or at weights from a file.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "probes/bench.h"

namespace nnc::probes {

struct LookOptions {
  std::vector<std::string> probes;  // names; empty: every one of the stdlib and every native one that can be measured
  std::string weights;              // a run folder or a .safetensors file; empty: initial values from `seed`
  std::int64_t seed = 0;
  engine::Options engine;
};

struct LookResult {
  std::string train;
  std::string weightsFile;  // empty: initial values
  std::int64_t seed = 0, examples = 0;
  Rows rows;
  std::vector<std::pair<std::string, std::string>> leftOut;  // probes that cannot be measured here, and why
};

/// Errors  E12xx data, E13xx weights, E11xx memory, E18xx probes: emitted, result is empty.
std::optional<LookResult> look(elaborate::Project& project, const elaborate::TrainProgram& train,
                               const LookOptions& options, Diagnostics& diagnostics);

/// Tables for stdout: one for the numbers of the whole network, one for the series of each list of layers.
std::string resultTable(const LookResult& result);
/// One JSON object with a line end; a value that is not finite is null.
std::string resultJson(const LookResult& result);
/// A value as text: four digits, `underflow` for what is not 0 but below 1e-35, and for a length that is 0.
std::string valueText(const std::string& series, double value);

}  // namespace nnc::probes
