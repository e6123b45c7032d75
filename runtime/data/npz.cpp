// Zip archives of .npy members. Format: PKWARE APPNOTE.TXT 6.3, sections 4.3 (records) and 4.5.3 (zip64).
#include "nnc/npz.h"

#include <zlib.h>

#include <algorithm>
#include <initializer_list>
#include <new>
#include <span>
#include <string_view>

#include "data/npy.h"
#include "io/checksum.h"
#include "io/failures.h"
#include "nnc/files.h"

namespace nnc::runtime {

namespace {

constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                        kLocator64 = 0x07064b50;
constexpr std::uint64_t kSentinel32 = 0xFFFFFFFF;  // "the value stands in the zip64 extra field"
constexpr std::uint16_t kVersion = 20, kVersion64 = 45;
constexpr std::uint64_t kMaxRatio = 1032;  // of deflate
constexpr std::size_t kMaxMembers = 65536;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

struct Member {
  std::string name;
  std::uint32_t crc = 0;
  std::uint64_t size = 0, offset = 0;
};

/// Sizes twice and, in the central directory, the place: what does not fit 32 bits.
std::string extra64(const Member& member, bool isCentral) {
  const bool largeSize = member.size >= kSentinel32, largeOffset = isCentral && member.offset >= kSentinel32;
  if (!largeSize && !largeOffset) return "";
  std::string values;
  if (largeSize) put(values, member.size, 8), put(values, member.size, 8);
  if (largeOffset) put(values, member.offset, 8);
  std::string extra;
  put(extra, 1, 2);
  put(extra, values.size(), 2);
  return extra + values;
}

/// The fields that a local header and a central one share. No time of day: the same arrays give the same bytes.
void putCommon(std::string& out, const Member& member, const std::string& extra) {
  constexpr std::uint64_t kFirstOfJanuary1980 = 0x0021;
  put(out, extra.empty() ? kVersion : kVersion64, 2);
  put(out, 0x0800, 2);  // names are UTF-8
  put(out, 0, 2);       // stored
  put(out, 0, 2);
  put(out, kFirstOfJanuary1980, 2);
  put(out, member.crc, 4);
  put(out, std::min(member.size, kSentinel32), 4);
  put(out, std::min(member.size, kSentinel32), 4);
  put(out, member.name.size(), 2);
  put(out, extra.size(), 2);
}

void putCentral(std::string& out, const Member& member) {
  const std::string extra = extra64(member, /*isCentral=*/true);
  put(out, kCentral, 4);
  put(out, extra.empty() ? kVersion : kVersion64, 2);
  putCommon(out, member, extra);
  put(out, 0, 2);  // comment
  put(out, 0, 2);  // disk
  put(out, 0, 2);  // internal attributes
  put(out, 0, 4);  // external attributes
  put(out, std::min(member.offset, kSentinel32), 4);
  out += member.name + extra;
}

void putEnd(std::string& out, std::uint64_t count, std::uint64_t at, std::uint64_t size) {
  constexpr std::uint64_t kSentinel16 = 0xFFFF;
  if (count >= kSentinel16 || at >= kSentinel32 || size >= kSentinel32) {
    const std::uint64_t end64 = out.size();
    put(out, kEnd64, 4);
    put(out, 44, 8);  // bytes that follow in this record
    put(out, kVersion64, 2);
    put(out, kVersion64, 2);
    put(out, 0, 8);  // disks
    put(out, count, 8), put(out, count, 8), put(out, size, 8), put(out, at, 8);
    put(out, kLocator64, 4);
    put(out, 0, 4);
    put(out, end64, 8);
    put(out, 1, 4);
  }
  put(out, kEnd, 4);
  put(out, 0, 4);  // disks
  put(out, std::min(count, kSentinel16), 2), put(out, std::min(count, kSentinel16), 2);
  put(out, std::min(size, kSentinel32), 4);
  put(out, std::min(at, kSentinel32), 4);
  put(out, 0, 2);  // comment
}

/// Reads an archive that is wholly in memory. Every access is checked.
class ZipReader {
 public:
  ZipReader(const std::string& bytes, const std::string& path, Failure& failure)
      : bytes_(bytes), path_(path), failure_(failure) {}

