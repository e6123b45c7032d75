#include "syntax/parse.h"

#include "syntax/build.h"
#include "syntax/explain.h"
#include "syntax/lex.h"

namespace nnc::syntax {

using generated::NNLexer;
using generated::NNParser;

namespace {

/// Reports through explain() and recovers by whole brackets, so that one mistake is one message.
class ErrorStrategy : public antlr4::DefaultErrorStrategy {
 public:
  ErrorStrategy(FileId file, const SourceManager& sources, const LexedFile& lexed, Diagnostics& diagnostics)
      : file_(file), sources_(sources), lexed_(lexed), diagnostics_(diagnostics) {}

 protected:
  void reportMatch(antlr4::Parser* parser) override {
    ++matches_;
    DefaultErrorStrategy::reportMatch(parser);
  }

  void reportNoViableAlternative(antlr4::Parser* parser, const antlr4::NoViableAltException& e) override {
    // The prediction read on from a start that fits; what follows it does not.
    report(parser, e.getOffendingToken(), e.getExpectedTokens(), e.getStartToken());
  }
  void reportInputMismatch(antlr4::Parser* parser, const antlr4::InputMismatchException& e) override {
    report(parser, e.getOffendingToken(), e.getExpectedTokens(), nullptr);
  }
  void reportUnwantedToken(antlr4::Parser* parser) override { reportHere(parser); }
  void reportMissingToken(antlr4::Parser* parser) override { reportHere(parser); }

  /// A list of statements, settings, clauses or declarations goes on behind a part that does not fit, also behind the
  /// first one (where ANTLR's own strategy leaves the list).
  void sync(antlr4::Parser* parser) override {
    if (inErrorRecoveryMode(parser)) return;
    const antlr4::atn::ATN& atn = parser->getATN();
    antlr4::atn::ATNState* state = atn.states[parser->getState()];
    const antlr4::misc::IntervalSet next = atn.nextTokens(state);
    if (next.contains(antlr4::Token::EPSILON) || next.contains(type(parser))) return;
    if (state->getStateType() != antlr4::atn::ATNState::STAR_LOOP_ENTRY || !isList(parser->getContext()->getRuleIndex()))
      return DefaultErrorStrategy::sync(parser);
    reportHere(parser);
    consumeUntil(parser, next);
  }

  /// What can follow in the rules up to the innermost list: brackets match, so the list is never left by mistake.
  antlr4::misc::IntervalSet getErrorRecoverySet(antlr4::Parser* parser) override {
    const antlr4::atn::ATN& atn = parser->getATN();
    antlr4::misc::IntervalSet set;
    for (const auto* context = parser->getContext(); context->parent != nullptr && !isList(context->getRuleIndex());
         context = static_cast<const antlr4::ParserRuleContext*>(context->parent)) {
      const auto* call = static_cast<const antlr4::atn::RuleTransition*>(atn.states[context->invokingState]->transitions[0]);
      set.addAll(atn.nextTokens(call->followState));
    }
    set.remove(antlr4::Token::EPSILON);
    return set;
  }

  /// A token is made up only where the line goes on: at a line end the next statement would be read into this one.
  bool singleTokenInsertion(antlr4::Parser* parser) override {
    const auto* context = parser->getContext();
    if (context->getRuleIndex() == NNParser::RuleSetting) return false;
    const Span previous = spanOf(*parser->getTokenStream()->LT(-1), file_), current = spanOf(*parser->getCurrentToken(), file_);
    const std::string_view between = sources_.text(Span{file_, previous.end, std::max(previous.end, current.begin)});
    if (between.find_first_of("\r\n") != std::string_view::npos) return false;
    return DefaultErrorStrategy::singleTokenInsertion(parser);
  }

  void consumeUntil(antlr4::Parser* parser, const antlr4::misc::IntervalSet& set) override {
    int depth = 0;
    for (std::size_t next = type(parser); next != antlr4::Token::EOF; next = type(parser)) {
      const bool opens = next == NNLexer::LPAREN || next == NNLexer::LBRACKET || next == NNLexer::LBRACE;
      const bool closes = next == NNLexer::RPAREN || next == NNLexer::RBRACKET || next == NNLexer::RBRACE;
      if (depth == 0 && set.contains(next)) return;
      if (opens) ++depth;
      if (closes && depth > 0) --depth;
      parser->consume();
    }
  }

