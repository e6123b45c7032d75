#include "syntax/lex.h"

#include "diagnostics/kinds/syntax.h"
#include "syntax/brackets.h"
#include "syntax/foreign.h"
#include "syntax/literals.h"
#include "syntax/separators.h"
#include "syntax/text.h"

namespace nnc::syntax {

using generated::NNLexer;

Span spanOf(const antlr4::Token& token, FileId file) {
  return {file, static_cast<std::uint32_t>(token.getStartIndex()),
          static_cast<std::uint32_t>(token.getStopIndex() + 1)};
}

namespace {

class Reader {
 public:
  Reader(FileId file, const SourceManager& sources, const Limits& limits, Diagnostics& diagnostics)
      : file_(file),
        sources_(sources),
        limits_(limits),
        diagnostics_(diagnostics),
        text_(decode(file, sources, diagnostics)) {}

  LexedFile run() {
    out_.input = std::make_unique<antlr4::ANTLRInputStream>(text_.utf8);
    out_.lexer = std::make_unique<NNLexer>(out_.input.get());
    out_.lexer->removeErrorListeners();
    const int errorsBefore = diagnostics_.errorCount();
    bool atEnd = false;
    while (!atEnd && diagnostics_.errorCount() - errorsBefore < kMostErrors) {
      std::unique_ptr<antlr4::Token> next = out_.lexer->nextToken();
      std::unique_ptr<antlr4::CommonToken> token(static_cast<antlr4::CommonToken*>(next.release()));
      toBytes(*token);
      atEnd = token->getType() == antlr4::Token::EOF;
      warnOfHidden(*token);
      if (token->getChannel() != antlr4::Token::DEFAULT_CHANNEL) {
        if (token->getType() == NNLexer::DOC) out_.docs.push_back(spanOf(*token, file_));
        continue;
      }
      if (accept(*token)) out_.tokens.push_back(std::move(token));
    }
    if (!atEnd) out_.isParsable = false;
    return std::move(out_);
  }

 private:
  Span span(const antlr4::Token& token) const { return spanOf(token, file_); }
  std::string_view text(const antlr4::Token& token) const { return sources_.text(span(token)); }
  antlr4::CommonToken* last() { return out_.tokens.empty() ? nullptr : out_.tokens.back().get(); }
  bool isAdjacent(const antlr4::Token& token) {
    return last() != nullptr && last()->getStopIndex() + 1 == token.getStartIndex();
  }
  void cannotRepair(const antlr4::Token& token) {
    out_.reportedLines.insert(sources_.place(file_, static_cast<std::uint32_t>(token.getStartIndex())).line);
  }

  void toBytes(antlr4::CommonToken& token) const {
    const std::size_t begin = token.getStartIndex(), end = token.getStopIndex() + 1;
    token.setStartIndex(text_.byteOffset(begin));
    token.setStopIndex(text_.byteOffset(token.getType() == antlr4::Token::EOF ? begin : end) - std::size_t{1});
  }

  /// Hidden characters outside of comments and strings are errors of their own (BAD_CHARACTER).
  void warnOfHidden(const antlr4::Token& token) {
    const Span place = span(token);
    for (; nextHidden_ < text_.hidden.size() && text_.hidden[nextHidden_].begin < place.end; ++nextHidden_) {
      const Span hidden = text_.hidden[nextHidden_];
      const bool isText = token.getChannel() != antlr4::Token::DEFAULT_CHANNEL || token.getType() == NNLexer::STRING;
      if (hidden.begin >= place.begin && isText)
        diagnostics_.emit<diag::HiddenCharacter>(hidden, codePointName(firstCodePoint(sources_.text(hidden))));
    }
  }

