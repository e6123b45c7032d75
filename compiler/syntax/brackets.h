// Brackets on the token level, before parsing: nesting is bounded, and what is missing or left over is reported with
// both places and repaired, so that one forgotten `)` is one message.
#pragma once
#include "syntax/lex.h"

namespace nnc::syntax {

/// Matches brackets, and inserts what is missing.
///
/// Errors  E0030 a closing bracket is missing: it is inserted. E0031 one is left over: it stays, its line is marked.
///         E0003 more than `limits.nesting` levels are open: false, and the tokens must not be parsed.
[[nodiscard]] bool matchBrackets(LexedFile& lexed, FileId file, const SourceManager& sources, const Limits& limits,
                                 Diagnostics& diagnostics);

}  // namespace nnc::syntax
