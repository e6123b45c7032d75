// Reading a zip archive of .npy members in place.
#include <zlib.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <set>
#include <string_view>

#include "data/npy.h"
#include "data/zip_format.h"
#include "io/failures.h"
#include "nnc/npz.h"

namespace nnc::runtime {

namespace {

constexpr std::uint64_t kMaxRatio = 1032;  // of deflate
constexpr std::size_t kMaxMembers = 65536;

/// Hands what `packed` expands to to `take`, piece by piece; stops when it gives false. False: no deflate data that
/// ends with `packed`, or stopped.
bool inflate(std::string_view packed, const std::function<bool(std::string_view)>& take) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  std::vector<char> piece(std::size_t{1} << 20);
  int status = Z_OK;
  while (status == Z_OK) {
    // zlib counts in 32 bits; more is given to it in turns.
    const auto turn = static_cast<unsigned>(std::min(std::size_t{1} << 30, packed.size()));
    stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(packed.data()));
    stream.avail_in = turn;
    stream.next_out = reinterpret_cast<unsigned char*>(piece.data());
    stream.avail_out = static_cast<unsigned>(piece.size());
    status = ::inflate(&stream, Z_NO_FLUSH);
    packed.remove_prefix(turn - stream.avail_in);
    const std::size_t made = piece.size() - stream.avail_out;
    if (made > 0 && !take({piece.data(), made})) status = Z_STREAM_ERROR;
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END && packed.empty();
}

}  // namespace

/// Finds the members of an archive. Every access is checked.
class ZipDirectory {
 public:
  ZipDirectory(NpzArchive& archive, Failure& failure)
      : archive_(archive), bytes_(archive.bytes_.view()), failure_(failure) {}

  bool read() {
    std::uint64_t count = 0, at = 0;
    if (!findDirectory(count, at)) return false;
    std::set<std::string> seen;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!readMember(at)) return false;
      const std::string& name = archive_.names_.back();
      if (!seen.insert(name).second) return wrong(at, "the name \"" + name + "\" stands twice");
    }
    return true;
  }

 private:
  bool wrong(std::uint64_t offset, std::string message) {
    return fail(failure_, archive_.path_, static_cast<std::int64_t>(offset), std::move(message));
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

  /// Notes the member whose central record is at `at`, and moves `at` to the next.
  bool readMember(std::uint64_t& at) {
    constexpr std::uint64_t kCentralBytes = 46, kLocalBytes = 30;
    if (!has(at, kCentralBytes) || get(at, 4) != kCentral) return wrong(at, "has a broken zip directory");
    const std::uint64_t nameSize = get(at + 28, 2), extraSize = get(at + 30, 2), commentSize = get(at + 32, 2);
    if (!has(at + kCentralBytes, nameSize + extraSize + commentSize)) return wrong(at, "has a broken zip directory");
    const std::uint64_t flags = get(at + 8, 2);
    std::uint64_t local = get(at + 42, 4);
    NpzArchive::Place place;
    place.method = get(at + 10, 2);
    place.crc = static_cast<std::uint32_t>(get(at + 16, 4));
    place.packed = get(at + 20, 4);
    place.size = get(at + 24, 4);
    std::string name(bytes_.substr(at + kCentralBytes, nameSize));
    const std::string quoted = "member \"" + name + "\"";
    if (!widen(at + kCentralBytes + nameSize, extraSize, {&place.size, &place.packed, &local})) return false;
    if ((flags & 1) != 0) return wrong(at, quoted + " is encrypted");
    if (!has(local, kLocalBytes) || get(local, 4) != kLocal)
      return wrong(at, quoted + " is not where the directory says");
    place.data = local + kLocalBytes + get(local + 26, 2) + get(local + 28, 2);
    if (!has(place.data, place.packed)) return wrong(local, quoted + " reaches past the end of the file");
    if (!checkSizes(place, quoted)) return false;
    if (!name.ends_with(".npy")) return wrong(place.data, quoted + " is not a .npy file");
    name.resize(name.size() - 4);
    archive_.names_.push_back(std::move(name));
    archive_.places_.push_back(place);
    at += kCentralBytes + nameSize + extraSize + commentSize;
    return true;
  }

  bool checkSizes(const NpzArchive::Place& place, const std::string& quoted) {
    if (place.method != kStored && place.method != kDeflated)
      return wrong(place.data, quoted + " is compressed with method " + std::to_string(place.method) +
                                   "; stored and deflate are read");
    if (place.method == kStored && place.size != place.packed)
      return wrong(place.data,
                   quoted + " has " + std::to_string(place.packed) + " bytes, not " + std::to_string(place.size));
    if (place.method == kDeflated && place.size / kMaxRatio > place.packed)
      return wrong(place.data,
                   quoted + " says that it expands to " + std::to_string(place.size) + " bytes, more than deflate can");
    return true;
  }

  NpzArchive& archive_;
  std::string_view bytes_;
  Failure& failure_;
};

