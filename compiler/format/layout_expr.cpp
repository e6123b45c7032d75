// Expressions: broken before their loosest operators first.
#include <algorithm>

#include "format/layout.h"

namespace nnc::format {

namespace {

struct InfixRow {
  std::string_view text;
  int precedence;
};
constexpr InfixRow kInfix[] = {
#define NNC_INFIX(OP, TOKEN, TEXT, PRECEDENCE, SIDE) {TEXT, PRECEDENCE},
#define NNC_PREFIX(...)
#include "syntax/operators.def"
#undef NNC_INFIX
#undef NNC_PREFIX
};

int precedenceOf(const Token& token) {
  if (token.kind != Token::Kind::Sign && token.kind != Token::Kind::Keyword) return 0;
  for (const InfixRow& row : kInfix)
    if (row.text == token.text) return row.precedence;
  return 0;
}

}  // namespace

/// Behind the braces of the `repeat` or `scan` at `begin`.
std::size_t Layout::headEnd(std::size_t begin, std::size_t end) const {
  for (std::size_t i = begin; i < end; ++i) {
    if (i > begin && (at(i).isKeyword("repeat") || at(i).isKeyword("scan"))) {
      i = headEnd(i, end) - 1;
      continue;
    }
    if (at(i).is("{")) return at(i).partner + 1;
    if (at(i).partner > i) i = at(i).partner;
  }
  return end;
}

/// Where the expression at the beginning of a range ends: before a word or sign that cannot continue it.
std::size_t Layout::operandEnd(Range range) const {
  std::size_t i = range.begin;
  bool wantsOperand = true;
  int conditions = 0;  // `if`s whose `else` is still to come
  for (; i < range.end; ++i) {
    const Token& each = at(i);
    if (wantsOperand) {
      if (each.is("-") || each.isKeyword("not")) continue;
      if (each.isKeyword("if")) {
        ++conditions;
        continue;
      }
      if (isLambda(i)) {
        i = at(i + 1).partner + 1;
        continue;
      }
      if (each.isKeyword("repeat") || each.isKeyword("scan"))
        i = headEnd(i, range.end) - 1;
      else if (each.is("."))
        ++i;
      else
        i = std::max(i, each.partner);
      wantsOperand = false;
      continue;
    }
    if (each.is("(") || each.is("[")) {
      i = each.partner;
    } else if (each.is(".")) {
      ++i;
    } else if (precedenceOf(each) > 0 || (conditions > 0 && (each.isKeyword("then") || each.isKeyword("else")))) {
      wantsOperand = true;
      if (each.isKeyword("else")) --conditions;
    } else {
      break;
    }
  }
  // A word that cannot start an operand is not swallowed for ever.
  return std::max(std::min(i, range.end), range.begin + 1);
}

/// The infix operators between the operands of a range; those inside a prefix `if` or `fn` are its own.
std::vector<Layout::Operator> Layout::operatorsOf(Range range) const {
  std::vector<Operator> found;
  bool wantsOperand = true;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    const Token& each = at(i);
    if (wantsOperand) {
      if (each.is("-") || each.isKeyword("not")) continue;
      if (each.isKeyword("if") || isLambda(i)) break;
      if (each.isKeyword("repeat") || each.isKeyword("scan"))
        i = headEnd(i, range.end) - 1;
      else
        i = std::max(i, each.partner);
      wantsOperand = false;
      continue;
    }
    if (const int precedence = precedenceOf(each); precedence > 0) {
      found.push_back({i, precedence});
      wantsOperand = true;
    } else {
      i = std::max(i, each.partner);
    }
  }
  return found;
}

/// Whether a value starts behind its `=` even when it is too long: it breaks well inside.
bool Layout::hugs(Range range) const {
  if (at(range.begin).isKeyword("if") || isLambda(range.begin)) return true;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    if (at(i).is("{")) return true;
    i = std::max(i, at(i).partner);
  }
  return false;
}

Doc Layout::expr(Range range) {
  if (range.isEmpty()) return concat({});
  const std::vector<Operator> operators = operatorsOf(range);
  if (!operators.empty()) {
    int loosest = operators[0].precedence;
    for (const Operator& each : operators) loosest = std::min(loosest, each.precedence);
    return chain(range, operators, loosest);
  }
  const Token& first = at(range.begin);
  const Range rest{range.begin + 1, range.end};
  if (first.isKeyword("if")) return condition(range);
  if (first.is("-") || first.isKeyword("not")) {
    Doc sign = token(range.begin);
    return sequence(std::move(sign), text(first.text == "-" ? "" : " "), expr(rest));
  }
  if (isLambda(range.begin)) {
    const std::size_t arrow = at(range.begin + 1).partner + 1;
    Doc word = token(range.begin);
    Doc names = brackets(range.begin + 1);
    Doc sign = token(arrow);
    return sequence(std::move(word), text(" "), std::move(names), text(" "), std::move(sign), text(" "),
                    expr({arrow + 1, range.end}));
  }
  return operand(range);
}

