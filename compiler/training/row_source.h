// The rows of one reader: found and measured first, read when the plan is known to fit.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/program.h"
#include "nnc/decoded_bytes.h"
#include "nnc/failure.h"

namespace nnc::training {

/// A file of a source, as manifest and checkpoint record it.
struct DataFile {
  std::string path;  // as found
  Span span;         // of its name in the data block
  std::int64_t rows = 0;
  std::uint64_t checksum = 0;  // XXH3 of what the rows are made of, whatever the compression; known once read
  std::string maker;  // rows that a program makes have no file: a hash of that program. Empty: `path` is a file
};

/// What numbers in the data stand for, kept with the weights: `tokenizer` and what runtime::parseTokenizer reads,
/// `classes:y` and a JSON list of words.
using Meanings = std::vector<std::pair<std::string, std::string>>;

/// What `openSource` needs beside the source. Owner: the caller, for the call only.
struct OpenOptions {
  /// The meanings of an earlier source (the one that is trained on), which words and characters then keep.
  const Meanings& known;
  /// How many decoded bytes of one thing are held in memory (runtime::DecodedBytes). The rows do not depend on it.
  std::int64_t mostHeld = runtime::kMostHeldBytes;
};

/// Row numbers count from 0. `copy` may be called from several threads once `read` has succeeded.
class RowSource {
 public:
  virtual ~RowSource() = default;

  /// Reads what the rows need. May run in another thread with its own `diagnostics`. False: reported.
  virtual bool read(Diagnostics& diagnostics) = 0;
  /// Writes one field of one row. False: the row is decoded only when it is asked for, and its file is damaged or was
  /// changed; reported (E1202).
  [[nodiscard]] virtual bool copy(std::size_t field, std::int64_t row, std::byte* destination,
                                  Diagnostics& diagnostics) const = 0;
  /// The memory that `read` takes; mapped files and scratch files count nothing.
  virtual std::int64_t bytes() const = 0;
  /// The file that a field of a row comes from, as an index into `files`.
  virtual std::size_t fileOf(std::size_t field, std::int64_t row) const = 0;
  virtual Meanings meanings() const { return {}; }

  std::int64_t rows() const { return rows_; }
  const std::vector<DataFile>& files() const { return files_; }

 protected:
  std::vector<DataFile> files_;
  std::int64_t rows_ = 0;
};

/// Finds the files of a source and measures them. The result refers to `source`. Null: reported.
///
/// Errors  E1201-E1203, E1207, E1209.
std::unique_ptr<RowSource> openSource(const elaborate::Source& source, std::span<const elaborate::Field> fields,
                                      const OpenOptions& options, Diagnostics& diagnostics);

/// A data file with its path, not yet measured. Empty: reported (E1201).
std::optional<DataFile> findData(const elaborate::SourceFile& file, const std::string& baseDirectory,
                                 Diagnostics& diagnostics);
/// E1202 with the place in the file.
void reportBadFile(const runtime::Failure& failure, Span where, Diagnostics& diagnostics, const std::string& help = "");
/// Whether one row of a file, `row`, is what the field declares; otherwise E1203.
bool checkField(const DataFile& file, const ir::Type& row, const elaborate::Field& field, Diagnostics& diagnostics);

}  // namespace nnc::training
