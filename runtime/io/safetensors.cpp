#include "nnc/safetensors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "io/checksum.h"
#include "io/failures.h"
#include "io/safetensors_header.h"

namespace nnc::runtime {

namespace {

constexpr std::int64_t kLengthBytes = 8;
constexpr std::int64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation

/// An open file of known size, read at offsets.
class RandomAccessFile {
 public:
  explicit RandomAccessFile(std::string path) : path_(std::move(path)) {}
  RandomAccessFile(const RandomAccessFile&) = delete;
  RandomAccessFile& operator=(const RandomAccessFile&) = delete;
  ~RandomAccessFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  bool open(Failure& failure) {
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat info{};
    if (descriptor_ < 0 || ::fstat(descriptor_, &info) != 0) return failSystem(failure, path_, "cannot open");
    if (!S_ISREG(info.st_mode)) return fail(failure, path_, -1, "is not a regular file");
    size_ = info.st_size;
    return true;
  }
  std::int64_t size() const { return size_; }

  bool read(std::int64_t offset, char* bytes, std::int64_t size, Failure& failure) const {
    while (size > 0) {
      const ssize_t count = ::pread(descriptor_, bytes, static_cast<std::size_t>(size), offset);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        failSystem(failure, path_, "cannot read");
        failure.offset = offset;
        return false;
      }
      if (count == 0) return fail(failure, path_, offset, "became shorter while it was read");
      bytes += count;
      offset += count;
      size -= count;
    }
    return true;
  }

