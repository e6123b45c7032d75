#include "ir/text_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "diagnostics/kinds/ir.h"
#include "ir/tensor.h"

namespace nnc::ir::text {

static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool isNamePart(char c) { return isLetter(c) || isDigit(c) || c == '_' || c == '.'; }

bool Reader::tokenize() {
  if (text_.size() >= std::numeric_limits<std::uint32_t>::max()) return fail({file_, 0, 0}, "the text exceeds 4 GiB");
  std::size_t at = 0;
  while (at < text_.size()) {
    const char c = text_[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
      ++at;
    else if (text_.substr(at, 2) == "//")
      at = std::min(text_.find('\n', at), text_.size());
    else if (!addToken(at))
      return false;
  }
  const auto end = static_cast<std::uint32_t>(text_.size());
  tokens_.push_back({TokenKind::End, end, end});
  return true;
}

bool Reader::addToken(std::size_t& at) {
  const std::size_t begin = at;
  const char c = text_[at], next = at + 1 < text_.size() ? text_[at + 1] : '\0';
  Token token{TokenKind::Symbol, static_cast<std::uint32_t>(at), 0};
  if (c == '"' || (c == '@' && next == '"')) {
    const std::optional<std::size_t> end = endOfString(c == '@' ? at + 2 : at + 1);
    if (!end) return false;
    token.kind = c == '@' ? TokenKind::Function : TokenKind::String;
    at = *end;
  } else if ((c == '@' || c == '%') && isNamePart(next)) {
    token.kind = c == '@' ? TokenKind::Function : TokenKind::Value;
    at = endOfName(at + 1);
  } else if (isDigit(c) || (c == '-' && isNamePart(next))) {
    token.kind = TokenKind::Number;
    at = endOfNumber(at);
  } else if (isLetter(c) || c == '_') {
    token.kind = TokenKind::Word;
    at = endOfName(at);
  } else if (text_.substr(at, 2) == "->") {
    at += 2;
  } else if (std::string_view("()[]{},:=").find(c) != std::string_view::npos) {
    ++at;
  } else {
    return fail({file_, token.begin, token.begin + 1}, "a character that has no meaning here");
  }
  token.end = static_cast<std::uint32_t>(at);
  tokens_.push_back(token);
  return at > begin;
}

std::size_t Reader::endOfName(std::size_t at) const {
  while (at < text_.size() && isNamePart(text_[at])) ++at;
  return at;
}

std::size_t Reader::endOfNumber(std::size_t at) const {
  const std::size_t begin = at;
  if (text_[at] == '-') ++at;
  const bool isHexadecimal = text_.substr(at, 2) == "0x";
  while (at < text_.size()) {
    const bool afterExponent = !isHexadecimal && at > begin && (text_[at - 1] == 'e' || text_[at - 1] == 'E');
    if (!isNamePart(text_[at]) && !(afterExponent && (text_[at] == '-' || text_[at] == '+'))) break;
    ++at;
  }
  return at;
}

std::optional<std::size_t> Reader::endOfString(std::size_t at) {
  const std::size_t begin = at;
  for (; at < text_.size() && text_[at] != '\n'; ++at) {
    if (text_[at] == '"') return at + 1;
    if (text_[at] == '\\') ++at;
  }
  fail({file_, static_cast<std::uint32_t>(begin - 1), static_cast<std::uint32_t>(begin)},
       "the string does not end on its line");
  return std::nullopt;
}

std::optional<std::string> Reader::unescape(std::string_view quoted, std::uint32_t at) {
  std::string out;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] != '\\') {
      out += quoted[i];
      continue;
    }
    const char next = i + 1 < quoted.size() ? quoted[i + 1] : '\0';
    if (next == '"' || next == '\\') {
      out += next;
      ++i;
      continue;
    }
    unsigned code = 0;
    const char* digits = quoted.data() + i + 2;
    const bool fits = next == 'x' && i + 4 <= quoted.size();
    if (!fits || std::from_chars(digits, digits + 2, code, 16).ptr != digits + 2) {
      const auto begin = static_cast<std::uint32_t>(at + i);
      fail({file_, begin, begin + 1}, "`\\` is followed by `\"`, `\\` or `x` and two digits");
      return std::nullopt;
    }
    out += static_cast<char>(code);
    i += 3;
  }
  return out;
}

Span Reader::spanSince(std::size_t from) const {
  return {file_, tokens_[from].begin, at_ > from ? tokens_[at_ - 1].end : tokens_[from].end};
}

bool Reader::isSymbol(std::string_view symbol, std::size_t ahead) const {
  return peek(ahead).kind == TokenKind::Symbol && text(peek(ahead)) == symbol;
}
bool Reader::isWord(std::string_view word) const { return peek().kind == TokenKind::Word && text(peek()) == word; }

bool Reader::accept(std::string_view symbol) {
  if (!isSymbol(symbol)) return false;
  advance();
  return true;
}
bool Reader::acceptWord(std::string_view word) {
  if (!isWord(word)) return false;
  advance();
  return true;
}
bool Reader::expect(std::string_view symbol) { return accept(symbol) || unexpected("`" + std::string(symbol) + "`"); }
bool Reader::expectWord(std::string_view word) { return acceptWord(word) || unexpected("`" + std::string(word) + "`"); }

