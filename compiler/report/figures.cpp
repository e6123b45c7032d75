#include "report/figures.h"

#include <fmt/format.h>

#include <algorithm>

namespace nnc::report {

const std::vector<FigureKind>& figureKinds() {
  static const std::vector<FigureKind> kinds = {
#define NNC_FIGURE(ID, KIND, MAKER, TITLE, ARGUMENTS, NAMED) {ID, KIND, TITLE, MAKER, ShowArguments::ARGUMENTS, NAMED},
#include "report/figures.def"
#undef NNC_FIGURE
  };
  return kinds;
}

std::vector<std::string> showKinds() {
  std::vector<std::string> kinds = {"shapley"};
  for (const FigureKind& row : figureKinds()) kinds.emplace_back(row.kind);
  return kinds;
}

/// Whether a list of words separated by spaces has the word.
static bool hasWord(std::string_view list, std::string_view word) {
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(' ', begin), list.size());
    if (list.substr(begin, end - begin) == word) return true;
    begin = end + 1;
  }
  return false;
}

static bool hasFactor(const study::Study& study, const std::string& name) {
  return std::any_of(study.factors.begin(), study.factors.end(), [&](const study::Factor& factor) {
    return factor.name == name || std::find(factor.targets.begin(), factor.targets.end(), name) != factor.targets.end();
  });
}

std::string showProblem(const study::Study& study, const study::Show& show) {
  const std::string_view wanted = show.kind == "shapley" ? "effects" : std::string_view(show.kind);
  const auto& kinds = figureKinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const FigureKind& row) { return row.kind == wanted; });
  if (kind == kinds.end()) return "there is no such figure";
  if (kind->arguments == ShowArguments::None && !show.arguments.empty()) return "it takes no arguments";
  for (const std::string& name : show.arguments) {
    const bool isMeasure = std::any_of(study.measures.begin(), study.measures.end(),
                                       [&](const study::Measure& measure) { return measure.name == name; });
    if (kind->arguments == ShowArguments::Measures && !isMeasure)
      return fmt::format("the study has no measure `{}`", name);
  }
  for (const auto& [name, values] : show.named) {
    if (!hasWord(kind->named, name)) return fmt::format("it takes no argument `{}`", name);
    if (name != "by" && name != "over" && name != "rows" && name != "columns") continue;
    for (const std::string& factor : values)
      if (!hasFactor(study, factor)) return fmt::format("the study has no factor `{}`", factor);
  }
  return "";
}

}  // namespace nnc::report
