// Comma-separated values: RFC 4180, with LF or CR LF at the end of a line.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nnc/failure.h"

namespace nnc::runtime {

struct CsvCell {
  std::string_view text;   // without quotes, valid until the next record is read
  std::size_t offset = 0;  // of its first character, for CsvReader::refuse
};

/// Reads record after record from bytes that outlive it. A byte order mark and empty lines are skipped; a quoted cell
/// may hold commas, line ends and quotes (doubled).
class CsvReader {
 public:
  CsvReader(std::string_view bytes, std::string path);

  /// The next record. False: none is left, or `failure` has a message with line and column.
  ///
  /// Errors  a quote that is not closed or stands within a cell, a record of more than 16 MiB, more than 65,536 cells,
  ///         a zero byte, a carriage return without a line feed.
  bool next(std::vector<CsvCell>& cells, Failure& failure);
  /// Fills `failure` with a place in the current record, and gives false.
  bool refuse(std::size_t offset, std::string message, Failure& failure) const;

 private:
  bool quoted(std::vector<CsvCell>& cells, Failure& failure);
  bool plain(std::vector<CsvCell>& cells, Failure& failure);
  bool endCell(bool& isLast, Failure& failure);

  std::string_view bytes_;
  std::string path_;
  std::size_t at_ = 0, recordBegin_ = 0;
  std::int64_t line_ = 1;              // of recordBegin_
  std::deque<std::string> unescaped_;  // cells whose text is not what the file holds; addresses are stable
};

/// A finite decimal number, spaces around it allowed: `1`, `-0.5`, `+1e-3`. Empty: something else.
std::optional<double> csvNumber(std::string_view text);
/// `nan`, `-inf`, `1e999`: a number to programs that write such files, and none that can be trained on.
bool isNotFinite(std::string_view text);

}  // namespace nnc::runtime