std::optional<NpzArchive> NpzArchive::open(const std::string& path, Failure& failure) {
  std::optional<FileBytes> bytes = FileBytes::open(path, failure);
  if (!bytes) return std::nullopt;
  NpzArchive archive(path, std::move(*bytes));
  if (!ZipDirectory(archive, failure).read()) return std::nullopt;
  return archive;
}

bool NpzArchive::isCompressed(std::size_t member) const { return places_[member].method == kDeflated; }

std::optional<Array> NpzArchive::header(std::size_t member, Failure& failure) const {
  const Place& place = places_[member];
  std::string_view begin = bytes_.view().substr(place.data, place.packed);
  std::string inflated;
  if (place.method == kDeflated) {
    const std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(place.size, kMostNpyHeader));
    inflate(begin, [&](std::string_view piece) {
      inflated += piece.substr(0, most - inflated.size());
      return inflated.size() < most;
    });
    begin = inflated;
  }
  std::optional<NpyHeader> header =
      readNpyHeader(begin, place.size, path_, static_cast<std::int64_t>(place.data), failure);
  if (!header) {
    failure.message = "member \"" + names_[member] + ".npy\" " + failure.message;
    return std::nullopt;
  }
  return Array{header->element, std::move(header->shape), {}};
}

std::optional<MemberArray> NpzArchive::read(std::size_t member, Failure& failure, std::int64_t mostHeld) const {
  const Place& place = places_[member];
  const std::string quoted = "member \"" + names_[member] + ".npy\"";
  const auto wrong = [&](const std::string& message) {
    fail(failure, path_, static_cast<std::int64_t>(place.data), quoted + message);
    return std::nullopt;
  };
  std::string_view content = bytes_.view().substr(place.data, place.packed);
  uLong crc = crc32_z(0, nullptr, 0);
  const auto addToCrc = [&](std::string_view piece) {
    crc = crc32_z(crc, reinterpret_cast<const unsigned char*>(piece.data()), piece.size());
  };
  MemberArray array;
  if (place.method == kDeflated) {
    DecodedBytes& decoded = array.decoded.emplace(path_, mostHeld);
    decoded.expect(static_cast<std::int64_t>(place.size));
    bool hasRoom = true;
    const bool isWhole = inflate(content, [&](std::string_view piece) {
      if (static_cast<std::uint64_t>(decoded.size()) + piece.size() > place.size) return false;
      addToCrc(piece);
      return hasRoom = decoded.append(piece, failure);
    });
    if (!hasRoom || !decoded.finish(failure)) return std::nullopt;
    if (!isWhole || static_cast<std::uint64_t>(decoded.size()) != place.size) return wrong(" has corrupt deflate data");
    content = decoded.view();
  } else {
    addToCrc(content);
  }
  if (crc != place.crc) return wrong(" is damaged: its checksum differs");
  std::optional<ArrayView> view = viewNpy(content, path_, static_cast<std::int64_t>(place.data), failure);
  if (!view) {
    failure.message = quoted + " " + failure.message;
    return std::nullopt;
  }
  array.view = std::move(*view);
  return array;
}

}  // namespace nnc::runtime
