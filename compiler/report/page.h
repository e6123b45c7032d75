// The page: one HTML file that needs nothing else.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "report/figure.h"
#include "report/view.h"

namespace nnc::report {

/// The figures that the `show` clauses ask for, in their order, and those that the data support beyond them.
struct Selection {
  std::vector<Figure> shown, further;
};
Selection selectFigures(const View& view);

std::string pageHtml(const View& view, std::span<const study::Run> runs, std::span<const study::Verdict> verdicts,
                     const Selection& selection);

/// The style sheet of the page beyond that of figures, and its script: sorting of tables.
std::string_view pageStyle();
std::string_view pageScript();

}  // namespace nnc::report
