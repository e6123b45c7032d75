// The conclusion of a study in words.
#pragma once
#include <string>
#include <vector>

#include "report/view.h"

namespace nnc::report {

/// Sentences of plain text that belong together. List: each says the same of another factor. Caveat: what a reader must
/// not overlook.
struct Paragraph {
  enum class Kind { Text, List, Caveat } kind = Kind::Text;
  std::vector<std::string> sentences;
};

/// By the rules of statistics/verdict.h; without a factor to attribute to, which cell is best.
std::vector<Paragraph> conclusion(const View& view, const study::Measure& measure, const study::Show* show = nullptr);

}  // namespace nnc::report