  std::optional<std::vector<NamedArray>> read() {
    std::uint64_t count = 0, at = 0;
    if (!findDirectory(count, at)) return std::nullopt;
    std::vector<NamedArray> arrays;
    for (std::uint64_t i = 0; i < count; ++i) {
      NamedArray array;
      if (!readMember(at, array)) return std::nullopt;
      for (const NamedArray& other : arrays) {
        if (other.name != array.name) continue;
        wrong(at, "the name \"" + array.name + "\" stands twice");
        return std::nullopt;
      }
      arrays.push_back(std::move(array));
    }
    return arrays;
  }

 private:
  bool wrong(std::uint64_t offset, std::string message) {
    return fail(failure_, path_, static_cast<std::int64_t>(offset), std::move(message));
  }
  bool has(std::uint64_t at, std::uint64_t size) const { return at <= bytes_.size() && size <= bytes_.size() - at; }
  std::uint64_t get(std::uint64_t at, int size) const {
    std::uint64_t value = 0;
    for (int i = size; i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(bytes_[at + static_cast<std::uint64_t>(i)]);
    return value;
  }

  bool findDirectory(std::uint64_t& count, std::uint64_t& at) {
    constexpr std::size_t kEndBytes = 22, kMaxComment = 65535, kLocatorBytes = 20, kEnd64Bytes = 56;
    if (bytes_.size() < 4 || get(0, 4) != kLocal) {
      if (bytes_.size() < kEndBytes || get(0, 4) != kEnd) return wrong(0, "is not a zip archive");
    }
    std::size_t end = bytes_.size();
    for (std::size_t back = kEndBytes; back <= std::min(bytes_.size(), kEndBytes + kMaxComment); ++back) {
      const std::size_t candidate = bytes_.size() - back;
      if (get(candidate, 4) != kEnd || get(candidate + 20, 2) != back - kEndBytes) continue;
      end = candidate;
      break;
    }
    if (end == bytes_.size()) return wrong(bytes_.size(), "has no end of the zip directory: the file was cut");
    count = get(end + 10, 2);
    at = get(end + 16, 4);
    if (end >= kLocatorBytes && get(end - kLocatorBytes, 4) == kLocator64) {
      const std::uint64_t end64 = get(end - kLocatorBytes + 8, 8);
      if (!has(end64, kEnd64Bytes) || get(end64, 4) != kEnd64)
        return wrong(end - kLocatorBytes, "has a broken zip64 directory");
      count = get(end64 + 32, 8);
      at = get(end64 + 48, 8);
    }
    if (count > kMaxMembers) return wrong(end, "has more than 65536 members");
    return true;
  }

  /// Values of the zip64 extra field, in the order in which the 32-bit fields hold the sentinel.
  bool widen(std::uint64_t extraAt, std::uint64_t extraSize, std::initializer_list<std::uint64_t*> fields) {
    bool isNeeded = false;
    for (const std::uint64_t* const field : fields) isNeeded = isNeeded || *field == kSentinel32;
    if (!isNeeded) return true;
    for (std::uint64_t at = extraAt; at + 4 <= extraAt + extraSize;) {
      const std::uint64_t id = get(at, 2), size = get(at + 2, 2);
      if (id != 1) {
        at += 4 + size;
        continue;
      }
      std::uint64_t value = at + 4;
      for (std::uint64_t* const field : fields) {
        if (*field != kSentinel32) continue;
        if (value + 8 > std::min(at + 4 + size, extraAt + extraSize)) return wrong(at, "has a short zip64 field");
        *field = get(value, 8);
        value += 8;
      }
      return true;
    }
    return wrong(extraAt, "lacks a zip64 field");
  }

  /// Reads the member whose central record is at `at`, and moves `at` to the next.
  bool readMember(std::uint64_t& at, NamedArray& array) {
    constexpr std::uint64_t kCentralBytes = 46, kLocalBytes = 30;
    if (!has(at, kCentralBytes) || get(at, 4) != kCentral) return wrong(at, "has a broken zip directory");
    const std::uint64_t nameSize = get(at + 28, 2), extraSize = get(at + 30, 2), commentSize = get(at + 32, 2);
    if (!has(at + kCentralBytes, nameSize + extraSize + commentSize)) return wrong(at, "has a broken zip directory");
    const std::uint64_t flags = get(at + 8, 2), method = get(at + 10, 2);
    const auto crc = static_cast<std::uint32_t>(get(at + 16, 4));
    std::uint64_t packed = get(at + 20, 4), size = get(at + 24, 4), local = get(at + 42, 4);
    array.name = bytes_.substr(at + kCentralBytes, nameSize);
    if (!widen(at + kCentralBytes + nameSize, extraSize, {&size, &packed, &local})) return false;
    if ((flags & 1) != 0) return wrong(at, "member \"" + array.name + "\" is encrypted");
    if (!has(local, kLocalBytes) || get(local, 4) != kLocal)
      return wrong(at, "member \"" + array.name + "\" is not where the directory says");
    const std::uint64_t data = local + kLocalBytes + get(local + 26, 2) + get(local + 28, 2);
    if (!has(data, packed)) return wrong(local, "member \"" + array.name + "\" reaches past the end of the file");
    at += kCentralBytes + nameSize + extraSize + commentSize;
    return decode(array, method, crc, data, packed, size);
  }

  bool decode(NamedArray& array, std::uint64_t method, std::uint32_t crc, std::uint64_t data, std::uint64_t packed,
              std::uint64_t size) {
    const std::string quoted = "member \"" + array.name + "\"";
    std::string inflated;
    std::string_view content = std::string_view(bytes_).substr(data, packed);
    constexpr std::uint64_t kStored = 0, kDeflated = 8;
    if (method == kDeflated) {
      if (size / kMaxRatio > packed)
        return wrong(data,
                     quoted + " says that it expands to " + std::to_string(size) + " bytes, more than deflate can");
      if (!inflate(content, size, inflated)) return wrong(data, quoted + " has corrupt deflate data");
      content = inflated;
    } else if (method != kStored) {
      return wrong(data,
                   quoted + " is compressed with method " + std::to_string(method) + "; stored and deflate are read");
    }
    if (content.size() != size)
      return wrong(data, quoted + " has " + std::to_string(content.size()) + " bytes, not " + std::to_string(size));
    if (crc32Of(std::as_bytes(std::span(content))) != crc)
      return wrong(data, quoted + " is damaged: its checksum differs");
    if (!array.name.ends_with(".npy")) return wrong(data, quoted + " is not a .npy file");
    array.name.resize(array.name.size() - 4);
    std::optional<Array> decoded = decodeNpy(content, path_, static_cast<std::int64_t>(data), failure_);
    if (!decoded) failure_.message = quoted + " " + failure_.message;
    if (decoded) array.array = std::move(*decoded);
    return decoded.has_value();
  }

  static bool inflate(std::string_view packed, std::uint64_t size, std::string& out) {
    // zlib counts in 32 bits; more is given to it in turns.
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
    out.resize(size);
    std::size_t read = 0, written = 0;
    int status = Z_OK;
    while (status == Z_OK) {
      constexpr std::size_t kTurn = std::size_t{1} << 30;
      const auto in = static_cast<unsigned>(std::min(kTurn, packed.size() - read)),
                 room = static_cast<unsigned>(std::min(kTurn, out.size() - written));
      stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(packed.data() + read));
      stream.avail_in = in;
      stream.next_out = reinterpret_cast<unsigned char*>(out.data() + written);
      stream.avail_out = room;
      status = ::inflate(&stream, Z_NO_FLUSH);
      read += in - stream.avail_in;
      written += room - stream.avail_out;
    }
    inflateEnd(&stream);
    return status == Z_STREAM_END && written == size && read == packed.size();
  }

