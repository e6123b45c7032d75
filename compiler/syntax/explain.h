// Why the parser stopped, in words: the usual slips by name, anything else as "expected X, found Y".
#pragma once
#include <span>

#include "syntax/lex.h"

namespace nnc::syntax {

/// Where the parser stopped.
struct Stop {
  std::size_t index;  // of the token in `tokens` that does not fit
  std::size_t start;  // where the choice began that it ended; usually `index`
  std::size_t rule;   // grammar rule that was being read (NNParser::Rule...)
  std::size_t list;   // the innermost list around it: file, block, blockDecl, experiment or reportClause
  const antlr4::misc::IntervalSet& expected;  // at `start`
  const antlr4::dfa::Vocabulary& vocabulary;
};

/// Emits the message that fits best (E0001, E0032 .. E0049), and one for each of the lines that follow and start no
/// better: the parser skips those. Lines in `lexed.reportedLines` get none. Returns the last token that was explained.
/// Needs: `tokens` is filled.
std::size_t explain(const Stop& stop, antlr4::TokenStream& tokens, const LexedFile& lexed, FileId file,
                    const SourceManager& sources, Diagnostics& diagnostics);

}  // namespace nnc::syntax
