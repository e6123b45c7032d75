#include "syntax/brackets.h"

#include <algorithm>

#include "diagnostics/kinds/syntax.h"
#include "syntax/expected.h"

namespace nnc::syntax {

using generated::NNLexer;

namespace {

/// An open bracket, or the head of an expression that nests without one (`if c then`, `repeat n`, `scan t in`).
struct Open {
  std::size_t type;  // type of the token that opened it
  Span span;
  bool isHead() const { return type == NNLexer::IF || type == NNLexer::REPEAT || type == NNLexer::SCAN; }
};

std::size_t closerOf(std::size_t opener) {
  if (opener == NNLexer::LPAREN) return NNLexer::RPAREN;
  return opener == NNLexer::LBRACKET ? NNLexer::RBRACKET : NNLexer::RBRACE;
}

std::string_view textOf(std::size_t bracket) {
  switch (bracket) {
    case NNLexer::LPAREN:
      return "(";
    case NNLexer::RPAREN:
      return ")";
    case NNLexer::LBRACKET:
      return "[";
    case NNLexer::RBRACKET:
      return "]";
    case NNLexer::LBRACE:
      return "{";
    default:
      return "}";
  }
}

class Matcher {
 public:
  Matcher(LexedFile& lexed, FileId file, const SourceManager& sources, const Limits& limits, Diagnostics& diagnostics)
      : lexed_(lexed),
        in_(std::move(lexed.tokens)),
        file_(file),
        sources_(sources),
        limits_(limits),
        diagnostics_(diagnostics) {}

  bool run() {
    lexed_.tokens.clear();
    lexed_.tokens.reserve(in_.size());
    const int errorsBefore = diagnostics_.errorCount();
    for (at_ = 0; at_ < in_.size(); ++at_) {
      const std::size_t type = in_[at_]->getType();
      if (startsStatement() || endsRound()) closeRound();
      if (startsDeclaration()) closeAll();
      if (diagnostics_.errorCount() - errorsBefore > kMostErrors) return false;
      take(type);
      if (static_cast<int>(open_.size()) > limits_.nesting) {
        diagnostics_.emit<diag::NestingTooDeep>(spanOf(*in_[at_], file_), limits_.nesting)
            .help("give inner parts names with `let`");
        return false;
      }
      lexed_.tokens.push_back(std::move(in_[at_]));
    }
    return true;
  }

 private:
  std::size_t typeAt(std::size_t index) const {
    return index < in_.size() ? in_[index]->getType() : antlr4::Token::EOF;
  }

  Span endOfPrevious() const {
    if (lexed_.tokens.empty()) return {file_, 0, 0};
    const std::uint32_t end = spanOf(*lexed_.tokens.back(), file_).end;
    return {file_, end, end};
  }

  bool startsLine() const {
    const std::uint32_t begin = spanOf(*in_[at_], file_).begin, previous = endOfPrevious().end;
    const std::string_view between = sources_.text(Span{file_, previous, begin});
    return between.find_first_of("\r\n") != std::string_view::npos;
  }

  /// A keyword that cannot stand between ( ) or [ ], at the start of a line and followed by what follows it in a
  /// statement.
  bool startsStatement() const {
    if (open_.empty() || open_.back().type == NNLexer::LBRACE || !startsLine()) return false;
    const std::size_t next = typeAt(at_ + 1);
    const bool isName = next != NNLexer::COLON && next != NNLexer::COMMA && next != NNLexer::RPAREN &&
                        next != NNLexer::RBRACKET && next != NNLexer::ASSIGN && next != NNLexer::DOT;
    // `if` starts expressions, too.
    const std::size_t type = typeAt(at_);
    const bool isStatement = (isStatementKeyword(type) && type != NNLexer::IF) || type == NNLexer::LET ||
                             type == NNLexer::IMPORT || type == NNLexer::EXPORT;
    return isStatement && isName;
  }

  /// Whether what stands between ( ) or [ ] must have ended before this token.
  bool endsRound() const {
    if (open_.empty() || (open_.back().type != NNLexer::LPAREN && open_.back().type != NNLexer::LBRACKET)) return false;
    const std::size_t type = typeAt(at_), previous = lexed_.tokens.back()->getType();  // at least the bracket
    const bool endsOperand = previous == NNLexer::ID || previous == NNLexer::RPAREN || previous == NNLexer::RBRACKET ||
                             previous == NNLexer::INT || previous == NNLexer::FLOAT || previous == NNLexer::STRING;
    // Braces inside of brackets belong to `repeat` and `scan`, which are open then.
    if (type == NNLexer::LBRACE) return endsOperand;
    // A new line that starts no deeper than the line of the bracket, and does not go on with the expression.
    const bool isNew = type == NNLexer::ID || (type >= NNLexer::AS && type <= NNLexer::WHEN);
    if (!endsOperand || !isNew || !startsLine()) return false;
    return columnOf(spanOf(*in_[at_], file_).begin) <= indentOf(open_.back().span.begin);
  }

