// What a run folder of `nnc run` says of its run: manifest.json and metrics.jsonl.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "diagnostics/diagnostics.h"

namespace nnc::report {

/// One line of metrics.jsonl at the end of an epoch.
struct EpochRecord {
  std::int64_t epoch = 0, step = 0;
  std::map<std::string, double> metrics;  // `valid.loss`; NaN where it was null
};

struct RunRecord {
  std::string directory;
  std::string train;
  std::vector<std::pair<std::string, std::string>> facts;  // `seed`, `values.lr`, `data x.idx`, `blas`: in this order
  std::vector<EpochRecord> epochs;
  std::map<std::string, std::string> parameters;  // name and bytes, of the last checkpoint; empty: there is none
};

/// Errors  E1405 (a file cannot be read), E1412 (it is damaged).
[[nodiscard]] std::optional<RunRecord> readRunRecord(const std::string& directory, Diagnostics& diagnostics);

}  // namespace nnc::report
