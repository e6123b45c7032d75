#include "nnc/idx.h"

#include <algorithm>
#include <array>
#include <memory>

#include "data/byte_stream.h"
#include "io/failures.h"

namespace nnc::runtime {

namespace {

constexpr int kMaxRank = 8;

std::optional<Element> elementOf(unsigned code) {
  switch (code) {
    case 0x08:
      return Element::U8;
    case 0x09:
      return Element::I8;
    case 0x0C:
      return Element::I32;
    case 0x0D:
      return Element::F32;
    case 0x0E:
      return Element::F64;
  }
  return std::nullopt;  // 0x0B, i16, has no tensor type
}

std::string hex(unsigned value) {
  constexpr const char* kDigits = "0123456789abcdef";
  return std::string("0x") + kDigits[value >> 4 & 15] + kDigits[value & 15];
}

std::string shapeText(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

bool readHeader(ByteStream& stream, const std::string& path, Array& array, Failure& failure) {
  std::array<std::byte, 4 + 4 * kMaxRank> header{};
  const auto byteAt = [&](std::size_t i) { return static_cast<unsigned>(header[i]); };
  std::optional<std::size_t> got = stream.read(header.data(), 4, failure);
  if (!got) return false;
  const auto size = static_cast<std::int64_t>(*got);
  if (*got < 4)
    return fail(failure, path, size, "ends after " + std::to_string(size) + " bytes; an IDX header needs at least 4");
  if (byteAt(0) != 0 || byteAt(1) != 0)
    return fail(failure, path, 0,
                "is not an IDX file: it starts with " + hex(byteAt(0)) + " " + hex(byteAt(1)) + ", not 0x00 0x00");
  const std::optional<Element> element = elementOf(byteAt(2));
  if (!element)
    return fail(failure, path, 2,
                "has element type " + hex(byteAt(2)) + "; known are u8 0x08, i8 0x09, i32 0x0c, f32 0x0d, f64 0x0e");
  const std::size_t rank = byteAt(3);
  if (rank == 0 || rank > kMaxRank)
    return fail(failure, path, 3, "has rank " + std::to_string(rank) + "; 1 to 8 are allowed");
  got = stream.read(header.data() + 4, 4 * rank, failure);
  if (!got) return false;
  if (*got < 4 * rank)
    return fail(
        failure, path, stream.position(),
        "ends after " + std::to_string(stream.position()) + " bytes; the header needs " + std::to_string(4 + 4 * rank));
  array.element = *element;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::size_t at = 4 + 4 * axis;
    array.shape.push_back(std::int64_t{byteAt(at)} << 24 | byteAt(at + 1) << 16 | byteAt(at + 2) << 8 | byteAt(at + 3));
  }
  if (!checkedBytes(array.shape, elementBytes(array.element)))
    return fail(failure, path, 4, "has sizes " + shapeText(array.shape) + ", more than 2^48 bytes");
  return true;
}

/// Reads `declared` bytes of elements in pieces, and turns each element round: IDX is big-endian.
bool readElements(ByteStream& stream, const std::string& path, Element element, std::int64_t declared,
                  const std::string& expectation, DecodedBytes& bytes, Failure& failure) {
  std::vector<std::byte> piece(std::size_t{1} << 20);  // a multiple of every element
  const auto width = static_cast<std::ptrdiff_t>(elementBytes(element));
  for (std::int64_t left = declared; left > 0; left -= static_cast<std::int64_t>(piece.size())) {
    piece.resize(std::min(piece.size(), static_cast<std::size_t>(left)));
    const std::optional<std::size_t> got = stream.read(piece.data(), piece.size(), failure);
    if (!got) return false;
    if (*got < piece.size())
      return fail(failure, path, stream.position(),
                  "ends after " + std::to_string(stream.position()) + " bytes; " + expectation);
    if (width > 1)
      for (auto at = piece.begin(); at != piece.end(); at += width) std::reverse(at, at + width);
    if (!bytes.append({reinterpret_cast<const char*>(piece.data()), piece.size()}, failure)) return false;
  }
  return bytes.finish(failure);
}

std::optional<DecodedArray> readArray(ByteStream& stream, const std::string& path, const Array& header,
                                      std::int64_t mostHeld, Failure& failure) {
  const std::int64_t begin = stream.position();
  const std::int64_t declared = *checkedBytes(header.shape, elementBytes(header.element));
  const std::string expectation = "sizes " + shapeText(header.shape) + " of " + elementName(header.element) + " need " +
                                  std::to_string(begin + declared);
  const auto refuse = [&](std::int64_t offset, const std::string& message) {
    fail(failure, path, offset, message);
    return std::nullopt;
  };
  if (begin + declared > stream.mostBytes())
    return refuse(stream.mostBytes(), "holds at most " + std::to_string(stream.mostBytes()) + " bytes; " + expectation);
  DecodedArray array{header.element, header.shape, DecodedBytes(path, mostHeld)};
  array.bytes.expect(declared);
  if (!readElements(stream, path, header.element, declared, expectation, array.bytes, failure)) return std::nullopt;
  // One byte more shows whether the file ends here, and makes zlib check the checksum of the last member.
  std::byte extra{};
  const std::optional<std::size_t> more = stream.read(&extra, 1, failure);
  if (!more) return std::nullopt;
  if (*more != 0) return refuse(begin + declared, "has more data than its header says: " + expectation);
  return array;
}

}  // namespace

std::optional<Array> readIdxHeader(const std::string& path, Failure& failure) {
  const std::unique_ptr<ByteStream> stream = ByteStream::open(path, failure);
  Array array;
  if (stream == nullptr || !readHeader(*stream, path, array, failure)) return std::nullopt;
  return array;
}

std::optional<DecodedArray> readIdx(const std::string& path, Failure& failure, std::int64_t mostHeld) {
  const std::unique_ptr<ByteStream> stream = ByteStream::open(path, failure);
  Array header;
  if (stream == nullptr || !readHeader(*stream, path, header, failure)) return std::nullopt;
  return readArray(*stream, path, header, mostHeld, failure);
}

}  // namespace nnc::runtime
