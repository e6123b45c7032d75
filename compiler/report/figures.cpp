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

using Names = std::vector<std::string>;

static bool isAmong(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

static Names wordsOf(std::string_view list) {
  Names words;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(' ', begin), list.size());
    words.emplace_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

/// Factors are named whole, or by a parameter that they set.
static Names factorNames(const study::Study& study) {
  Names names;
  for (const study::Factor& factor : study.factors) {
    names.push_back(factor.name);
    for (const std::string& target : factor.targets)
      if (target != factor.name) names.push_back(target);
  }
  return names;
}

/// What stands for arguments of the kind, and what one of them is called.
static std::pair<Names, std::string_view> argumentNames(ShowArguments arguments, const study::Study& study,
                                                        const Names& metrics) {
  Names names;
  switch (arguments) {
    case ShowArguments::Measures:
      for (const study::Measure& measure : study.measures) names.push_back(measure.name);
      return {names, "measure"};
    case ShowArguments::Probes:
      for (const study::Probe& probe : study.probes) names.push_back(probe.name);
      return {names, "probe"};
    case ShowArguments::Metrics:
      return {metrics, "result"};
    case ShowArguments::None:
      break;
  }
  return {names, ""};
}

std::optional<ShowProblem> showProblem(const study::Study& study, const study::Show& show, const Names& metrics) {
  const std::string_view wanted = show.kind == "shapley" ? "effects" : std::string_view(show.kind);
  const auto& kinds = figureKinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const FigureKind& row) { return row.kind == wanted; });
  if (kind == kinds.end()) return ShowProblem{"there is no such figure", show.kind, showKinds()};
  if (kind->arguments == ShowArguments::None && !show.arguments.empty())
    return ShowProblem{"it takes no arguments", show.arguments[0], {}};
  const auto [known, what] = argumentNames(kind->arguments, study, metrics);
  const bool areKnown = kind->arguments != ShowArguments::Metrics || !metrics.empty();
  for (const std::string& name : show.arguments)
    if (areKnown && !isAmong(known, name))
      return ShowProblem{fmt::format("the study has no {} `{}`", what, name), name, known};
  const Names named = wordsOf(kind->named), factors = factorNames(study);
  for (const auto& [name, values] : show.named) {
    if (!isAmong(named, name)) return ShowProblem{fmt::format("it takes no argument `{}`", name), name, named};
    if (name == "index" && values != Names{"contrast"} && values != Names{"shapley"})
      return ShowProblem{
          "its index is .contrast or .shapley", values.empty() ? name : values[0], {"contrast", "shapley"}};
    if (name != "by" && name != "over" && name != "rows" && name != "columns") continue;
    for (const std::string& factor : values)
      if (!isAmong(factors, factor))
        return ShowProblem{fmt::format("the study has no factor `{}`", factor), factor, factors};
  }
  return std::nullopt;
}

}  // namespace nnc::report
