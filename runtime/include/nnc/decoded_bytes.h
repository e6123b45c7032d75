// Bytes that are made once from a file and then read in any order: in memory, or beyond a limit in a scratch file.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nnc/array.h"
#include "nnc/failure.h"

namespace nnc::runtime {

/// How many decoded bytes of one thing (an unpacked file, an array of an archive, the rows of a table, the tokens of a
/// text, the pixels of a folder) are held in memory. What is larger does not grow the process's memory.
inline constexpr std::int64_t kMostHeldBytes = std::int64_t{512} << 20;

/// Written from front to back by one thread, then read by any number of threads. Beyond the limit the bytes are in a
/// file without a name in $TMPDIR (otherwise /var/tmp, which is on a disk where /tmp may be in memory), mapped read
/// only; it is gone when the object or the process is, however that ends.
class DecodedBytes {
 public:
  /// `path` is the file that is decoded, for messages.
  explicit DecodedBytes(std::string path, std::int64_t mostHeld = kMostHeldBytes)
      : path_(std::move(path)), mostHeld_(mostHeld) {}
  DecodedBytes(DecodedBytes&& other) noexcept;
  DecodedBytes& operator=(DecodedBytes&&) = delete;
  ~DecodedBytes();

  /// So many bytes will come: makes room for them in memory, or makes the first of them go to the scratch file already.
  /// They need not come. Needs: nothing was appended.
  void expect(std::int64_t size);
  /// Errors  the scratch file cannot be made or written (a full disk): `failure` names the folder.
  [[nodiscard]] bool append(std::string_view bytes, Failure& failure);
  /// No bytes come any more. Errors  as append.
  [[nodiscard]] bool finish(Failure& failure);

  std::int64_t size() const { return size_; }
  /// All bytes. Needs: finish.
  std::string_view view() const {
    return mapping_ != nullptr ? std::string_view(static_cast<const char*>(mapping_), static_cast<std::size_t>(size_))
                               : std::string_view(held_.data(), held_.size());
  }
  /// What they take of the process's memory: nothing for a mapping, whose pages the system may drop.
  std::int64_t residentBytes() const { return static_cast<std::int64_t>(held_.size()); }
  /// The same for `size` bytes that are yet to be decoded.
  static std::int64_t residentBytes(std::int64_t size, std::int64_t mostHeld) { return size <= mostHeld ? size : 0; }

 private:
  bool spill(Failure& failure);
  bool write(std::string_view bytes, Failure& failure);
  bool writeHeld(Failure& failure);
  bool cannot(const std::string& what, Failure& failure) const;
  /// As far as is known.
  std::int64_t wholeSize() const { return std::max(size_, expected_); }

  std::string path_;
  std::int64_t mostHeld_, size_ = 0, expected_ = 0;
  std::vector<char> held_;  // all bytes; with a scratch file, those that are not written yet
  int descriptor_ = -1;     // of the scratch file
  void* mapping_ = nullptr;
};

/// An array whose elements are decoded bytes.
struct DecodedArray {
  Element element = Element::F32;
  std::vector<std::int64_t> shape;
  DecodedBytes bytes;  // little endian
};

}  // namespace nnc::runtime
