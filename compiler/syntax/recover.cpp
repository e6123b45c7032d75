#include "syntax/recover.h"

#include <algorithm>

#include "syntax/explain.h"

namespace nnc::syntax {

using generated::NNLexer;
using generated::NNParser;

namespace {

bool isOpener(std::size_t type) {
  return type == NNLexer::LPAREN || type == NNLexer::LBRACKET || type == NNLexer::LBRACE;
}
bool isCloser(std::size_t type) {
  return type == NNLexer::RPAREN || type == NNLexer::RBRACKET || type == NNLexer::RBRACE;
}
std::size_t closerOf(std::size_t opener) {
  if (opener == NNLexer::LPAREN) return NNLexer::RPAREN;
  return opener == NNLexer::LBRACKET ? NNLexer::RBRACKET : NNLexer::RBRACE;
}

/// Rules that are a list of statements, settings, clauses or declarations.
bool isList(std::size_t rule) {
  return rule == NNParser::RuleFile || rule == NNParser::RuleBlock || rule == NNParser::RuleBlockDecl ||
         rule == NNParser::RuleExperiment || rule == NNParser::RuleReportClause;
}

antlr4::ParserRuleContext* parentOf(const antlr4::ParserRuleContext* context) {
  return static_cast<antlr4::ParserRuleContext*>(context->parent);
}

std::size_t innermostList(const antlr4::ParserRuleContext* context) {
  while (context->parent != nullptr && !isList(context->getRuleIndex())) context = parentOf(context);
  return context->getRuleIndex();
}

std::size_t next(antlr4::Parser* parser) { return parser->getTokenStream()->LA(1); }

}  // namespace

BracketMap::BracketMap(antlr4::TokenStream& tokens) : opener_(tokens.size(), -1), partner_(tokens.size()) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::size_t type = tokens.get(i)->getType();
    partner_[i] = i;
    if (!open.empty()) opener_[i] = static_cast<std::ptrdiff_t>(open.back());
    if (isOpener(type)) open.push_back(i);
    const bool closes = isCloser(type) && !open.empty() && closerOf(tokens.get(open.back())->getType()) == type;
    if (!closes) continue;
    partner_[i] = open.back();
    partner_[open.back()] = i;
    open.pop_back();
  }
}

// ------------------------------------------------------------ reporting

void ErrorStrategy::reportMatch(antlr4::Parser* parser) {
  ++matches_;
  DefaultErrorStrategy::reportMatch(parser);
}

void ErrorStrategy::reportNoViableAlternative(antlr4::Parser* parser, const antlr4::NoViableAltException& e) {
  // The prediction read on from a start that fits; what follows it does not.
  report(parser, e.getOffendingToken(), e.getExpectedTokens(), e.getStartToken());
}

void ErrorStrategy::reportInputMismatch(antlr4::Parser* parser, const antlr4::InputMismatchException& e) {
  report(parser, e.getOffendingToken(), e.getExpectedTokens(), nullptr);
}

void ErrorStrategy::reportHere(antlr4::Parser* parser) {
  if (inErrorRecoveryMode(parser)) return;
  beginErrorCondition(parser);
  report(parser, parser->getCurrentToken(), getExpectedTokens(parser), nullptr);
}

void ErrorStrategy::report(antlr4::Parser* parser, antlr4::Token* at, const antlr4::misc::IntervalSet& expected,
                           const antlr4::Token* start) {
  hasFailed_ = true;
  const Span place = spanOf(*at, file_);
  const int line = sources_.place(file_, place.begin).line;
  constexpr int kTrusted = 3;  // so many tokens must fit before a second message on one line is believed
  const bool isCascade = line == lastLine_ && matches_ - matchesAtLast_ < kTrusted;
  lastLine_ = line;
  matchesAtLast_ = matches_;
  const auto index = static_cast<std::ptrdiff_t>(at->getTokenIndex());
  const auto* context = parser->getContext();
  // `foo(x)` among settings fails behind the name, which is what the message is about.
  const bool isBehindName =
      context->getRuleIndex() == NNParser::RuleSetting && expected.contains(static_cast<std::size_t>(NNLexer::COLON));
  const bool isUnclosed = std::any_of(lexed_.unclosed.begin(), lexed_.unclosed.end(),
                                      [&](Span span) { return place.begin >= span.begin && place.begin <= span.end; });
  if (isCascade || isUnclosed || index - (isBehindName ? 1 : 0) <= explainedTo_) return;
  if (++reported_ > kMostErrors) throw antlr4::ParseCancellationException("too many errors");
  const std::size_t startIndex = start == nullptr ? at->getTokenIndex() : start->getTokenIndex();
  const Stop stop{at->getTokenIndex(),    startIndex, context->getRuleIndex(),
                  innermostList(context), expected,   parser->getVocabulary()};
  explainedTo_ = static_cast<std::ptrdiff_t>(explain(stop, tokens_, lexed_, file_, sources_, diagnostics_));
}

// ------------------------------------------------------------ recovering

std::ptrdiff_t ErrorStrategy::openerWithin(antlr4::Parser* parser, antlr4::ParserRuleContext& context) const {
  const std::ptrdiff_t opener = brackets_.opener(parser->getCurrentToken()->getTokenIndex());
  return opener >= static_cast<std::ptrdiff_t>(context.getStart()->getTokenIndex()) ? opener : -1;
}

