#include "syntax/text.h"

#include <string_view>

#include "diagnostics/kinds/syntax.h"

namespace nnc::syntax {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr char32_t kReplacement = 0xFFFD;
constexpr int kMostBadBytes = 20;

struct Decoded {
  char32_t value = 0;
  std::uint32_t bytes = 0;  // 0: not UTF-8
};

/// Decodes the code point at `at`: shortest form only, no surrogates, at most U+10FFFF.
Decoded decodeAt(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::uint32_t length = first >= 0xC2 && first < 0xE0   ? 2
                               : first >= 0xE0 && first < 0xF0 ? 3
                               : first >= 0xF0 && first < 0xF5 ? 4
                                                               : 0;
  if (length == 0 || at + length > text.size()) return {};
  char32_t value = first & (0xFF >> (length + 1));
  for (std::uint32_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3F);
  }
  const bool isShortest = value >= (length == 2 ? 0x80u : length == 3 ? 0x800u : 0x10000u);
  const bool isSurrogate = value >= 0xD800 && value < 0xE000;
  if (!isShortest || isSurrogate || value > 0x10FFFF) return {};
  return {value, length};
}

/// Characters that do not show, or that reorder what shows.
bool isHidden(char32_t c) {
  const bool isControl = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7F && c < 0xA0);
  const bool isBidirectional =
      c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  const bool isInvisible = c == 0x200B || c == 0x2060 || c == 0x2028 || c == 0x2029;
  return isControl || isBidirectional || isInvisible;
}

bool isPlainAscii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x7F || (c < 0x20 && c != '\n' && c != '\t' && c != '\r')) return false;
  return true;
}

}  // namespace

std::string codePointName(char32_t c) { return fmt::format("U+{:04X}", static_cast<std::uint32_t>(c)); }

char32_t firstCodePoint(std::string_view text) {
  const Decoded c = decodeAt(text, 0);
  return c.bytes == 0 ? kReplacement : c.value;
}

void appendUtf8(std::string& text, char32_t c) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    text += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

DecodedText decode(FileId file, const SourceManager& sources, Diagnostics& diagnostics) {
  const std::string_view text = sources.text(file);
  DecodedText result;
  if (text.starts_with(kByteOrderMark)) result.base = static_cast<std::uint32_t>(kByteOrderMark.size());
  if (isPlainAscii(text.substr(result.base))) {
    result.utf8 = text.substr(result.base);
    return result;
  }
  int badBytes = 0;
  for (std::size_t at = result.base; at < text.size();) {
    Decoded c = decodeAt(text, at);
    const auto begin = static_cast<std::uint32_t>(at);
    if (c.bytes == 0) {
      if (++badBytes <= kMostBadBytes)
        diagnostics.emit<diag::InvalidUtf8>({file, begin, begin + 1},
                                            static_cast<int>(static_cast<unsigned char>(text[at])));
      c = {kReplacement, 1};
    } else if (c.value == 0xFEFF) {
      diagnostics.emit<diag::MisplacedByteOrderMark>({file, begin, begin + c.bytes})
          .help("delete it; it does not show in most editors");
      c.value = ' ';
    } else if (isHidden(c.value)) {
      result.hidden.push_back({file, begin, begin + c.bytes});
    }
    result.byteOf.push_back(begin);
    appendUtf8(result.utf8, c.value);
    at += c.bytes;
  }
  result.byteOf.push_back(static_cast<std::uint32_t>(text.size()));
  return result;
}

}  // namespace nnc::syntax