 private:
  std::string path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

std::optional<std::int64_t> readHeaderLength(const RandomAccessFile& file, const std::string& path, Failure& failure) {
  std::array<char, kLengthBytes> bytes{};
  if (file.size() < kLengthBytes) {
    fail(failure, path, file.size(),
         "ends after " + std::to_string(file.size()) + " bytes; the length of the header needs 8");
    return std::nullopt;
  }
  if (!file.read(0, bytes.data(), kLengthBytes, failure)) return std::nullopt;
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  if (length > static_cast<std::uint64_t>(kMaxHeaderBytes)) {
    fail(failure, path, 0, "says that its header has " + std::to_string(length) + " bytes; 100000000 are allowed");
    return std::nullopt;
  }
  if (static_cast<std::int64_t>(length) > file.size() - kLengthBytes) {
    fail(failure, path, 0,
         "says that its header has " + std::to_string(length) + " bytes, and the file has " +
             std::to_string(file.size() - kLengthBytes) + " after the length");
    return std::nullopt;
  }
  return static_cast<std::int64_t>(length);
}

/// Checks the tensors against the `crc32:` and `crc32c:` entries, and takes those entries out of the metadata.
bool checkChecksums(TensorFile& file, std::int64_t dataOffset, const std::vector<TensorEntry>& entries,
                    const std::string& path, Failure& failure) {
  std::map<std::string, std::size_t> byName;
  for (std::size_t i = 0; i < entries.size(); ++i) byName[entries[i].name] = i;
  for (auto at = file.metadata.begin(); at != file.metadata.end();) {
    const bool isCastagnoli = at->first.starts_with("crc32c:");
    if (!isCastagnoli && !at->first.starts_with("crc32:")) {
      ++at;
      continue;
    }
    const std::string name = at->first.substr(isCastagnoli ? 7 : 6);
    const auto found = byName.find(name);
    if (found == byName.end())
      return fail(failure, path, kLengthBytes, "has a checksum of tensor \"" + name + "\", which it does not hold");
    const std::optional<std::uint32_t> expected = parseCrc(at->second);
    if (!expected)
      return fail(
          failure, path, kLengthBytes,
          "has the checksum \"" + at->second + "\" for tensor \"" + name + "\"; 8 hexadecimal digits were expected");
    const std::vector<std::byte>& bytes = file.tensors[found->second].array.bytes;
    const std::uint32_t actual = isCastagnoli ? crc32cOf(bytes) : crc32Of(bytes);
    if (actual != *expected)
      return fail(failure, path, dataOffset + entries[found->second].begin,
                  "tensor \"" + name + "\" is damaged: its checksum is " + crcText(actual) + ", and " +
                      crcText(*expected) + " was written");
    at = file.metadata.erase(at);
  }
  return true;
}

/// Wider elements first, so that every tensor is aligned; then by name. The order of the reference writer.
std::vector<const NamedArray*> writingOrder(const TensorFile& file) {
  std::vector<const NamedArray*> order;
  for (const NamedArray& tensor : file.tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const NamedArray* a, const NamedArray* b) {
    const std::int64_t widthA = elementBytes(a->array.element), widthB = elementBytes(b->array.element);
    return widthA != widthB ? widthA > widthB : a->name < b->name;
  });
  return order;
}

/// Bytes that are not UTF-8 become U+FFFD.
std::string dump(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

/// Opens the file and reads its header. Empty: it is no safetensors file. `dataOffset`: where the data begin.
static std::optional<TensorHeader> readHeader(RandomAccessFile& file, const std::string& path, std::int64_t& dataOffset,
                                              Failure& failure) {
  if (!file.open(failure)) return std::nullopt;
  const std::optional<std::int64_t> length = readHeaderLength(file, path, failure);
  if (!length) return std::nullopt;
  dataOffset = kLengthBytes + *length;
  TensorHeader header;
  std::string json(static_cast<std::size_t>(*length), '\0');
  if (!file.read(kLengthBytes, json.data(), *length, failure)) return std::nullopt;
  if (!parseTensorHeader(json, file.size() - dataOffset, path, header, failure)) return std::nullopt;
  return header;
}

std::optional<std::map<std::string, std::string>> readSafetensorsMetadata(const std::string& path, Failure& failure) {
  RandomAccessFile file(path);
  std::int64_t dataOffset = 0;
  std::optional<TensorHeader> header = readHeader(file, path, dataOffset, failure);
  if (!header) return std::nullopt;
  return std::move(header->metadata);
}

std::optional<TensorFile> readSafetensors(const std::string& path, Failure& failure) {
  RandomAccessFile file(path);
  std::int64_t dataOffset = 0;
  std::optional<TensorHeader> read = readHeader(file, path, dataOffset, failure);
  if (!read) return std::nullopt;
  TensorHeader& header = *read;
  TensorFile result;
  result.metadata = std::move(header.metadata);
  for (const TensorEntry& entry : header.tensors) {
    NamedArray& tensor = result.tensors.emplace_back();
    tensor.name = entry.name;
    tensor.array.element = entry.element;
    tensor.array.shape = entry.shape;
    if (!resize(tensor.array.bytes, entry.end - entry.begin)) {
      fail(failure, path, dataOffset + entry.begin, "tensor \"" + entry.name + "\" does not fit into memory");
      return std::nullopt;
    }
    if (!file.read(dataOffset + entry.begin, reinterpret_cast<char*>(tensor.array.bytes.data()),
                   entry.end - entry.begin, failure))
      return std::nullopt;
  }
  if (!checkChecksums(result, dataOffset, header.tensors, path, failure)) return std::nullopt;
  return result;
}

std::string encodeSafetensors(const TensorFile& file) {
  const std::vector<const NamedArray*> order = writingOrder(file);
  std::map<std::string, std::string> metadata = file.metadata;
  for (const NamedArray* const tensor : order)
    metadata["crc32:" + tensor->name] = crcText(crc32Of(tensor->array.bytes));
  // Written piece by piece, in the order of the data: entries then stand where a person looks for them.
  std::string json = "{";
  const auto add = [&json](const std::string& name, const nlohmann::json& value) {
    if (json.size() > 1) json += ',';
    json += dump(name) + ':' + dump(value);
  };
  if (!metadata.empty()) add("__metadata__", metadata);
  std::int64_t offset = 0;
  for (const NamedArray* const tensor : order) {
    const auto size = static_cast<std::int64_t>(tensor->array.bytes.size());
    add(tensor->name, {{"dtype", elementName(tensor->array.element)},
                       {"shape", tensor->array.shape},
                       {"data_offsets", {offset, offset + size}}});
    offset += size;
  }
  json += '}';
  json.resize((json.size() + 7) / 8 * 8, ' ');

  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(kLengthBytes) + json.size() + static_cast<std::size_t>(offset));
  for (std::size_t i = 0; i < kLengthBytes; ++i) bytes += static_cast<char>(json.size() >> (8 * i) & 0xFF);
  bytes += json;
  for (const NamedArray* const tensor : order)
    bytes.append(reinterpret_cast<const char*>(tensor->array.bytes.data()), tensor->array.bytes.size());
  return bytes;
}

}  // namespace nnc::runtime