 private:
  static bool isList(std::size_t rule) {
    return rule == NNParser::RuleFile || rule == NNParser::RuleBlock || rule == NNParser::RuleBlockDecl || rule == NNParser::RuleExperiment ||
           rule == NNParser::RuleReportClause;
  }
  static std::size_t type(antlr4::Parser* parser) { return parser->getTokenStream()->LA(1); }

  void reportHere(antlr4::Parser* parser) {
    if (inErrorRecoveryMode(parser)) return;
    beginErrorCondition(parser);
    report(parser, parser->getCurrentToken(), getExpectedTokens(parser), nullptr);
  }

  void report(antlr4::Parser* parser, antlr4::Token* at, const antlr4::misc::IntervalSet& expected, const antlr4::Token* start) {
    const int line = sources_.place(file_, static_cast<std::uint32_t>(at->getStartIndex())).line;
    constexpr int kTrusted = 3;  // so many tokens must fit before a second message on one line is believed
    const bool isCascade = line == lastLine_ && matches_ - matchesAtLast_ < kTrusted;
    lastLine_ = line;
    matchesAtLast_ = matches_;
    const auto index = static_cast<std::ptrdiff_t>(at->getTokenIndex());
    const auto* context = parser->getContext();
    const bool isBehindName = context->getRuleIndex() == NNParser::RuleSetting && expected.contains(static_cast<std::size_t>(NNLexer::COLON));
    if (isCascade || index - (isBehindName ? 1 : 0) <= explainedTo_) return;
    if (++reported_ > kMostErrors) throw antlr4::ParseCancellationException("too many errors");
    const std::size_t startIndex = start == nullptr ? at->getTokenIndex() : start->getTokenIndex();
    const Stop stop{at->getTokenIndex(), startIndex, context->getRuleIndex(), innermostList(context), expected, parser->getVocabulary()};
    explainedTo_ = static_cast<std::ptrdiff_t>(explain(stop, *parser->getTokenStream(), lexed_, file_, sources_, diagnostics_));
  }

  static std::size_t innermostList(const antlr4::ParserRuleContext* context) {
    while (context->parent != nullptr && !isList(context->getRuleIndex())) context = static_cast<const antlr4::ParserRuleContext*>(context->parent);
    return context->getRuleIndex();
  }

  FileId file_;
  const SourceManager& sources_;
  const LexedFile& lexed_;
  Diagnostics& diagnostics_;
  int lastLine_ = 0;
  int reported_ = 0;
  std::ptrdiff_t explainedTo_ = -1;  // index of the last token that a message covers
  std::int64_t matches_ = 0, matchesAtLast_ = 0;
};

std::optional<File> parseTokens(LexedFile& lexed, FileId file, const SourceManager& sources, Diagnostics& diagnostics, const Limits& limits) {
  std::vector<std::unique_ptr<antlr4::Token>> tokens;
  tokens.reserve(lexed.tokens.size());
  for (std::unique_ptr<antlr4::CommonToken>& token : lexed.tokens) tokens.push_back(std::move(token));
  antlr4::ListTokenSource source(std::move(tokens));
  antlr4::CommonTokenStream stream(&source);
  stream.fill();  // explain() reads ahead to the end
  NNParser parser(&stream);
  parser.removeErrorListeners();
  parser.setErrorHandler(std::make_shared<ErrorStrategy>(file, sources, lexed, diagnostics));
  const int errorsBefore = diagnostics.errorCount();
  NNParser::FileContext* tree = nullptr;
  try {
    tree = parser.file();
  } catch (const antlr4::ParseCancellationException&) {
    return std::nullopt;  // reported, and too much to go on
  }
  if (diagnostics.errorCount() > errorsBefore || parser.getNumberOfSyntaxErrors() > 0) return std::nullopt;
  return build(*tree, file, lexed.docs, sources, limits, diagnostics);
}

}  // namespace

std::optional<File> parse(FileId file, const SourceManager& sources, Diagnostics& diagnostics, const Limits& limits) {
  const std::size_t first = diagnostics.all().size();
  const int errorsBefore = diagnostics.errorCount();
  LexedFile lexed = lex(file, sources, limits, diagnostics);
  std::optional<File> result;
  if (lexed.isParsable) result = parseTokens(lexed, file, sources, diagnostics, limits);
  diagnostics.sortByPlace(first);
  if (diagnostics.errorCount() > errorsBefore) return std::nullopt;
  return result;
}

}  // namespace nnc::syntax
