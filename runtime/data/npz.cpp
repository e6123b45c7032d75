// Zip archives of .npy members: writing, and reading them whole.
#include "nnc/npz.h"

#include <algorithm>
#include <span>

#include "data/zip_format.h"
#include "io/checksum.h"
#include "io/failures.h"

namespace nnc::runtime {

namespace {

constexpr std::uint16_t kVersion = 20, kVersion64 = 45;

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
  const std::optional<NpzArchive> archive = NpzArchive::open(path, failure);
  if (!archive) return std::nullopt;
  std::vector<NamedArray> arrays;
  for (std::size_t member = 0; member < archive->names().size(); ++member) {
    const std::optional<MemberArray> read = archive->read(member, failure);
    if (!read) return std::nullopt;
    const ArrayView& view = read->view;
    NamedArray& array = arrays.emplace_back(NamedArray{archive->names()[member], {view.element, view.shape, {}}});
    if (!resize(array.array.bytes, static_cast<std::int64_t>(view.bytes.size()))) {
      fail(failure, path, -1, "expands to more than there is memory for");
      return std::nullopt;
    }
    std::copy(view.bytes.begin(), view.bytes.end(), reinterpret_cast<char*>(array.array.bytes.data()));
  }
  return arrays;
}

}  // namespace nnc::runtime
