#include "syntax/literals.h"

#include <algorithm>
#include <charconv>

#include "diagnostics/kinds/syntax.h"
#include "syntax/text.h"

namespace nnc::syntax {

static std::string withoutUnderscores(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  return digits;
}

std::optional<std::int64_t> integerValue(std::string_view text) {
  const bool isHex = text.size() > 2 && (text[1] == 'x' || text[1] == 'X');
  const std::string digits = withoutUnderscores(isHex ? text.substr(2) : text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, isHex ? 16 : 10);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<double> realValue(std::string_view text) {
  const std::string digits = withoutUnderscores(text);
  double value = 0.0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

bool checkNumber(std::string_view text, Span span, bool isReal, Diagnostics& diagnostics) {
  const bool startsWithZero =
      text.size() > 1 && text[0] == '0' && (text[1] == '_' || (text[1] >= '0' && text[1] <= '9'));
  if (startsWithZero) {
    std::string_view shorter = text;
    while (shorter.size() > 1 && (shorter[0] == '0' || shorter[0] == '_') && shorter[1] != '.' && shorter[1] != 'e' &&
           shorter[1] != 'E')
      shorter.remove_prefix(1);
    diagnostics.emit<diag::LeadingZeros>(span, text).help(fmt::format("write `{}`", shorter));
    return false;
  }
  if (isReal && !realValue(text)) {
    diagnostics.emit<diag::RealOutOfRange>(span, text);
    return false;
  }
  if (!isReal && !integerValue(text)) {
    diagnostics.emit<diag::IntegerTooLarge>(span, text)
        .help(fmt::format("write `{}.0` for a real number", withoutUnderscores(text)));
    return false;
  }
  return true;
}

namespace {

/// One escape: its bytes, and what it stands for (empty: not an escape of .nn).
struct Escape {
  std::size_t bytes = 2;
  std::optional<char32_t> value;
  bool isUnicode = false;
};

/// Needs: text[0] is a backslash and another character follows.
Escape readEscape(std::string_view text) {
  switch (text[1]) {
    case '\\':
      return {2, U'\\'};
    case '"':
      return {2, U'"'};
    case 'n':
      return {2, U'\n'};
    case 't':
      return {2, U'\t'};
    case 'u':
      break;
    default:
      return {};
  }
  Escape escape{2, std::nullopt, true};
  if (text.size() < 3 || text[2] != '{') return escape;
  const std::size_t close = text.find('}');
  if (close == std::string_view::npos) return escape;
  escape.bytes = close + 1;
  const std::string_view digits = text.substr(3, close - 3);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  const bool isNumber = error == std::errc{} && end == digits.data() + digits.size() && digits.size() <= 6;
  const bool isSurrogate = value >= 0xD800 && value < 0xE000;
  if (isNumber && value > 0 && value <= 0x10FFFF && !isSurrogate) escape.value = value;
  return escape;
}

/// Bytes of the character at the start of `text`, for pointing at it.
std::size_t characterBytes(std::string_view text) {
  std::size_t bytes = 1;
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) ++bytes;
  return bytes;
}

}  // namespace

std::string stringValue(std::string_view text) {
  std::string value;
  std::string_view rest = text.substr(1, text.size() - 2);
  while (!rest.empty()) {
    if (rest[0] != '\\') {
      const std::size_t plain = std::min(rest.find('\\'), rest.size());
      value += rest.substr(0, plain);
      rest.remove_prefix(plain);
      continue;
    }
    const Escape escape = readEscape(rest);
    if (escape.value) appendUtf8(value, *escape.value);
    rest.remove_prefix(escape.bytes);
  }
  return value;
}

bool checkString(std::string_view text, Span span, std::int64_t longest, Diagnostics& diagnostics) {
  const std::string_view inside = text.substr(1, text.size() - 2);
  if (static_cast<std::int64_t>(inside.size()) > longest) {
    diagnostics.emit<diag::StringTooLong>({span.file, span.begin, span.begin + 1}, inside.size(), longest);
    return false;
  }
  bool isGood = true;
  for (std::size_t at = inside.find('\\'); at != std::string_view::npos; at = inside.find('\\', at)) {
    const std::string_view rest = inside.substr(at);
    const Escape escape = readEscape(rest);
    if (!escape.value) {
      const std::size_t bytes = escape.isUnicode ? escape.bytes : 1 + characterBytes(rest.substr(1));
      const auto begin = static_cast<std::uint32_t>(span.begin + 1 + at);
      const Span place{span.file, begin, static_cast<std::uint32_t>(begin + bytes)};
      if (escape.isUnicode)
        diagnostics.emit<diag::BadUnicodeEscape>(place, rest.substr(0, bytes));
      else
        diagnostics.emit<diag::BadEscape>(place, rest.substr(0, bytes)).help("for a backslash itself write `\\\\`");
      isGood = false;
    }
    at += std::min(escape.bytes, rest.size());
  }
  return isGood;
}

}  // namespace nnc::syntax
