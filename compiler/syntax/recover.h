// How the parser goes on behind a mistake: one mistake is one message, and the next, unrelated one is found.
#pragma once
#include <vector>

#include "syntax/lex.h"

namespace nnc::syntax {

/// Which brackets of a token stream belong together. Brackets without a partner are plain tokens.
class BracketMap {
 public:
  /// Needs: `tokens` is filled.
  explicit BracketMap(antlr4::TokenStream& tokens);
  /// The bracket that opens the innermost pair around the token `index`, or -1. A bracket is inside of its own pair
  /// when it closes it, and outside when it opens it.
  std::ptrdiff_t opener(std::size_t index) const { return opener_[index]; }
  /// The partner of a bracket; the index itself for other tokens.
  std::size_t partner(std::size_t index) const { return partner_[index]; }

 private:
  std::vector<std::ptrdiff_t> opener_;
  std::vector<std::size_t> partner_;
};

/// Reports through explain(), and recovers by whole brackets, list entries and statements.
class ErrorStrategy : public antlr4::DefaultErrorStrategy {
 public:
  /// Needs: `tokens` is filled.
  ErrorStrategy(antlr4::TokenStream& tokens, const LexedFile& lexed, FileId file, const SourceManager& sources,
                Diagnostics& diagnostics)
      : tokens_(tokens), brackets_(tokens), lexed_(lexed), file_(file), sources_(sources), diagnostics_(diagnostics) {}

  /// Whether anything did not fit, reported or not: the tree has holes then.
  bool hasFailed() const { return hasFailed_; }

  void reportMatch(antlr4::Parser* parser) override;
  void sync(antlr4::Parser* parser) override;
  void recover(antlr4::Parser* parser, std::exception_ptr e) override;

 protected:
  void reportNoViableAlternative(antlr4::Parser* parser, const antlr4::NoViableAltException& e) override;
  void reportInputMismatch(antlr4::Parser* parser, const antlr4::InputMismatchException& e) override;
  void reportUnwantedToken(antlr4::Parser* parser) override { reportHere(parser); }
  void reportMissingToken(antlr4::Parser* parser) override { reportHere(parser); }
  bool singleTokenInsertion(antlr4::Parser* parser) override;
  antlr4::Token* singleTokenDeletion(antlr4::Parser* parser) override;
  antlr4::misc::IntervalSet getErrorRecoverySet(antlr4::Parser* parser) override;
  void consumeUntil(antlr4::Parser* parser, const antlr4::misc::IntervalSet& set) override;

 private:
  void reportHere(antlr4::Parser* parser);
  void report(antlr4::Parser* parser, antlr4::Token* at, const antlr4::misc::IntervalSet& expected,
              const antlr4::Token* start);
  /// The bracket around the next token, if the rule of `context` or one inside of it opened it; -1 otherwise.
  std::ptrdiff_t openerWithin(antlr4::Parser* parser, antlr4::ParserRuleContext& context) const;
  bool isOnOneLine(std::size_t first, std::size_t second) const;

  antlr4::TokenStream& tokens_;
  BracketMap brackets_;
  const LexedFile& lexed_;
  FileId file_;
  const SourceManager& sources_;
  Diagnostics& diagnostics_;
  bool hasFailed_ = false;
  int lastLine_ = 0;
  int reported_ = 0;
  std::ptrdiff_t explainedTo_ = -1;  // index of the last token that a message covers
  std::int64_t matches_ = 0, matchesAtLast_ = 0;
};

}  // namespace nnc::syntax