/// Operands joined by operators of one precedence: a pipe has each stage on a line of its own when it does not fit;
/// other chains are filled. A range has no spaces around its `..`, unless an operand has some.
Doc Layout::chain(Range range, const std::vector<Operator>& operators, int precedence) {
  std::vector<Doc> parts;
  std::vector<std::size_t> signs;
  std::size_t begin = range.begin;
  bool isSimple = true;
  std::size_t inside = 0;
  const auto finish = [&](std::size_t end) {
    isSimple = isSimple && inside == 0;
    inside = 0;
    parts.push_back(expr({begin, end}));
  };
  for (const Operator& each : operators) {
    if (each.precedence != precedence) {
      ++inside;
      continue;
    }
    finish(each.at);
    signs.push_back(each.at);
    begin = each.at + 1;
  }
  finish(range.end);

  const bool isRange = at(signs[0]).is("..");
  const bool isPipe = at(signs[0]).is("|>");
  const std::string space = isRange && isSimple ? "" : " ";
  std::vector<Doc> joined;
  joined.push_back(std::move(parts[0]));
  for (std::size_t i = 0; i < signs.size(); ++i) {
    Doc sign = token(signs[i]);
    Doc step = sequence(std::move(sign), text(space), std::move(parts[i + 1]));
    if (isRange || isPipe) joined.push_back(isPipe ? line() : text(space));
    joined.push_back(std::move(step));
  }
  if (isRange) return concat(std::move(joined));
  return group(indent(4, isPipe ? concat(std::move(joined)) : fill(std::move(joined))));
}

/// `if c then a else b`. In a chain of them each `else if` starts a line.
Doc Layout::condition(Range range) {
  std::vector<Doc> out;
  bool isChain = false;
  std::size_t begin = range.begin;
  while (begin < range.end && at(begin).isKeyword("if")) {
    std::size_t then = range.end, otherwise = range.end;
    int inner = 0;
    for (std::size_t i = begin + 1; i < range.end && otherwise == range.end; i = std::max(i, at(i).partner) + 1) {
      if (at(i).isKeyword("if")) ++inner;
      if (at(i).isKeyword("then") && inner == 0 && then == range.end) then = i;
      if (!at(i).isKeyword("else")) continue;
      if (inner == 0) otherwise = i;
      --inner;
    }
    isChain = isChain || begin > range.begin;
    const bool goesOn = otherwise + 1 < range.end && at(otherwise + 1).isKeyword("if");
    Doc word = token(begin);
    Doc test = expr({begin + 1, then});
    Doc thenWord = token(then);
    Doc value = expr({then + 1, otherwise});
    Doc head = sequence(std::move(word), text(" "), std::move(test));
    Doc choice = sequence(std::move(thenWord), text(" "), std::move(value));
    if (isChain || goesOn)
      out.push_back(group(sequence(std::move(head), indent(4, sequence(line(), std::move(choice))))));
    else
      out.push_back(sequence(std::move(head), line(), std::move(choice)));
    out.push_back(line());
    out.push_back(token(otherwise));
    out.push_back(text(" "));
    isChain = isChain || goesOn;
    begin = otherwise + 1;
  }
  out.push_back(expr({begin, range.end}));
  return group(indent(2, concat(std::move(out))));
}

/// An atom with its suffixes, or several words that stand next to one another.
Doc Layout::operand(Range range) {
  std::vector<Doc> out;
  for (std::size_t i = range.begin; i < range.end;) {
    if (i > range.begin && spaceBefore(i)) out.push_back(text(" "));
    if (at(i).is("(") || at(i).is("[")) {
      out.push_back(brackets(i));
      i = at(i).partner + 1;
    } else if (at(i).isKeyword("repeat") || at(i).isKeyword("scan")) {
      const std::size_t end = headEnd(i, range.end);
      std::size_t open = end - 1;
      open = at(open).partner;
      Doc word = token(i);
      Doc head = clause({i + 1, open});
      out.push_back(sequence(std::move(word), text(" "), std::move(head), text(" "), braces(open)));
      i = end;
    } else {
      out.push_back(token(i++));
    }
  }
  if (out.size() == 1) return std::move(out[0]);
  return concat(std::move(out));
}

}  // namespace nnc::format
