// The bytes of a file without a copy of it: mapped, or inflated into memory when it is gzip-compressed.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "nnc/failure.h"

namespace nnc::runtime {

/// Read only; any number of threads. The file must not shrink while it is mapped.
class FileBytes {
 public:
  /// Errors  no regular file, corrupt gzip, gzip that expands to more than 4 GiB.
  static std::optional<FileBytes> open(const std::string& path, Failure& failure);
  FileBytes(FileBytes&& other) noexcept
      : inflated_(std::move(other.inflated_)), mapping_(std::exchange(other.mapping_, nullptr)), size_(other.size_) {}
  FileBytes& operator=(FileBytes&&) = delete;
  ~FileBytes();

  std::string_view view() const {
    return inflated_ ? std::string_view(*inflated_) : std::string_view(static_cast<const char*>(mapping_), size_);
  }
  /// What it takes of the process's memory: nothing for a mapping, whose pages the system may drop.
  std::int64_t residentBytes() const { return inflated_ ? static_cast<std::int64_t>(inflated_->size()) : 0; }

 private:
  FileBytes() = default;
  std::unique_ptr<std::string> inflated_;  // behind a pointer: views stay valid when the object moves
  void* mapping_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace nnc::runtime