  int columnOf(std::uint32_t offset) const { return sources_.place(file_, offset).column; }
  /// Column of the first character of the line that holds `offset`.
  int indentOf(std::uint32_t offset) const {
    const std::string_view line = sources_.line(file_, sources_.place(file_, offset).line);
    return static_cast<int>(std::min(line.find_first_not_of(" \t"), line.size())) + 1;
  }

  /// `fn name(` and its like in the first column: a declaration, so what is open was forgotten.
  bool startsDeclaration() const {
    if (open_.empty()) return false;
    const std::uint32_t begin = spanOf(*in_[at_], file_).begin;
    const std::string_view text = sources_.text(file_);
    const bool isFirstColumn = begin > 0 && (text[begin - 1] == '\n' || text[begin - 1] == '\r');
    if (!isFirstColumn) return false;
    const std::size_t after = typeAt(at_ + 2);
    switch (typeAt(at_)) {
      case NNLexer::FN:
      case NNLexer::LAYER:
      case NNLexer::NETWORK:
      case NNLexer::OPTIMIZER:
        return typeAt(at_ + 1) == NNLexer::ID && after == NNLexer::LPAREN;
      case NNLexer::DATA:
      case NNLexer::TRAIN:
      case NNLexer::EXPERIMENT:
        return typeAt(at_ + 1) == NNLexer::ID && (after == NNLexer::LPAREN || after == NNLexer::LBRACE);
      case NNLexer::EXPORT:
      case NNLexer::IMPORT:
        return typeAt(at_ + 1) != NNLexer::COLON;
      default:
        return false;
    }
  }

  /// Follows one token.
  void take(std::size_t type) {
    switch (type) {
      case NNLexer::IF:
      case NNLexer::REPEAT:
      case NNLexer::SCAN:
      case NNLexer::LPAREN:
      case NNLexer::LBRACKET:
        open_.push_back({type, spanOf(*in_[at_], file_)});
        break;
      case NNLexer::LBRACE:
        if (!open_.empty() && open_.back().isHead()) open_.pop_back();
        open_.push_back({type, spanOf(*in_[at_], file_)});
        break;
      case NNLexer::ELSE:
        if (!open_.empty() && open_.back().isHead()) open_.pop_back();
        break;
      case NNLexer::RPAREN:
      case NNLexer::RBRACKET:
      case NNLexer::RBRACE:
        close(type);
        break;
      case antlr4::Token::EOF:
        closeAll();
        break;
      default:
        break;
    }
  }

  void close(std::size_t type) {
    const auto partner = std::find_if(open_.rbegin(), open_.rend(), [&](const Open& o) {
      const bool isBarrier =
          o.type == NNLexer::LBRACE && type != NNLexer::RBRACE;  // a `)` closes nothing outside its block
      return isBarrier || (!o.isHead() && closerOf(o.type) == type);
    });
    if (partner == open_.rend() || closerOf(partner->type) != type) {
      // It stays: the parser skips it with the part that it spoils.
      const Span place = spanOf(*in_[at_], file_);
      diagnostics_.emit<diag::UnexpectedClose>(place, textOf(type));
      lexed_.reportedLines.insert(sources_.place(file_, place.begin).line);
      return;
    }
    const std::size_t keep = static_cast<std::size_t>(open_.rend() - partner) - 1;
    closeDownTo(keep + 1);
    open_.pop_back();
  }

  /// Closes what is open inside the innermost block.
  void closeRound() {
    std::size_t keep = open_.size();
    while (keep > 0 && open_[keep - 1].type != NNLexer::LBRACE) --keep;
    closeDownTo(keep);
  }

  void closeAll() { closeDownTo(0); }

  /// Leaves `keep` entries open. The innermost missing bracket is reported, the others are closed with it.
  void closeDownTo(std::size_t keep) {
    bool isReported = false;
    while (open_.size() > keep) {
      const Open open = open_.back();
      open_.pop_back();
      if (open.isHead()) continue;
      const std::size_t closer = closerOf(open.type);
      if (!isReported) {
        diagnostics_.emit<diag::MissingClose>(endOfPrevious(), textOf(closer))
            .also(open.span, fmt::format("this `{}` is never closed", textOf(open.type)));
        isReported = true;
      }
      insert(closer);
      lexed_.unclosed.push_back({file_, open.span.begin, endOfPrevious().end});
    }
  }

  void insert(std::size_t type) {
    const std::size_t end = endOfPrevious().end;
    const std::pair<antlr4::TokenSource*, antlr4::CharStream*> source(lexed_.lexer.get(), lexed_.input.get());
    lexed_.tokens.push_back(
        std::make_unique<antlr4::CommonToken>(source, type, antlr4::Token::DEFAULT_CHANNEL, end, end - 1));
  }

  LexedFile& lexed_;
  Tokens in_;
  FileId file_;
  const SourceManager& sources_;
  const Limits& limits_;
  Diagnostics& diagnostics_;
  std::vector<Open> open_;
  std::size_t at_ = 0;
};

}  // namespace

bool matchBrackets(LexedFile& lexed, FileId file, const SourceManager& sources, const Limits& limits,
                   Diagnostics& diagnostics) {
  return Matcher(lexed, file, sources, limits, diagnostics).run();
}

}  // namespace nnc::syntax
