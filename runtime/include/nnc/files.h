// Files that are whole or absent.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "nnc/failure.h"

namespace nnc::runtime {

std::optional<std::string> readFile(const std::string& path, Failure& failure);

/// Writes `<path>.tmp.<pid>` in the same directory, fsyncs it, renames it over `path`, fsyncs the directory. On any
/// failure the temporary file is removed and what stood at `path` stays. A failed fsync is never retried.
bool writeFileAtomically(const std::string& path, std::string_view bytes, Failure& failure);

/// Whether writeFileAtomically can begin to write `path`: its directory takes a file, and `path` is no directory. Leaves
/// nothing behind.
bool canWriteFile(const std::string& path, Failure& failure);

/// Points the symbolic link `path` at `target` in one step (a new link, renamed over the old one).
bool replaceLink(const std::string& path, const std::string& target, Failure& failure);

/// Creates a directory and its parents.
bool makeDirectories(const std::string& path, Failure& failure);

/// Removes `*.tmp.<pid>` files of processes that no longer run.
void removeStaleTemporaries(const std::string& directory);

/// A log that grows by whole lines. Owner: one writer. Not thread-safe.
class AppendFile {
 public:
  /// Opens for appending after cutting the file to `keepBytes` (resume); 0 starts anew.
  static std::optional<AppendFile> open(const std::string& path, std::int64_t keepBytes, Failure& failure);
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  ~AppendFile();
  /// Appends and hands the bytes to the system. A short write is undone (the file is cut back) and reported.
  bool append(std::string_view bytes, Failure& failure);
  bool sync(Failure& failure);
  std::int64_t size() const { return size_; }

 private:
  AppendFile() = default;
  std::string path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace nnc::runtime
