// What makes two cells, or two runs, the same: hashes of programs, data and budgets.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/program.h"
#include "training/source_store.h"

namespace nnc::experiment {

/// What is known of a data block before its rows are read.
struct DataFacts {
  std::int64_t trainRows = 0;
  std::vector<std::string> parts;
  std::map<std::string, std::int64_t> rows;                // of each part; empty: unknown
  std::vector<std::pair<std::string, std::string>> files;  // its name, and the hash of its bytes or of what makes them
};

/// Finds data and hashes files, each file and each set of rows once.
class DataRegister {
 public:
  /// Errors  E12xx, reported.
  [[nodiscard]] std::optional<DataFacts> facts(const elaborate::DataProgram& data, Diagnostics& diagnostics);

 private:
  /// Empty: reported.
  [[nodiscard]] std::string hashOf(const training::DataFile& file, Diagnostics& diagnostics);

  [[nodiscard]] std::optional<DataFacts> find(const elaborate::DataProgram& data, Diagnostics& diagnostics);

  training::SourceStore store_;
  std::map<std::string, DataFacts> facts_;     // by what a data block reads and how it cuts that
  std::map<std::string, std::string> hashes_;  // by resolved path
};

/// Hash of a step without its run-time numbers: what is compiled.
std::string structureHash(const elaborate::BatchProgram& step);
/// Hash of everything that a run of the cell depends on besides its seeds and its tuned value. `rules`: those of the
/// experiment that show in its results, as text.
std::string cellHash(const elaborate::TrainProgram& train, const elaborate::BatchProgram& step,
                     const elaborate::BatchProgram& evaluation, const DataFacts& data, const std::string& rules);

}  // namespace nnc::experiment
