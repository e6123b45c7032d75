// The conclusion of a study in words.
#pragma once
#include <string>
#include <vector>

#include "report/view.h"

namespace nnc::report {

/// Paragraphs of plain text by the rules of statistics/verdict.h; without a factor to attribute to, which cell is best.
std::vector<std::string> conclusion(const View& view, const study::Measure& measure, const study::Show* show = nullptr);

}  // namespace nnc::report
