#include "data/byte_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "io/failures.h"

namespace nnc::runtime {

namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
constexpr int kGzipOnly = 16 + MAX_WBITS;  // zlib: expect a gzip header and check its trailer

}  // namespace

std::unique_ptr<ByteStream> ByteStream::open(const std::string& path, Failure& failure) {
  std::unique_ptr<ByteStream> stream(new ByteStream(path));  // the constructor is private
  stream->descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info{};
  if (stream->descriptor_ < 0 || ::fstat(stream->descriptor_, &info) != 0) {
    failSystem(failure, path, "cannot open");
    return nullptr;
  }
  if (!S_ISREG(info.st_mode)) {
    fail(failure, path, -1, "is not a regular file");
    return nullptr;
  }
  stream->fileBytes_ = info.st_size;
  stream->block_.resize(kBlockBytes);
  if (!stream->fill(failure)) return nullptr;
  const z_stream& zlib = stream->zlib_;
  stream->isGzip_ = zlib.avail_in >= 2 && zlib.next_in[0] == 0x1f && zlib.next_in[1] == 0x8b;
  if (stream->isGzip_ && inflateInit2(&stream->zlib_, kGzipOnly) != Z_OK) {
    fail(failure, path, -1, "zlib cannot start");
    stream->isGzip_ = false;
    return nullptr;
  }
  return stream;
}

ByteStream::~ByteStream() {
  if (isGzip_) inflateEnd(&zlib_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

/// Reads the next block. At the end of the file `avail_in` stays 0.
bool ByteStream::fill(Failure& failure) {
  ssize_t count = 0;
  do {
    count = ::read(descriptor_, block_.data(), block_.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    failSystem(failure, path_, "cannot read");
    failure.offset = fileRead_;
    return false;
  }
  fileRead_ += count;
  atEnd_ = count == 0;
  zlib_.next_in = block_.data();
  zlib_.avail_in = static_cast<unsigned>(count);
  return true;
}

std::optional<std::size_t> ByteStream::inflateInto(std::byte* bytes, std::size_t size, Failure& failure) {
  zlib_.next_out = reinterpret_cast<unsigned char*>(bytes);
  zlib_.avail_out = static_cast<unsigned>(std::min<std::size_t>(size, std::numeric_limits<unsigned>::max()));
  const unsigned wanted = zlib_.avail_out;
  const int status = inflate(&zlib_, Z_NO_FLUSH);
  const std::size_t produced = wanted - zlib_.avail_out;
  if (status == Z_STREAM_END) memberEnded_ = true;
  if (status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR) return produced;
  fail(failure, path_, fileOffset(),
       std::string("the gzip stream is corrupt: ") + (zlib_.msg != nullptr ? zlib_.msg : "inflate failed"));
  return std::nullopt;
}

std::optional<std::size_t> ByteStream::read(std::byte* bytes, std::size_t size, Failure& failure) {
  std::size_t done = 0;
  while (done < size) {
    if (zlib_.avail_in == 0 && !atEnd_ && !fill(failure)) return std::nullopt;
    if (zlib_.avail_in == 0 && atEnd_) {
      if (isGzip_ && !memberEnded_) {
        fail(failure, path_, fileRead_, "the gzip stream ends too early");
        return std::nullopt;
      }
      break;
    }
    if (!isGzip_) {
      const std::size_t count = std::min<std::size_t>(size - done, zlib_.avail_in);
      std::memcpy(bytes + done, zlib_.next_in, count);
      zlib_.next_in += count;
      zlib_.avail_in -= static_cast<unsigned>(count);
      done += count;
      position_ += static_cast<std::int64_t>(count);
      continue;
    }
    if (memberEnded_) {  // gzip files may be several members one after the other
      if (inflateReset(&zlib_) != Z_OK) break;
      memberEnded_ = false;
    }
    const std::optional<std::size_t> produced = inflateInto(bytes + done, size - done, failure);
    if (!produced) return std::nullopt;
    done += *produced;
    position_ += static_cast<std::int64_t>(*produced);
  }
  return done;
}

}  // namespace nnc::runtime
