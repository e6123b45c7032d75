#include "nnc/file_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/byte_stream.h"
#include "io/failures.h"

namespace nnc::runtime {

namespace {

std::optional<DecodedBytes> inflate(ByteStream& stream, const std::string& path, std::int64_t mostHeld,
                                    Failure& failure) {
  DecodedBytes bytes(path, mostHeld);
  std::vector<std::byte> piece(std::size_t{1} << 20);
  for (std::size_t got = piece.size(); got == piece.size();) {
    const std::optional<std::size_t> read = stream.read(piece.data(), piece.size(), failure);
    if (!read || !bytes.append({reinterpret_cast<const char*>(piece.data()), *read}, failure)) return std::nullopt;
    got = *read;
  }
  if (!bytes.finish(failure)) return std::nullopt;
  return bytes;
}

}  // namespace

std::optional<FileBytes> FileBytes::open(const std::string& path, Failure& failure, std::int64_t mostHeld) {
  FileBytes bytes;
  {
    const std::unique_ptr<ByteStream> stream = ByteStream::open(path, failure);
    if (stream == nullptr) return std::nullopt;
    if (stream->isGzip()) {
      std::optional<DecodedBytes> inflated = inflate(*stream, path, mostHeld, failure);
      if (!inflated) return std::nullopt;
      bytes.inflated_.emplace(std::move(*inflated));
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
