#include "nnc/file_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>

#include "data/byte_stream.h"
#include "io/failures.h"

namespace nnc::runtime {

namespace {

constexpr std::size_t kMostInflated = std::size_t{4} << 30;

std::unique_ptr<std::string> inflate(ByteStream& stream, const std::string& path, Failure& failure) {
  auto text = std::make_unique<std::string>();
  constexpr std::size_t kTurn = std::size_t{1} << 20;
  try {
    while (true) {
      const std::size_t before = text->size();
      text->resize(before + kTurn);
      const std::optional<std::size_t> got =
          stream.read(reinterpret_cast<std::byte*>(text->data() + before), kTurn, failure);
      if (!got) return nullptr;
      text->resize(before + *got);
      if (*got < kTurn) return text;
      if (text->size() > kMostInflated) {
        fail(failure, path, -1, "expands to more than 4 GiB; decompress it, so that it can be read where it lies");
        return nullptr;
      }
    }
  } catch (const std::bad_alloc&) {
    fail(failure, path, -1, "does not fit into memory");
    return nullptr;
  }
}

}  // namespace

std::optional<FileBytes> FileBytes::open(const std::string& path, Failure& failure) {
  FileBytes bytes;
  {
    const std::unique_ptr<ByteStream> stream = ByteStream::open(path, failure);
    if (stream == nullptr) return std::nullopt;
    if (stream->isGzip()) {
      bytes.inflated_ = inflate(*stream, path, failure);
      if (bytes.inflated_ == nullptr) return std::nullopt;
      return bytes;
    }
  }
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info{};
  if (descriptor < 0 || ::fstat(descriptor, &info) != 0) {
    failSystem(failure, path, "cannot open");
    if (descriptor >= 0) ::close(descriptor);
    return std::nullopt;
  }
  bytes.size_ = static_cast<std::size_t>(info.st_size);
  if (bytes.size_ > 0) {
    void* const mapping = ::mmap(nullptr, bytes.size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapping == MAP_FAILED) {
      failSystem(failure, path, "cannot map into memory");
      ::close(descriptor);
      return std::nullopt;
    }
    bytes.mapping_ = mapping;
  }
  ::close(descriptor);  // the mapping keeps the file
  return bytes;
}

FileBytes::~FileBytes() {
  if (mapping_ != nullptr) ::munmap(mapping_, size_);
}

}  // namespace nnc::runtime
