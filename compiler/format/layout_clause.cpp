// Words, brackets and the spaces between them.
#include <algorithm>

#include "format/layout.h"

namespace nnc::format {

namespace {

bool isOperandEnd(const Token& token) {
  return token.kind == Token::Kind::Name || token.kind == Token::Kind::Number || token.kind == Token::Kind::String ||
         token.is(")") || token.is("]") || token.is("}") || token.isKeyword("true") || token.isKeyword("false");
}

/// A keyword that is part of an expression.
bool isExprWord(const Token& token) {
  for (const std::string_view word : {"if", "then", "else", "not", "and", "or", "true", "false", "repeat", "scan"})
    if (token.isKeyword(word)) return true;
  return false;
}

/// A sign that stands between two expressions.
bool isConnector(const Token& token) {
  if (token.kind != Token::Kind::Sign) return false;
  return token.text == ":" || token.text == "->" || token.text == "," || token.text.ends_with("=") ||
         token.text == "=>";
}

bool isComparison(std::string_view text) { return text == "==" || text == "!=" || text == "<=" || text == ">="; }

/// Whether a clause may go on on the next line before this word.
bool startsLine(const Token& token) {
  for (const std::string_view word : {"for", "from", "when", "every", "carry", "at"})
    if (token.isKeyword(word)) return true;
  return false;
}

}  // namespace

bool Layout::isLambda(std::size_t index) const {
  return at(index).isKeyword("fn") && at(index + 1).is("(") && at(at(index + 1).partner + 1).is("=>");
}

bool Layout::spaceBefore(std::size_t index) const {
  const Token &previous = at(index - 1), &next = at(index);
  if (next.is(",") || next.is(")") || next.is("]") || next.is(":")) return false;
  if (previous.is("(") || previous.is("[") || previous.is(".") || previous.is("..")) return false;
  if (next.is(".")) return !isOperandEnd(previous);
  if (!next.is("(") && !next.is("[")) return true;
  if (previous.isKeyword("fn")) return isLambda(index - 1);
  const bool isCalled = previous.isKeyword("param") || previous.isKeyword("state") || previous.isKeyword("enum");
  return !isCalled && (!isOperandEnd(previous) || previous.kind == Token::Kind::String);
}

Doc Layout::token(std::size_t index) {
  Token& each = tokens_[index];
  std::vector<Doc> out;
  for (Comment& comment : each.before) {
    if (comment.ownsLine || comment.isLine) {
      out.push_back(hardLine());
      out.push_back(text(std::move(comment.text)));
      out.push_back(hardLine());
    } else {
      out.push_back(text(std::move(comment.text) + " "));
    }
  }
  out.push_back(text(std::string(each.text)));
  for (Comment& behind : each.after) {
    if (behind.isLine)
      out.push_back(comment(std::move(behind.text)));
    else
      out.push_back(text(" " + std::move(behind.text)));
  }
  each.before.clear();
  each.after.clear();
  if (out.size() == 1) return std::move(out[0]);
  return concat(std::move(out));
}

/// Expressions and the words between them: `vary act in [..]`, `state mu: f32[c] = 0.0`.
Doc Layout::clause(Range range) {
  std::vector<Doc> pieces;  // between them a line may end
  std::vector<Doc> piece;
  for (std::size_t i = range.begin; i < range.end;) {
    const Token& each = at(i);
    const bool isText = i > range.begin && each.kind == Token::Kind::String && at(i - 1).is(",");
    const bool breaks = i > range.begin && (startsLine(each) || isText);
    if (breaks) {
      pieces.push_back(concat(std::move(piece)));
      piece.clear();
    } else if (i > range.begin && spaceBefore(i)) {
      piece.push_back(text(" "));
    }
    const bool isSign = isConnector(each) && !isComparison(each.text);
    const bool isWord = each.kind == Token::Kind::Keyword && !isExprWord(each) && !isLambda(i);
    if (isSign || isWord) {
      piece.push_back(token(i++));
      const bool isAssign = isSign && each.text.ends_with("=") && i < range.end;
      if (!isAssign) continue;
      const Range value{i, operandEnd({i, range.end})};
      piece.push_back(assign(expr(value), hugs(value)));
      i = value.end;
      continue;
    }
    const std::size_t end = operandEnd({i, range.end});
    piece.push_back(expr({i, end}));
    i = end;
  }
  pieces.push_back(concat(std::move(piece)));
  if (pieces.size() == 1) return std::move(pieces[0]);
  return group(indent(4, fill(std::move(pieces))));
}

/// One entry between brackets: `x`, `name: x`, `..s`, `x: type = value`.
Doc Layout::entry(Range range) {
  std::vector<Doc> out;
  for (std::size_t i = range.begin; i < range.end;) {
    const Token& each = at(i);
    if (i > range.begin && spaceBefore(i)) out.push_back(text(" "));
    const bool isSign = isConnector(each) && !isComparison(each.text);
    const bool isWord = each.kind == Token::Kind::Keyword && !isExprWord(each) && !isLambda(i);
    const bool isPack = i == range.begin && each.is("..");
    if (isSign || isWord || isPack) {
      out.push_back(token(i++));
      continue;
    }
    const std::size_t end = operandEnd({i, range.end});
    out.push_back(expr({i, end}));
    i = end;
  }
  return concat(std::move(out));
}

/// `(..)` or `[..]` with its entries.
Doc Layout::brackets(std::size_t open) {
  const std::size_t close = at(open).partner;
  std::vector<Doc> entries;
  for (std::size_t i = open + 1; i < close;) {
    std::size_t end = i;
    while (end < close && !at(end).is(",")) end = std::max(end, at(end).partner) + 1;
    std::vector<Doc> each;
    // Comments behind the entry move behind its comma.
    std::vector<Comment> behind;
    if (end > i && end < close) std::swap(behind, tokens_[end - 1].after);
    each.push_back(entry({i, end}));
    if (end < close) {
      Token& comma = tokens_[end];
      comma.after.insert(comma.after.begin(), behind.begin(), behind.end());
      each.push_back(token(end));
    }
    entries.push_back(concat(std::move(each)));
    i = end + 1;
  }
  // Comments before the closing bracket stand below the entries.
  if (!tokens_[close].before.empty()) {
    Doc rest = ownLines(tokens_[close].before, /*isFirst=*/true);
    entries.push_back(sequence(hardLine(), std::move(rest), hardLine()));
  }
  Doc first = token(open);
  Doc last = token(close);
  return list(std::move(first), std::move(entries), std::move(last));
}

/// `{ body }` of a repeat, or the block of a scan.
Doc Layout::braces(std::size_t open) {
  const std::size_t close = at(open).partner;
  if (open + 1 == close || at(open + 1).startsItem) return block(open, /*mayBeShort=*/false);
  Doc first = token(open);
  Doc body = expr({open + 1, close});
  return group(sequence(std::move(first), indent(2, sequence(line(), std::move(body))), line(), token(close)));
}

}  // namespace nnc::format
