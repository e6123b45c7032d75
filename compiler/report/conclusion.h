// The conclusion of a study in words.
#pragma once
#include <string>
#include <vector>

#include "report/view.h"

namespace nnc::report {

/// Sentences of plain text that belong together; as a list where each says the same of another factor.
struct Paragraph {
  std::vector<std::string> sentences;
  bool isList = false;
};

/// By the rules of statistics/verdict.h; without a factor to attribute to, which cell is best.
std::vector<Paragraph> conclusion(const View& view, const study::Measure& measure, const study::Show* show = nullptr);

}  // namespace nnc::report
