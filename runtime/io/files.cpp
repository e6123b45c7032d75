#include "nnc/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "io/failures.h"

namespace nnc::runtime {

namespace {

/// Closes on destruction, for the paths that leave early.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }
  /// close() reports late write errors on network file systems, so its result counts.
  bool close() {
    const int result = ::close(value_);
    value_ = -1;
    return result == 0;
  }

 private:
  int value_;
};

std::string parentDirectory(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string temporaryName(const std::string& path) { return path + ".tmp." + std::to_string(::getpid()); }

/// Writes everything or says why not; errno is that of the failing call.
bool writeAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    if (written == 0) {
      errno = ENOSPC;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool syncDirectory(const std::string& directory, Failure& failure) {
  Descriptor descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0) return failSystem(failure, directory, "cannot open the directory");
  // Some file systems cannot sync a directory and say EINVAL; the rename is as durable there as it can be.
  if (::fsync(descriptor.get()) != 0 && errno != EINVAL)
    return failSystem(failure, directory, "cannot sync the directory");
  return true;
}

bool writeTemporary(const std::string& temporary, std::string_view bytes, Failure& failure) {
  Descriptor descriptor(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (descriptor.get() < 0) return failSystem(failure, temporary, "cannot create the file");
  if (!writeAll(descriptor.get(), bytes)) return failSystem(failure, temporary, "cannot write");
  // After a failed fsync the pages count as clean, so that a second one would succeed without having written anything
  // (Rebello et al., "Can applications recover from fsync failures?", USENIX ATC 2020): give up at once.
  if (::fsync(descriptor.get()) != 0) return failSystem(failure, temporary, "cannot sync to disk");
  if (!descriptor.close()) return failSystem(failure, temporary, "cannot close");
  return true;
}

/// The process id at the end of `name.tmp.<pid>`, or 0.
pid_t temporaryOwner(std::string_view name) {
  constexpr std::string_view kMark = ".tmp.";
  const std::size_t at = name.rfind(kMark);
  if (at == std::string_view::npos || at == 0) return 0;
  const std::string_view digits = name.substr(at + kMark.size());
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  return error == std::errc() && end == digits.data() + digits.size() && pid > 0 ? pid : 0;
}

}  // namespace

std::optional<std::string> readFile(const std::string& path, Failure& failure) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (descriptor.get() < 0 || ::fstat(descriptor.get(), &info) != 0) {
    failSystem(failure, path, "cannot open");
    return std::nullopt;
  }
  if (S_ISDIR(info.st_mode)) {
    fail(failure, path, -1, "is a directory");
    return std::nullopt;
  }
  std::string bytes;
  std::size_t size = 0;
  // Reads on past st_size: a file may grow, and pipes have no size. One byte more than expected finds the end at once.
  for (bytes.resize(static_cast<std::size_t>(info.st_size) + 1);; bytes.resize(bytes.size() * 2)) {
    while (size < bytes.size()) {
      const ssize_t count = ::read(descriptor.get(), bytes.data() + size, bytes.size() - size);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        failSystem(failure, path, "cannot read");
        failure.offset = static_cast<std::int64_t>(size);
        return std::nullopt;
      }
      if (count == 0) {
        bytes.resize(size);
        return bytes;
      }
      size += static_cast<std::size_t>(count);
    }
  }
}

bool writeFileAtomically(const std::string& path, std::string_view bytes, Failure& failure) {
  const std::string temporary = temporaryName(path);
  if (!writeTemporary(temporary, bytes, failure)) {
    ::unlink(temporary.c_str());
    failure.path = path;
    return false;
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    failSystem(failure, path, "cannot put the file in place");
    ::unlink(temporary.c_str());
    return false;
  }
  return syncDirectory(parentDirectory(path), failure);
}

bool canWriteFile(const std::string& path, Failure& failure) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return fail(failure, path, -1, "is a directory");
  const std::string temporary = temporaryName(path);
  const bool isFine = writeTemporary(temporary, {}, failure);
  ::unlink(temporary.c_str());
  if (!isFine) failure.path = path;
  return isFine;
}

bool replaceLink(const std::string& path, const std::string& target, Failure& failure) {
  const std::string temporary = temporaryName(path);
  ::unlink(temporary.c_str());
  if (::symlink(target.c_str(), temporary.c_str()) != 0) return failSystem(failure, path, "cannot make the link");
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    failSystem(failure, path, "cannot put the link in place");
    ::unlink(temporary.c_str());
    return false;
  }
  return syncDirectory(parentDirectory(path), failure);
}

bool makeDirectories(const std::string& path, Failure& failure) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail(failure, path, -1, "cannot create the directory: " + error.message());
  if (!std::filesystem::is_directory(path, error)) return fail(failure, path, -1, "exists and is not a directory");
  return true;
}

void removeStaleTemporaries(const std::string& directory) {
  DIR* const stream = ::opendir(directory.c_str());
  if (stream == nullptr) return;
  while (const dirent* const entry = ::readdir(stream)) {
    const pid_t owner = temporaryOwner(entry->d_name);
    if (owner == 0 || owner == ::getpid()) continue;
    if (::kill(owner, 0) == 0 || errno == EPERM) continue;  // it still runs
    ::unlinkat(::dirfd(stream), entry->d_name, 0);
  }
  ::closedir(stream);
}

std::optional<AppendFile> AppendFile::open(const std::string& path, std::int64_t keepBytes, Failure& failure) {
  AppendFile file;
  file.path_ = path;
  file.descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  struct stat info{};
  if (file.descriptor_ < 0 || ::fstat(file.descriptor_, &info) != 0) {
    failSystem(failure, path, "cannot open");
    return std::nullopt;
  }
  if (info.st_size < keepBytes) {
    fail(failure, path, info.st_size,
         "ends after " + std::to_string(info.st_size) + " bytes; " + std::to_string(keepBytes) + " belong to the run");
    return std::nullopt;
  }
  if (::ftruncate(file.descriptor_, keepBytes) != 0) {
    failSystem(failure, path, "cannot cut the file");
    return std::nullopt;
  }
  file.size_ = keepBytes;
  return file;
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool AppendFile::append(std::string_view bytes, Failure& failure) {
  if (!writeAll(descriptor_, bytes)) {
    failSystem(failure, path_, "cannot append");
    failure.offset = size_;
    // A line is whole or absent. When even this fails, resume cuts the file to what the checkpoint recorded.
    if (::ftruncate(descriptor_, size_) != 0) failure.message += "; the last line may be cut short";
    return false;
  }
  size_ += static_cast<std::int64_t>(bytes.size());
  return true;
}

bool AppendFile::sync(Failure& failure) {
  if (::fsync(descriptor_) == 0) return true;
  return failSystem(failure, path_, "cannot sync to disk");
}

}  // namespace nnc::runtime
