// Tokens of IR text, and a reader that takes them one by one and reports what it did not expect. Internal to ir/.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "ir/types.h"
#include "support/source.h"

namespace nnc::ir::text {

enum class TokenKind : std::uint8_t { Word, Value, Function, Number, String, Symbol, End };

struct Token {
  TokenKind kind = TokenKind::End;
  std::uint32_t begin = 0, end = 0;
};

/// Reads the tokens of one file. A function that returns false or an empty optional has reported (E1001).
class Reader {
 public:
  Reader(FileId file, const SourceManager& sources, Diagnostics& diagnostics)
      : file_(file), text_(sources.text(file)), diagnostics_(diagnostics) {}

  /// Cuts the text into tokens. Call it first, once.
  [[nodiscard]] bool tokenize();

  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  std::size_t position() const { return at_; }
  void seek(std::size_t position) { at_ = position; }
  void advance() { at_ = std::min(at_ + 1, tokens_.size() - 1); }
  std::string_view text(const Token& token) const { return text_.substr(token.begin, token.end - token.begin); }
  Span span(const Token& token) const { return {file_, token.begin, token.end}; }
  /// From the token at `from` to the one before the current.
  Span spanSince(std::size_t from) const;

  bool isSymbol(std::string_view symbol, std::size_t ahead = 0) const;
  bool isWord(std::string_view word) const;
  bool accept(std::string_view symbol);
  bool acceptWord(std::string_view word);
  [[nodiscard]] bool expect(std::string_view symbol);
  [[nodiscard]] bool expectWord(std::string_view word);
  /// "expected WHAT, found ..." at the current token; always false.
  bool unexpected(std::string_view what);
  bool fail(Span where, const std::string& message);

  [[nodiscard]] std::optional<std::string> readWord(std::string_view what);
  [[nodiscard]] std::optional<std::string> readString();
  [[nodiscard]] std::optional<std::string> readFunctionName();
  [[nodiscard]] std::optional<std::int64_t> readInteger(std::int64_t least, std::int64_t most);
  [[nodiscard]] std::optional<std::uint64_t> readHexadecimal();
  /// A number, inf, nan or nan(0xBITS), rounded to `dtype`.
  [[nodiscard]] std::optional<double> readReal(DType dtype);
  [[nodiscard]] std::optional<Type> readType();
  /// `[1, 2, 3]`
  [[nodiscard]] std::optional<Shape> readIntegers(std::int64_t least, std::int64_t most);

 private:
  bool addToken(std::size_t& at);
  std::size_t endOfName(std::size_t at) const;
  std::size_t endOfNumber(std::size_t at) const;
  std::optional<std::size_t> endOfString(std::size_t at);
  std::optional<std::string> unescape(std::string_view quoted, std::uint32_t at);

  FileId file_;
  std::string_view text_;
  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;  // ends with End
  std::size_t at_ = 0;
};

}  // namespace nnc::ir::text