  /// Checks and repairs one token. False: it is dropped.
  bool accept(antlr4::CommonToken& token) {
    switch (token.getType()) {
      case NNLexer::BAD_COMMENT:
        return badComment(token);
      case NNLexer::BAD_STRING:
        return badString(token);
      case NNLexer::BAD_NUMBER:
        return badNumber(token);
      case NNLexer::BAD_NAME:
        return badName(token);
      case NNLexer::BAD_CHARACTER:
        return badCharacter(token);
      case NNLexer::STRING:
        checkString(text(token), span(token), limits_.stringBytes, diagnostics_);
        return true;
      case NNLexer::INT:
      case NNLexer::FLOAT:
        return number(token);
      case NNLexer::DOT:
        return dot(token);
      case NNLexer::ID:
        return name(token);
      case NNLexer::PLUS:
        return plus(token);
      case NNLexer::FOREIGN_AND:
        return foreign(token, NNLexer::AND);
      case NNLexer::FOREIGN_OR:
        return foreign(token, NNLexer::OR);
      case NNLexer::FOREIGN_NOT:
        return foreign(token, NNLexer::NOT);
      case NNLexer::FOREIGN_POWER:
        return foreign(token, NNLexer::POW);
      case NNLexer::FOREIGN_DEFINE:
        cannotRepair(token);
        return foreign(token, NNLexer::ASSIGN);
      case NNLexer::FOREIGN_QUESTION:
        foreign(token, NNLexer::FOREIGN_QUESTION);
        cannotRepair(token);
        return false;
      case NNLexer::FOREIGN_ASSIGN:
        return assignment(token);
      case NNLexer::FOREIGN_COMMENT:
        diagnostics_.emit<diag::ForeignComment>(firstByte(token)).help("a comment starts with `//`");
        return false;
      case NNLexer::FOREIGN_STRING:
        return singleQuotes(token);
      default:
        return true;
    }
  }

  Span firstByte(const antlr4::Token& token) const {
    Span place = span(token);
    place.end = place.begin + 1;
    return place;
  }

  bool badComment(const antlr4::Token& token) {
    const Span place = span(token);
    diagnostics_.emit<diag::UnterminatedComment>({file_, place.begin, place.begin + 2}).help("close it with `*/`");
    out_.isParsable = false;  // the rest of the file is inside the comment
    return false;
  }

  bool badString(antlr4::CommonToken& token) {
    diagnostics_.emit<diag::UnterminatedString>(span(token))
        .help("close it with `\"` on the same line; `\\n` stands for a line end");
    token.setType(NNLexer::STRING);
    cannotRepair(token);
    return true;
  }

  bool badNumber(antlr4::CommonToken& token) {
    DiagnosticBuilder message = diagnostics_.emit<diag::BadNumber>(span(token), text(token));
    const std::string_view word = text(token);
    if (word.starts_with("0b") || word.starts_with("0B"))
      message.help("numbers are decimal or hexadecimal (`0xff`)");
    else if (word.ends_with("f") || word.ends_with("F"))
      message.help(fmt::format("write `{}`; the type follows from the use", word.substr(0, word.size() - 1)));
    else
      message.help("put a space between a number and a name; `_` stands between digits only");
    token.setType(NNLexer::INT);
    return true;
  }

  bool badName(antlr4::CommonToken& token) {
    diagnostics_.emit<diag::NonAsciiName>(span(token), text(token))
        .help("names are `A-Z a-z 0-9 _`, so that each can stand in a C header");
    token.setType(NNLexer::ID);
    return true;
  }

  bool badCharacter(const antlr4::Token& token) {
    cannotRepair(token);
    const char32_t c = firstCodePoint(text(token));
    if (c == 0xFFFD && text(token) != "\xEF\xBF\xBD") return false;  // a byte that was already reported
    const bool isVisible = c > 0x20 && c != 0x7F;
    const std::string shown = isVisible ? fmt::format("`{}` ({})", text(token), codePointName(c)) : codePointName(c);
    DiagnosticBuilder message = diagnostics_.emit<diag::UnexpectedCharacter>(span(token), shown);
    if (const std::string_view help = signHelp(c); !help.empty()) message.help(std::string(help));
    return false;
  }

