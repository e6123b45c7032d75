// Text to tokens that the parser can take: slips below the level of the grammar are reported here and repaired, so that
// the parser goes on and finds the next, unrelated mistake.
#pragma once
#include <memory>
#include <set>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "support/source.h"
#include "syntax/generated.h"
#include "syntax/parse.h"

namespace nnc::syntax {

using Tokens = std::vector<std::unique_ptr<antlr4::CommonToken>>;

/// The tokens of a file. Their start and stop indices are bytes of the file, not code points; the last one is EOF.
struct LexedFile {
  std::unique_ptr<antlr4::ANTLRInputStream> input;  // tokens point into both
  std::unique_ptr<generated::NNLexer> lexer;
  Tokens tokens;
  std::vector<Span> docs;       // `///` lines in order
  std::set<int> reportedLines;  // lines whose mistake was reported and could not be repaired: no second message there
  std::vector<Span> unclosed;   // from a bracket that was never closed to where its partner was inserted
  bool isParsable = true;       // false: a limit was exceeded, parsing is pointless or dangerous
};

/// Errors  E0001 .. E0029, emitted; warnings for hidden characters.
LexedFile lex(FileId file, const SourceManager& sources, const Limits& limits, Diagnostics& diagnostics);

/// Bytes of a token. An inserted token is empty.
Span spanOf(const antlr4::Token& token, FileId file);

/// How many mistakes of one file are reported at most; then reading stops.
inline constexpr int kMostErrors = 100;

}  // namespace nnc::syntax
