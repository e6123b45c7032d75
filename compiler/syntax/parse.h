// Text to syntax tree.
#pragma once
#include <optional>
#include <string>

#include "diagnostics/diagnostics.h"
#include "syntax/ast.h"

namespace nnc::syntax {

/// Limits of the source text (docs/language.md, limits). Exceeding one is an error that names it, never a crash.
struct Limits {
  std::int64_t fileBytes = 16 << 20;
  int nesting = 256;  // brackets, braces and parentheses together, counted on tokens before parsing
  int operatorChain = 10'000;
  int identifierBytes = 255;
  int stringBytes = 64 << 10;
};

/// Parses a file that `sources` holds.
///
/// Errors  E00xx at exact places, several in one run; the result is then empty.
[[nodiscard]] std::optional<File> parse(FileId file, const SourceManager& sources, Diagnostics& diagnostics,
                                        const Limits& limits = {});

/// The tree as indented text, for --emit=ast.
std::string printTree(const File& file, const SourceManager& sources);

}  // namespace nnc::syntax
