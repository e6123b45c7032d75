// The sample programs and small helpers of the tests of syntax.
#pragma once
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "support/source.h"
#include "syntax/parse.h"

namespace nnc::syntax::test {

/// Paths of tests/samples/*.nn, sorted.
std::vector<std::string> samplePaths();
std::string readFile(const std::string& path);

/// One parse of one text, with all that it needs.
struct Parsed {
  SourceManager sources;
  Diagnostics diagnostics;
  std::optional<File> file;

  explicit Parsed(std::string text, const Limits& limits = {});
  /// printTree, or the messages when there is no tree.
  std::string tree() const;
  /// Each message as `line:column-line:column code message`, one a line, sorted as emitted.
  std::string messages() const;
};

/// The tree without the places of its nodes and without doc comments.
std::string withoutPlaces(const std::string& tree);

}  // namespace nnc::syntax::test
