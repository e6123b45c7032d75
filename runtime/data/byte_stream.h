// A file as a stream of uncompressed bytes: plain or gzip, told apart by content.
#pragma once
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nnc/failure.h"

namespace nnc::runtime {

/// Owner: one reader. Nothing is read ahead further than one block.
class ByteStream {
 public:
  static std::unique_ptr<ByteStream> open(const std::string& path, Failure& failure);
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  ~ByteStream();

  /// Fills as much of [bytes, bytes + size) as the file has. Empty: `failure` says what is wrong with the file.
  std::optional<std::size_t> read(std::byte* bytes, std::size_t size, Failure& failure);
  /// Uncompressed bytes that were delivered.
  std::int64_t position() const { return position_; }
  bool isGzip() const { return isGzip_; }
  /// The most bytes that the file can expand to: deflate packs at most 1032 bytes in one.
  std::int64_t mostBytes() const { return isGzip_ ? fileBytes_ * 1032 : fileBytes_; }

 private:
  explicit ByteStream(std::string path) : path_(std::move(path)) {}
  bool fill(Failure& failure);
  std::optional<std::size_t> inflateInto(std::byte* bytes, std::size_t size, Failure& failure);
  std::int64_t fileOffset() const { return fileRead_ - static_cast<std::int64_t>(zlib_.avail_in); }

  std::string path_;
  int descriptor_ = -1;
  std::int64_t fileBytes_ = 0, fileRead_ = 0, position_ = 0;
  bool isGzip_ = false, memberEnded_ = false, atEnd_ = false;
  std::vector<unsigned char> block_;
  z_stream zlib_{};  // next_in and avail_in are the unread part of `block_`, for plain files too
};

}  // namespace nnc::runtime
