// The bytes of a file without a copy of it: mapped, or inflated once when it is gzip-compressed.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "nnc/decoded_bytes.h"
#include "nnc/failure.h"

namespace nnc::runtime {

/// Read only; any number of threads. The file must not shrink while it is mapped.
class FileBytes {
 public:
  /// What gzip expands to is held in memory up to `mostHeld` bytes (DecodedBytes).
  ///
  /// Errors  no regular file, corrupt gzip, no room for what it expands to.
  static std::optional<FileBytes> open(const std::string& path, Failure& failure,
                                       std::int64_t mostHeld = kMostHeldBytes);
  FileBytes(FileBytes&& other) noexcept
      : inflated_(std::move(other.inflated_)), mapping_(std::exchange(other.mapping_, nullptr)), size_(other.size_) {}
  FileBytes& operator=(FileBytes&&) = delete;
  ~FileBytes();

  std::string_view view() const {
    return inflated_ ? inflated_->view() : std::string_view(static_cast<const char*>(mapping_), size_);
  }
  /// What it takes of the process's memory: nothing for a mapping, whose pages the system may drop.
  std::int64_t residentBytes() const { return inflated_ ? inflated_->residentBytes() : 0; }

 private:
  FileBytes() = default;
  std::optional<DecodedBytes> inflated_;
  void* mapping_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace nnc::runtime