bool ErrorStrategy::isOnOneLine(std::size_t first, std::size_t second) const {
  const std::uint32_t end = spanOf(*tokens_.get(first), file_).end, begin = spanOf(*tokens_.get(second), file_).begin;
  return sources_.text(Span{file_, end, std::max(end, begin)}).find_first_of("\r\n") == std::string_view::npos;
}

/// A list goes on behind a part that does not fit, also behind the first one (where ANTLR's own strategy leaves the
/// list).
void ErrorStrategy::sync(antlr4::Parser* parser) {
  if (inErrorRecoveryMode(parser)) return;
  const antlr4::atn::ATN& atn = parser->getATN();
  antlr4::atn::ATNState* state = atn.states[parser->getState()];
  const antlr4::misc::IntervalSet fitting = atn.nextTokens(state);
  if (fitting.contains(antlr4::Token::EPSILON) || fitting.contains(next(parser))) return;
  const auto kind = state->getStateType();
  const bool isLoop = kind == antlr4::atn::ATNState::STAR_LOOP_ENTRY || kind == antlr4::atn::ATNState::STAR_LOOP_BACK;
  if (isLoop && isList(parser->getContext()->getRuleIndex())) {
    reportHere(parser);
    consumeUntil(parser, fitting);
    return;
  }
  const std::ptrdiff_t opener = openerWithin(parser, *parser->getContext());
  if (!isLoop || opener < 0) return DefaultErrorStrategy::sync(parser);
  reportHere(parser);
  consumeUntil(parser, getErrorRecoverySet(parser));
}

/// A rule that failed behind a bracket of its own ends with its bracket.
void ErrorStrategy::recover(antlr4::Parser* parser, std::exception_ptr e) {
  const std::ptrdiff_t opener = openerWithin(parser, *parser->getContext());
  if (opener < 0) return DefaultErrorStrategy::recover(parser, e);
  const std::size_t end = brackets_.partner(static_cast<std::size_t>(opener));
  while (parser->getCurrentToken()->getTokenIndex() <= end && next(parser) != antlr4::Token::EOF) parser->consume();
}

/// Inside of brackets the next entry, elsewhere what can follow in the rules up to the innermost list. Brackets match,
/// so neither is left by mistake.
antlr4::misc::IntervalSet ErrorStrategy::getErrorRecoverySet(antlr4::Parser* parser) {
  const antlr4::atn::ATN& atn = parser->getATN();
  antlr4::misc::IntervalSet set;
  for (auto* context = parser->getContext(); context->parent != nullptr && !isList(context->getRuleIndex());
       context = parentOf(context)) {
    const std::ptrdiff_t opener = openerWithin(parser, *context);
    if (opener >= 0) {
      const std::size_t closer = closerOf(tokens_.get(static_cast<std::size_t>(opener))->getType());
      antlr4::misc::IntervalSet entry;
      entry.add(static_cast<ssize_t>(closer));
      if (closer != NNLexer::RBRACE) entry.add(static_cast<ssize_t>(NNLexer::COMMA));
      return entry;
    }
    const auto* call =
        static_cast<const antlr4::atn::RuleTransition*>(atn.states[context->invokingState]->transitions[0]);
    set.addAll(atn.nextTokens(call->followState));
  }
  for (const std::size_t type : {NNLexer::LPAREN, NNLexer::LBRACKET, NNLexer::LBRACE, NNLexer::DOT}) set.remove(type);
  set.remove(antlr4::Token::EPSILON);
  return set;
}

/// Skips by whole brackets.
void ErrorStrategy::consumeUntil(antlr4::Parser* parser, const antlr4::misc::IntervalSet& set) {
  while (next(parser) != antlr4::Token::EOF && !set.contains(next(parser))) {
    const std::size_t end = brackets_.partner(parser->getCurrentToken()->getTokenIndex());
    parser->consume();
    while (parser->getCurrentToken()->getTokenIndex() <= end && next(parser) != antlr4::Token::EOF) parser->consume();
  }
}

/// A token is made up only where the line goes on: at a line end the next statement would be read into this one.
bool ErrorStrategy::singleTokenInsertion(antlr4::Parser* parser) {
  const std::size_t index = parser->getCurrentToken()->getTokenIndex();
  if (parser->getContext()->getRuleIndex() == NNParser::RuleSetting || index == 0 || !isOnOneLine(index - 1, index))
    return false;
  return DefaultErrorStrategy::singleTokenInsertion(parser);
}

/// A token is left out only in the middle of a line, and never a bracket.
antlr4::Token* ErrorStrategy::singleTokenDeletion(antlr4::Parser* parser) {
  const std::size_t index = parser->getCurrentToken()->getTokenIndex(), type = next(parser);
  const bool isLast = index + 1 >= tokens_.size();
  if (isOpener(type) || isCloser(type) || index == 0 || isLast || !isOnOneLine(index - 1, index) ||
      !isOnOneLine(index, index + 1))
    return nullptr;
  return DefaultErrorStrategy::singleTokenDeletion(parser);
}

}  // namespace nnc::syntax
