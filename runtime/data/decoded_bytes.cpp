#include "nnc/decoded_bytes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "io/failures.h"

namespace nnc::runtime {

namespace {

constexpr std::size_t kWriteBytes = std::size_t{1} << 20;  // that go to a scratch file at a time

std::string scratchFolder() {
  const char* const folder = ::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/var/tmp";
}

/// A file without a name, so that nothing of it remains however the process ends. Some file systems (NFS) can only take
/// the name away. -1: errno says why not.
int openScratch() {
  const std::string folder = scratchFolder();
  const int unnamed = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  if (unnamed >= 0) return unnamed;
  std::string name = folder + "/nnc-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

DecodedBytes::DecodedBytes(DecodedBytes&& other) noexcept
    : path_(std::move(other.path_)),
      mostHeld_(other.mostHeld_),
      size_(std::exchange(other.size_, 0)),
      expected_(other.expected_),
      held_(std::move(other.held_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      mapping_(std::exchange(other.mapping_, nullptr)) {}

DecodedBytes::~DecodedBytes() {
  if (mapping_ != nullptr) ::munmap(mapping_, static_cast<std::size_t>(size_));
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool DecodedBytes::cannot(const std::string& what, Failure& failure) const {
  return failSystem(failure, path_,
                    "takes " + std::to_string(wholeSize()) + " bytes or more when decoded, and in " + scratchFolder() +
                        " (TMPDIR) " + what);
}

void DecodedBytes::expect(std::int64_t size) {
  expected_ = size;
  if (size > mostHeld_) return;
  try {
    held_.reserve(static_cast<std::size_t>(size));
  } catch (const std::bad_alloc&) {
    // The scratch file will take them.
  }
}

bool DecodedBytes::append(std::string_view bytes, Failure& failure) {
  size_ += static_cast<std::int64_t>(bytes.size());
  if (descriptor_ < 0 && wholeSize() > mostHeld_ && !spill(failure)) return false;
  if (descriptor_ >= 0 && held_.size() + bytes.size() > kWriteBytes) {
    if (!writeHeld(failure)) return false;
    if (bytes.size() > kWriteBytes) return write(bytes, failure);
  }
  try {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    return true;
  } catch (const std::bad_alloc&) {
    return (descriptor_ >= 0 ? writeHeld(failure) : spill(failure)) && write(bytes, failure);
  }
}

/// Makes the scratch file, and writes to it what was held so far.
bool DecodedBytes::spill(Failure& failure) {
  descriptor_ = openScratch();
  if (descriptor_ < 0) return cannot("no scratch file can be made", failure);
  const bool isWritten = writeHeld(failure);
  std::vector<char>().swap(held_);
  return isWritten;
}

bool DecodedBytes::writeHeld(Failure& failure) {
  const bool isWritten = write({held_.data(), held_.size()}, failure);
  held_.clear();
  return isWritten;
}

bool DecodedBytes::write(std::string_view bytes, Failure& failure) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot("the scratch file cannot be written", failure);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool DecodedBytes::finish(Failure& failure) {
  if (descriptor_ < 0) return true;
  if (!writeHeld(failure)) return false;
  std::vector<char>().swap(held_);
  void* const mapping = ::mmap(nullptr, static_cast<std::size_t>(size_), PROT_READ, MAP_PRIVATE, descriptor_, 0);
  if (mapping == MAP_FAILED) return cannot("the scratch file cannot be mapped", failure);
  mapping_ = mapping;
  ::close(descriptor_);  // the mapping keeps the file
  descriptor_ = -1;
  return true;
}

}  // namespace nnc::runtime
