#include "syntax/expected.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace nnc::syntax {

using generated::NNLexer;

// The ranges follow the order of the tokens in the grammar; ambiguity_test.cpp holds them to it.
bool isKeyword(std::size_t type) { return type >= NNLexer::AND && type <= NNLexer::YIELD; }
bool isName(std::size_t type) { return type == NNLexer::ID || (type >= NNLexer::AS && type <= NNLexer::WHEN); }
bool isInfix(std::size_t type) {
  return (type >= NNLexer::POW && type <= NNLexer::PIPE) || type == NNLexer::DOTS || type == NNLexer::AND ||
         type == NNLexer::OR;
}

bool isStatementKeyword(std::size_t type) {
  switch (type) {
    case NNLexer::PARAM:
    case NNLexer::STATE:
    case NNLexer::SUB:
    case NNLexer::UPDATE:
    case NNLexer::NEXT:
    case NNLexer::YIELD:
    case NNLexer::RETURN:
    case NNLexer::REQUIRE:
    case NNLexer::IF:
      return true;
    default:
      return false;
  }
}

static bool isLiteral(std::size_t type) {
  return type == NNLexer::INT || type == NNLexer::FLOAT || type == NNLexer::STRING || type == NNLexer::TRUE ||
         type == NNLexer::FALSE;
}

bool startsOperand(std::size_t type) {
  return isName(type) || isLiteral(type) || type == NNLexer::LPAREN || type == NNLexer::LBRACKET ||
         type == NNLexer::REPEAT || type == NNLexer::SCAN;
}

bool endsOperand(std::size_t type) {
  return isName(type) || isLiteral(type) || type == NNLexer::RPAREN || type == NNLexer::RBRACKET ||
         type == NNLexer::RBRACE;
}

namespace {

bool startsExpression(std::size_t type) {
  return startsOperand(type) || type == NNLexer::MINUS || type == NNLexer::NOT || type == NNLexer::IF ||
         type == NNLexer::FN || type == NNLexer::DOT;
}

bool continuesExpression(std::size_t type) {
  return isInfix(type) || type == NNLexer::DOT || type == NNLexer::LPAREN || type == NNLexer::LBRACKET;
}

/// Tokens that only say that the statement may end here.
bool startsNext(std::size_t type) {
  return type == antlr4::Token::EOF || type == NNLexer::SEMICOLON || isStatementKeyword(type) || type == NNLexer::LET ||
         type == NNLexer::EXPORT;
}

/// Soft keywords that are wanted for themselves, not as names.
bool isConnective(std::size_t type) {
  return type == NNLexer::CARRY || type == NNLexer::IN || type == NNLexer::AS || type == NNLexer::WHEN;
}

std::string literalText(std::size_t type, const antlr4::dfa::Vocabulary& vocabulary) {
  if (type == NNLexer::STRING) return "a string";
  const std::string name = vocabulary.getDisplayName(type);
  const bool isQuoted = name.size() > 2 && name.front() == '\'';
  return isQuoted ? fmt::format("`{}`", name.substr(1, name.size() - 2)) : name;
}

}  // namespace

std::string describeExpected(const antlr4::misc::IntervalSet& set, const antlr4::dfa::Vocabulary& vocabulary) {
  const auto has = [&set](std::size_t type) { return set.contains(type); };
  const bool wantsExpression = has(NNLexer::FLOAT), wantsName = has(NNLexer::ID), isAfterOperand = has(NNLexer::PIPE);
  std::vector<std::string> parts;
  if (wantsExpression || wantsName) parts.emplace_back(wantsExpression ? "an expression" : "a name");
  bool mayEnd = false;
  for (const std::ptrdiff_t each : set.toList()) {
    const auto type = static_cast<std::size_t>(each);
    if (startsNext(type)) mayEnd = true;
    const bool isFolded = startsNext(type) || (wantsExpression && startsExpression(type)) ||
                          (isAfterOperand && continuesExpression(type)) ||
                          (isName(type) && (wantsName || !isConnective(type)));
    if (!isFolded) parts.push_back(literalText(type, vocabulary));
  }
  if (parts.empty()) return mayEnd ? "the end of the statement" : "something else";
  const auto comma = std::find(parts.begin(), parts.end(), "`,`");
  if (comma != parts.end()) std::rotate(parts.begin(), comma, comma + 1);
  std::string all;
  for (std::size_t i = 0; i < parts.size(); ++i)
    all += (i == 0 ? "" : i + 1 == parts.size() ? " or " : ", ") + parts[i];
  return all;
}

std::string describeFound(std::size_t type, std::string_view text) {
  if (type == antlr4::Token::EOF) return "the end of the file";
  constexpr std::size_t kLongest = 40;
  std::size_t length = std::min(text.size(), kLongest);
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  const std::string shown = fmt::format("`{}{}`", text.substr(0, length), length < text.size() ? ".." : "");
  const bool isWord = isKeyword(type) && type != NNLexer::TRUE && type != NNLexer::FALSE;
  return isWord ? "the keyword " + shown : shown;
}

}  // namespace nnc::syntax
