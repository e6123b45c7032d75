#include "data/npy.h"

#include <charconv>
#include <cstring>

#include "io/failures.h"
#include "nnc/files.h"
#include "nnc/npz.h"

namespace nnc::runtime {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeader = kMostNpyHeader - 12;
constexpr std::size_t kMaxRank = 8;

/// numpy's name of an element type. bf16 has none there and is widened to f32.
std::string_view descriptor(Element element) {
  switch (element) {
    case Element::F32:
    case Element::BF16:
      return "<f4";
    case Element::F64:
      return "<f8";
    case Element::I8:
      return "|i1";
    case Element::U8:
      return "|u1";
    case Element::I32:
      return "<i4";
    case Element::I64:
      return "<i8";
    case Element::Bool:
      return "|b1";
  }
  return "";
}

std::optional<Element> elementOf(std::string_view name) {
  for (const Element element :
       {Element::F32, Element::F64, Element::I8, Element::U8, Element::I32, Element::I64, Element::Bool})
    if (name == descriptor(element)) return element;
  return std::nullopt;
}

std::string widened(const std::vector<std::byte>& bytes) {
  std::string wide;
  wide.reserve(bytes.size() * 2);
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    wide.append(2, '\0');
    wide += static_cast<char>(bytes[i]);
    wide += static_cast<char>(bytes[i + 1]);
  }
  return wide;
}

struct HeaderText {
  std::string descr;
  bool isFortran = false;
  std::vector<std::int64_t> shape;
};

/// Reads the dict literal of the header: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  /// False: `error()` and `position()` say what is wrong.
  bool parse(HeaderText& header) {
    if (!expect('{')) return false;
    while (!accept('}')) {
      std::string key;
      if (!quoted(key) || !expect(':') || !value(key, header)) return false;
      if (!accept(',') && peek() != '}') return wrong("`,` or `}`");
    }
    if (peek() != '\0') return wrong("the end");
    return (hasDescr_ && hasOrder_ && hasShape_) || wrong("the keys descr, fortran_order and shape");
  }
  const std::string& error() const { return error_; }
  std::size_t position() const { return at_; }

 private:
  bool wrong(const std::string& expected) {
    error_ = "expected " + expected + " in the header";
    return false;
  }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool expect(char c) { return accept(c) || wrong(std::string("`") + c + "`"); }
  bool acceptWord(std::string_view word) {
    peek();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool quoted(std::string& text) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return wrong("a quoted text");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return wrong("the end of a quoted text");
    text = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return true;
  }

  bool value(const std::string& key, HeaderText& header) {
    if (key == "descr" && !hasDescr_) {
      if (peek() == '[') return wrong("a plain dtype (structured arrays are not read)");
      return hasDescr_ = quoted(header.descr);
    }
    if (key == "fortran_order" && !hasOrder_) {
      header.isFortran = acceptWord("True");
      return hasOrder_ = header.isFortran || acceptWord("False") || wrong("True or False");
    }
    if (key == "shape" && !hasShape_) return hasShape_ = shape(header.shape);
    return wrong("each of descr, fortran_order and shape once");
  }

  bool shape(std::vector<std::int64_t>& sizes) {
    if (!expect('(')) return false;
    while (!accept(')')) {
      peek();
      std::int64_t size = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (error != std::errc() || size < 0) return wrong("a size");
      at_ = static_cast<std::size_t>(end - text_.data());
      sizes.push_back(size);
      if (sizes.size() > kMaxRank) return wrong("at most 8 dimensions");
      if (!accept(',') && peek() != ')') return wrong("`,` or `)`");
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool hasDescr_ = false, hasOrder_ = false, hasShape_ = false;
  std::string error_;
};

/// Why an element type is not read.
std::string refusal(const std::string& descr) {
  if (descr.find('O') != std::string::npos)
    return "holds Python objects (pickle), which can run code when read; save it with a numeric dtype";
  if (!descr.empty() && descr[0] == '>')
    return "is big-endian (" + descr + "); save it with x.astype(x.dtype.newbyteorder('<'))";
  return "has the dtype " + descr.substr(0, 20) + "; f4, f8, i1, u1, i4, i8 and b1 are read";
}

std::size_t littleEndian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// Finds the header's text; `dataAt` is where the elements start.
bool findHeader(std::string_view bytes, const std::string& path, std::int64_t base, std::string_view& text,
                std::size_t& dataAt, Failure& failure) {
  const auto tooShort = [&] {
    return fail(failure, path, base + static_cast<std::int64_t>(bytes.size()),
                "ends after " + std::to_string(bytes.size()) + " bytes, within the header");
  };
  if (bytes.substr(0, kMagic.size()) != kMagic.substr(0, bytes.size()))
    return fail(failure, path, base, "is not a .npy file: the magic \\x93NUMPY is missing");
  if (bytes.size() < kMagic.size() + 2) return tooShort();
  const int major = static_cast<unsigned char>(bytes[6]);
  if (major < 1 || major > 3)
    return fail(failure, path, base + 6, "has .npy version " + std::to_string(major) + "; 1 to 3 are read");
  const std::size_t lengthBytes = major == 1 ? 2 : 4, textAt = kMagic.size() + 2 + lengthBytes;
  if (bytes.size() < textAt) return tooShort();
  const std::size_t length = littleEndian(bytes.substr(8, lengthBytes));
  if (length > kMaxHeader)
    return fail(failure, path, base + 8, "has a header of " + std::to_string(length) + " bytes; 10000 are allowed");
  if (bytes.size() < textAt + length) return tooShort();
  text = bytes.substr(textAt, length);
  dataAt = textAt + length;
  return true;
}

/// A column-major array of more than one dimension would have to be transposed; a vector is the same either way.
bool isTransposed(const HeaderText& header) { return header.isFortran && header.shape.size() > 1; }

}  // namespace

