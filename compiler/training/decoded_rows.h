// Rows that a reader makes once, one after the other, and that batches then take in any order.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nnc/decoded_bytes.h"

namespace nnc::training {

/// Rows of several fields, in memory or in a scratch file (runtime::DecodedBytes). They are kept in blocks of about
/// 1 MiB, field after field in each, so that a row is near together and a field can be hashed on its own.
class DecodedRows {
 public:
  /// `fieldBytes` are the bytes of each field of a row; `path` is the file that is decoded, for messages.
  DecodedRows(std::vector<std::int64_t> fieldBytes, std::string path, std::int64_t mostHeld);

  /// Makes room for so many rows, when they are held in memory.
  void expect(std::int64_t rows) { bytes_.expect(rows * rowBytes_); }
  /// Where a field of the row that comes next is written.
  std::byte* next(std::size_t field) {
    return block_.data() + starts_[field] * blockRows_ + inBlock_ * fieldBytes_[field];
  }
  /// Ends that row. Errors  as DecodedBytes::append.
  [[nodiscard]] bool endRow(runtime::Failure& failure);
  /// No rows come any more. Errors  as DecodedBytes::append.
  [[nodiscard]] bool finish(runtime::Failure& failure);

  /// Needs: finish.
  void copy(std::size_t field, std::int64_t row, std::byte* destination) const;
  /// XXH3 of all rows of the first field, which seeds that of the second, and so on. Needs: finish.
  std::uint64_t checksum() const;
  /// What `rows` rows will take of the process's memory.
  static std::int64_t residentBytes(const std::vector<std::int64_t>& fieldBytes, std::int64_t rows,
                                    std::int64_t mostHeld);

 private:
  bool endBlock(runtime::Failure& failure);
  /// Of the block that begins with row `first`.
  std::int64_t rowsFrom(std::int64_t first) const { return std::min(blockRows_, rows_ - first); }

  std::vector<std::int64_t> fieldBytes_, starts_;  // where the fields begin when a row is written field after field
  std::int64_t rowBytes_ = 0, blockRows_ = 1;
  std::int64_t rows_ = 0, inBlock_ = 0;
  std::vector<std::byte> block_;  // the last one, while rows come
  runtime::DecodedBytes bytes_;
};

}  // namespace nnc::training