  const std::string& bytes_;
  const std::string& path_;
  Failure& failure_;
};

}  // namespace

std::string encodeNpz(const std::vector<NamedArray>& arrays) {
  std::string out;
  std::vector<Member> members;
  for (const NamedArray& array : arrays) {
    const std::string content = encodeNpy(array.array);
    Member& member = members.emplace_back();
    member.name = array.name + ".npy";
    member.crc = crc32Of(std::as_bytes(std::span(content)));
    member.size = content.size();
    member.offset = out.size();
    const std::string extra = extra64(member, /*isCentral=*/false);
    put(out, kLocal, 4);
    putCommon(out, member, extra);
    out += member.name + extra + content;
  }
  const std::uint64_t directory = out.size();
  for (const Member& member : members) putCentral(out, member);
  putEnd(out, members.size(), directory, out.size() - directory);
  return out;
}

std::optional<std::vector<NamedArray>> readNpz(const std::string& path, Failure& failure) {
  const std::optional<std::string> bytes = readFile(path, failure);
  if (!bytes) return std::nullopt;
  try {
    return ZipReader(*bytes, path, failure).read();
  } catch (const std::bad_alloc&) {
    fail(failure, path, -1, "expands to more than there is memory for");
    return std::nullopt;
  }
}

}  // namespace nnc::runtime