std::optional<NpyHeader> readNpyHeader(std::string_view begin, std::uint64_t size, const std::string& path,
                                       std::int64_t base, Failure& failure) {
  std::string_view text;
  std::size_t dataAt = 0;
  if (!findHeader(begin, path, base, text, dataAt, failure)) return std::nullopt;
  const auto textAt = base + static_cast<std::int64_t>(dataAt - text.size());
  const auto refuse = [&](std::int64_t offset, const std::string& message) {
    fail(failure, path, offset, message);
    return std::nullopt;
  };
  HeaderParser parser(text);
  HeaderText header;
  if (!parser.parse(header)) return refuse(textAt + static_cast<std::int64_t>(parser.position()), parser.error());
  const std::optional<Element> element = elementOf(header.descr);
  if (!element) return refuse(textAt, refusal(header.descr));
  if (isTransposed(header)) return refuse(textAt, "is in Fortran order; save it with numpy.ascontiguousarray");
  const std::optional<std::int64_t> needed = checkedBytes(header.shape, elementBytes(*element));
  if (!needed) return refuse(textAt, "has a shape of more than 2^48 bytes");
  if (size - dataAt != static_cast<std::uint64_t>(*needed))
    return refuse(base + static_cast<std::int64_t>(dataAt), "has " + std::to_string(size - dataAt) +
                                                                " bytes of elements; its shape and dtype need " +
                                                                std::to_string(*needed));
  return NpyHeader{*element, std::move(header.shape), dataAt};
}

std::optional<ArrayView> viewNpy(std::string_view bytes, const std::string& path, std::int64_t base, Failure& failure) {
  std::optional<NpyHeader> header = readNpyHeader(bytes, bytes.size(), path, base, failure);
  if (!header) return std::nullopt;
  return ArrayView{header->element, std::move(header->shape), bytes.substr(header->dataAt)};
}

std::optional<Array> decodeNpy(std::string_view bytes, const std::string& path, std::int64_t base, Failure& failure) {
  const std::optional<ArrayView> view = viewNpy(bytes, path, base, failure);
  if (!view) return std::nullopt;
  Array array{view->element, view->shape, {}};
  if (!resize(array.bytes, static_cast<std::int64_t>(view->bytes.size()))) {
    fail(failure, path, base, "does not fit into memory");
    return std::nullopt;
  }
  if (!view->bytes.empty()) std::memcpy(array.bytes.data(), view->bytes.data(), view->bytes.size());
  return array;
}

std::string encodeNpy(const Array& array) {
  std::string header = "{'descr': '" + std::string(descriptor(array.element)) + "', 'fortran_order': False, 'shape': (";
  for (std::size_t axis = 0; axis < array.shape.size(); ++axis)
    header += (axis > 0 ? ", " : "") + std::to_string(array.shape[axis]);
  header += array.shape.size() == 1 ? ",), }" : "), }";
  // Magic, version and length are 10 bytes; the elements start at a multiple of 64, and the header ends in a line end.
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string bytes(kMagic);
  bytes += '\x01';
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  if (array.element == Element::BF16) return bytes + widened(array.bytes);
  bytes.append(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
  return bytes;
}

std::optional<Array> readNpy(const std::string& path, Failure& failure) {
  const std::optional<std::string> bytes = readFile(path, failure);
  if (!bytes) return std::nullopt;
  return decodeNpy(*bytes, path, 0, failure);
}

}  // namespace nnc::runtime
