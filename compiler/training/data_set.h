// The rows of a data block: files found and checked against the declaration, parts, raw bytes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/program.h"
#include "training/source_store.h"

namespace nnc::training {

/// Rows of one source, ascending.
struct Part {
  std::string name;
  int source = 0;  // 0: `source`, 1: `test`
  std::vector<std::int64_t> rows;
  std::int64_t size() const { return static_cast<std::int64_t>(rows.size()); }
};

/// Two steps, so that a plan knows sizes before anything large is read: `locate` reads headers, `read` the elements.
class DataSet {
 public:
  /// Finds the files, checks their headers against the fields, and cuts the parts. `splitSeed` draws the parts of a
  /// random split that names no seed of its own.
  ///
  /// Owner   refers to `program`; `store` keeps the rows.
  /// Errors  E1201-E1209 except damaged contents: reported, result is empty.
  static std::optional<DataSet> locate(const elaborate::DataProgram& program, SourceStore& store,
                                       Diagnostics& diagnostics, std::int64_t splitSeed = 0);
  /// Reads every file that the store has not read yet. Errors  E1202, with the byte offset. May run in another thread
  /// with its own `diagnostics`.
  bool read(Diagnostics& diagnostics);

  const elaborate::DataProgram& program() const { return *program_; }
  std::int64_t bytes() const;
  const std::vector<Part>& parts() const { return parts_; }
  /// -1 when there is none.
  int findPart(const std::string& name) const;
  /// The same, or E1204 and -1.
  int requirePart(const std::string& name, Diagnostics& diagnostics) const;
  int sourceCount() const { return static_cast<int>(sources_.size()); }
  /// Of the source that is trained on.
  Meanings meanings() const;
  const RowSource& source(int source) const { return *sources_[static_cast<std::size_t>(source)]; }

 private:
  DataSet() = default;
  const elaborate::DataProgram* program_ = nullptr;
  SourceStore* store_ = nullptr;
  std::vector<const RowSource*> sources_;
  std::vector<Part> parts_;
};

}  // namespace nnc::training