bool Reader::unexpected(std::string_view what) {
  constexpr std::size_t kLongest = 40;  // hostile tokens may be long
  std::string found =
      peek().kind == TokenKind::End ? "the end of the text" : "`" + std::string(text(peek()).substr(0, kLongest)) + "`";
  if (text(peek()).size() > kLongest) found.insert(found.size() - 1, "...");
  return fail(span(peek()), fmt::format("expected {}, found {}", what, found));
}
bool Reader::fail(Span where, const std::string& message) {
  diagnostics_.emit<diag::IrSyntax>(where, message);
  return false;
}

std::optional<std::string> Reader::readWord(std::string_view what) {
  if (peek().kind != TokenKind::Word) {
    unexpected(what);
    return std::nullopt;
  }
  std::string word(text(peek()));
  advance();
  return word;
}

std::optional<std::string> Reader::readString() {
  const Token token = peek();
  if (token.kind != TokenKind::String) {
    unexpected("a string");
    return std::nullopt;
  }
  advance();
  return unescape(text(token).substr(1, token.end - token.begin - 2), token.begin + 1);
}

std::optional<std::string> Reader::readFunctionName() {
  const Token token = peek();
  if (token.kind != TokenKind::Function) {
    unexpected("a function's name");
    return std::nullopt;
  }
  advance();
  const std::string_view name = text(token).substr(1);
  return name.starts_with('"') ? unescape(name.substr(1, name.size() - 2), token.begin + 2) : std::string(name);
}

std::optional<std::int64_t> Reader::readInteger(std::int64_t least, std::int64_t most) {
  if (peek().kind != TokenKind::Number) {
    unexpected("a whole number");
    return std::nullopt;
  }
  const std::string_view digits = text(peek());
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range || (error == std::errc() && (value < least || value > most))) {
    fail(span(peek()), fmt::format("the number is outside {}..{}", least, most));
    return std::nullopt;
  }
  if (error != std::errc() || end != digits.data() + digits.size()) {
    unexpected("a whole number");
    return std::nullopt;
  }
  advance();
  return value;
}

std::optional<std::uint64_t> Reader::readHexadecimal() {
  const std::string_view digits = text(peek());
  std::uint64_t value = 0;
  const bool hasPrefix = peek().kind == TokenKind::Number && digits.starts_with("0x") && digits.size() > 2;
  const char* end = digits.data() + digits.size();
  if (!hasPrefix || std::from_chars(digits.data() + 2, end, value, 16).ptr != end) {
    unexpected("a hexadecimal number of at most 64 bits");
    return std::nullopt;
  }
  if (std::from_chars(digits.data() + 2, end, value, 16).ec != std::errc()) {
    unexpected("a hexadecimal number of at most 64 bits");
    return std::nullopt;
  }
  advance();
  return value;
}

template <typename T>
static bool readWhole(std::string_view digits, T& value) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size();
}

std::optional<double> Reader::readReal(DType dtype) {
  if (acceptWord("nan")) {
    if (!accept("(")) return std::numeric_limits<double>::quiet_NaN();
    const Span where = span(peek());
    const std::optional<std::uint64_t> bits = readHexadecimal();
    if (!bits || !expect(")")) return std::nullopt;
    const auto value = std::bit_cast<double>(*bits);
    if (std::isnan(value)) return value;
    fail(where, fmt::format("{:#x} are not the bits of a NaN", *bits));
    return std::nullopt;
  }
  if (acceptWord("inf")) return std::numeric_limits<double>::infinity();
  double value = 0;
  float narrow = 0;
  // Rounded once, straight to the dtype: through double first, a number next to a tie could go the other way.
  const bool isRead = peek().kind == TokenKind::Number &&
                      (dtype == DType::F64 ? readWhole(text(peek()), value) : readWhole(text(peek()), narrow));
  if (!isRead) {
    unexpected(fmt::format("a number within the range of {}", dtypeName(dtype)));
    return std::nullopt;
  }
  advance();
  if (dtype == DType::BF16) narrow = bf16ToFloat(floatToBf16(narrow));
  return dtype == DType::F64 ? value : static_cast<double>(narrow);
}

std::optional<Shape> Reader::readIntegers(std::int64_t least, std::int64_t most) {
  Shape values;
  if (!expect("[")) return std::nullopt;
  if (accept("]")) return values;
  do {
    const std::optional<std::int64_t> value = readInteger(least, most);
    if (!value) return std::nullopt;
    values.push_back(*value);
  } while (accept(","));
  if (!expect("]")) return std::nullopt;
  return values;
}

std::optional<Type> Reader::readType() {
  const std::size_t from = position();
  const std::optional<DType> dtype = peek().kind == TokenKind::Word ? parseDType(text(peek())) : std::nullopt;
  if (!dtype) {
    unexpected("a type");
    return std::nullopt;
  }
  advance();
  Type type{*dtype, {}};
  if (isSymbol("[")) {
    std::optional<Shape> shape =
        readIntegers(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
    if (!shape) return std::nullopt;
    type.shape = std::move(*shape);
  }
  if (const std::string error = shapeLimitError(type.shape); !error.empty()) {
    fail(spanSince(from), error);
    return std::nullopt;
  }
  return type;
}

}  // namespace nnc::ir::text
