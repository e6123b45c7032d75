#include "format/format.h"

#include <cassert>

#include "format/layout.h"
#include "format/tokens.h"

namespace nnc::format {

static std::optional<std::string> layOut(FileId file, const SourceManager& sources, Diagnostics& diagnostics,
                                         const syntax::Limits& limits) {
  const std::optional<std::vector<syntax::SourceToken>> source = syntax::readTokens(file, sources, diagnostics, limits);
  if (!source) return std::nullopt;
  std::vector<Token> tokens = withComments(*source, sources);
  return print(Layout(tokens).file());
}

std::optional<std::string> format(FileId file, const SourceManager& sources, Diagnostics& diagnostics,
                                  const syntax::Limits& limits) {
  std::optional<std::string> result = layOut(file, sources, diagnostics, limits);
  // A comment in an odd place may belong to another token once it was moved: then the layout is done again.
  constexpr int kMostPasses = 4;
  for (int pass = 1; result && pass < kMostPasses; ++pass) {
    SourceManager own;
    Diagnostics none;
    std::optional<std::string> next = layOut(own.add("formatted", *result), own, none, limits);
    assert(next && "what was formatted parses");
    if (*next == *result) break;
    result = std::move(next);
  }
  return result;
}

}  // namespace nnc::format
