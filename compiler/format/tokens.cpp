#include "format/tokens.h"

#include <iterator>

namespace nnc::format {

namespace {

bool endsLine(char c) { return c == '\n' || c == '\r'; }

std::string trimmed(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool isLineEnd = endsLine(text[i]);
    if (isLineEnd)
      while (!out.empty() && (out.back() == ' ' || out.back() == '\t')) out.pop_back();
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += isLineEnd ? '\n' : text[i];
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '\t')) out.pop_back();
  return out;
}

/// The comments of the text between two tokens.
class Gap {
 public:
  explicit Gap(std::string_view text, bool isFirst) : text_(text), lineEnds_(isFirst ? 1 : 0) {}

  void read(Token* previous, Token& next) {
    while (skipSpace()) {
      Comment comment = take();
      const bool isBehind = lineEnds_ == 0 && previous != nullptr;
      comment.blankBefore = lineEnds_ > 1;
      const bool startsLine = lineEnds_ > 0 || (previous == nullptr && next.before.empty());
      lineEnds_ = 0;
      const bool endsItsLine = comment.isLine || atLineEnd();
      comment.ownsLine = startsLine && endsItsLine;
      const bool staysBehind = isBehind && endsItsLine && next.before.empty();
      (staysBehind ? previous->after : next.before).push_back(std::move(comment));
    }
    next.blankBefore = lineEnds_ > 1;
  }

 private:
  /// False: nothing but space was left.
  bool skipSpace() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '/') return true;
      const bool isHalf = text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
      if (endsLine(text_[at_]) && !isHalf) ++lineEnds_;
    }
    return false;
  }

  Comment take() {
    Comment comment;
    comment.isLine = text_[at_ + 1] == '/';
    std::size_t end = at_ + 2;
    if (comment.isLine)
      while (end < text_.size() && !endsLine(text_[end])) ++end;
    else
      end = text_.find("*/", end) + 2;
    comment.text = trimmed(text_.substr(at_, end - at_));
    at_ = end;
    return comment;
  }

  bool atLineEnd() const {
    const std::size_t next = text_.find_first_not_of(" \t", at_);
    return next != std::string_view::npos && endsLine(text_[next]);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int lineEnds_ = 0;  // since the last token or comment
};

bool closes(const Token& token) {
  return token.kind == Token::Kind::Sign && (token.text == ")" || token.text == "]" || token.text == "}");
}

bool opens(const Token& token) {
  return token.kind == Token::Kind::Sign && (token.text == "(" || token.text == "[" || token.text == "{");
}

/// Whether `(x,)` before this `,` is a tuple of one, which needs its comma.
bool makesTuple(const std::vector<Token>& before) {
  int depth = 0;
  for (std::size_t i = before.size(); i-- > 0;) {
    if (closes(before[i])) ++depth;
    if (depth == 0 && before[i].is(",")) return false;
    if (!opens(before[i]) || depth-- > 0) continue;
    if (before[i].text != "(" || i == 0) return false;
    const Token& previous = before[i - 1];
    return previous.kind != Token::Kind::Name && !closes(previous) && !previous.isKeyword("param") &&
           !previous.isKeyword("state") && !previous.isKeyword("enum") && !previous.isKeyword("fn");
  }
  return false;
}

void matchBrackets(std::vector<Token>& tokens) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (opens(tokens[i])) open.push_back(i);
    if (!closes(tokens[i])) continue;
    tokens[i].partner = open.back();
    tokens[open.back()].partner = i;
    open.pop_back();
  }
}

void append(std::vector<Comment>& to, std::vector<Comment>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

}  // namespace

std::vector<Token> withComments(const std::vector<syntax::SourceToken>& source, const SourceManager& sources) {
  std::vector<Token> all(source.size());
  std::uint32_t end = 0;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const Span span = source[i].span;
    all[i].kind = source[i].kind;
    all[i].text = sources.text(span);
    all[i].startsItem = source[i].startsItem;
    Gap(sources.text(Span{span.file, end, span.begin}), i == 0).read(i == 0 ? nullptr : &all[i - 1], all[i]);
    end = span.end;
  }
  std::vector<Token> kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool isLastComma = all[i].is(",") && closes(all[i + 1]) && !makesTuple(kept);
    if (!(all[i].is(";") || isLastComma) || kept.empty()) {
      kept.push_back(std::move(all[i]));
      continue;
    }
    // The comments of what goes stay where they are.
    append(all[i].before, all[i + 1].before);
    all[i + 1].before = std::move(all[i].before);
    append(kept.back().after, all[i].after);
  }
  matchBrackets(kept);
  return kept;
}

}  // namespace nnc::format
