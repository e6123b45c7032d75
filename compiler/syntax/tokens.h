// The tokens of a correct file as they stand in the text, with what the parse knows of each. For the formatter.
#pragma once
#include <optional>
#include <vector>

#include "syntax/parse.h"

namespace nnc::syntax {

struct SourceToken {
  /// A soft keyword is a Name where it names something, and a Keyword where it starts or continues a clause.
  enum class Kind : std::uint8_t { Name, Keyword, Number, String, Sign, End };
  Kind kind = Kind::Sign;
  Span span;
  bool startsItem = false;  // the first of an import, declaration, setting, statement or clause
};

/// The tokens of a file, in order; the last one is End, empty, at the end of the text. Between them stand white space
/// and comments only.
///
/// Errors  as parse(); the result is then empty.
[[nodiscard]] std::optional<std::vector<SourceToken>> readTokens(FileId file, const SourceManager& sources,
                                                                 Diagnostics& diagnostics, const Limits& limits = {});

}  // namespace nnc::syntax