  bool number(antlr4::CommonToken& token) {
    const bool isReal = token.getType() == NNLexer::FLOAT;
    checkNumber(text(token), span(token), isReal, diagnostics_);
    if (!isReal && isAdjacent(token) && last()->getType() == NNLexer::DOT && !followsOperand_) {
      const Span place = cover(span(*last()), span(token));
      diagnostics_.emit<diag::DigitNeeded>(place, sources_.text(place))
          .help(fmt::format("write `0{}`", sources_.text(place)));
      out_.tokens.pop_back();
    }
    return true;
  }

  /// `1.` is a number without a digit after the point; `x.5` and `.5` show when the number follows.
  bool dot(const antlr4::Token& token) {
    followsOperand_ = isAdjacent(token) && isOperandEnd(last()->getType());
    if (!isAdjacent(token) || last()->getType() != NNLexer::INT) return true;
    const Span place = cover(span(*last()), span(token));
    diagnostics_.emit<diag::DigitNeeded>(place, sources_.text(place))
        .help(fmt::format("write `{}0`", sources_.text(place)));
    return false;
  }

  static bool isOperandEnd(std::size_t type) {
    return type == NNLexer::ID || type == NNLexer::RPAREN || type == NNLexer::RBRACKET || type == NNLexer::INT ||
           type == NNLexer::FLOAT;
  }

  bool name(const antlr4::Token& token) {
    const std::string_view word = text(token);
    if (static_cast<std::int64_t>(word.size()) > limits_.identifierBytes)
      diagnostics_.emit<diag::NameTooLong>(span(token), word.size(), limits_.identifierBytes);
    return true;
  }

  bool plus(antlr4::CommonToken& token) {
    if (!isAdjacent(token) || last()->getType() != NNLexer::PLUS) return true;
    const Span place = cover(span(*last()), span(token));
    reportForeign(place);
    cannotRepair(token);
    out_.tokens.pop_back();
    return false;
  }

  void reportForeign(Span place) {
    DiagnosticBuilder message = diagnostics_.emit<diag::ForeignOperator>(place, sources_.text(place));
    if (const std::string_view help = operatorHelp(sources_.text(place)); !help.empty())
      message.help(std::string(help));
  }

  bool foreign(antlr4::CommonToken& token, std::size_t ours) {
    reportForeign(span(token));
    token.setType(ours);
    return true;
  }

  bool assignment(antlr4::CommonToken& token) {
    std::string_view operation = text(token);
    operation.remove_suffix(1);
    diagnostics_.emit<diag::AssignmentInPlace>(span(token), text(token))
        .help(fmt::format(
            "give the result a name: `let y = x {0} ..`; a state takes its next value with `update s = s {0} ..`",
            operation));
    token.setType(NNLexer::ASSIGN);
    cannotRepair(token);
    return true;
  }

  bool singleQuotes(antlr4::CommonToken& token) {
    const std::string_view quoted = text(token);
    diagnostics_.emit<diag::SingleQuotes>(span(token))
        .help(fmt::format("write `\"{}\"`", quoted.substr(1, quoted.size() - 2)));
    token.setType(NNLexer::STRING);
    return true;
  }

  FileId file_;
  const SourceManager& sources_;
  const Limits& limits_;
  Diagnostics& diagnostics_;
  DecodedText text_;
  LexedFile out_;
  std::size_t nextHidden_ = 0;
  bool followsOperand_ = false;  // the last `.` stood right behind an operand
};

}  // namespace

LexedFile lex(FileId file, const SourceManager& sources, const Limits& limits, Diagnostics& diagnostics) {
  const auto bytes = static_cast<std::int64_t>(sources.text(file).size());
  if (bytes > limits.fileBytes) {
    diagnostics.emit<diag::SourceTooLarge>({file, 0, 0}, sources.name(file), bytes, limits.fileBytes);
    LexedFile nothing;
    nothing.isParsable = false;
    return nothing;
  }
  LexedFile lexed = Reader(file, sources, limits, diagnostics).run();
  if (lexed.isParsable) lexed.isParsable = matchBrackets(lexed, file, sources, limits, diagnostics);
  if (lexed.isParsable) dropSeparators(lexed, file, diagnostics);
  return lexed;
}

}  // namespace nnc::syntax
