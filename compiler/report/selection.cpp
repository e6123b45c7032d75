// Which figures a report has, and in which order.
#include <algorithm>
#include <cstdlib>
#include <set>

#include "report/figures.h"
#include "report/page.h"

namespace nnc::report {

/// The kinds of figures that a `show` asks for.
static std::vector<std::string> kindsOf(const study::Show& show) {
  if (show.kind == "shapley") return {"effects"};
  if (show.kind == "effects" && std::atoi(argumentOr(&show, "order", "1").c_str()) > 1)
    return {"effects", "interactions"};
  return {show.kind};
}

static void addNew(std::vector<Figure>& list, std::vector<Figure> figures, std::set<std::string>& known) {
  for (Figure& figure : figures)
    if (known.insert(figure.id + figure.slug).second) list.push_back(std::move(figure));
}

Selection selectFigures(const View& view) {
  Selection selection;
  std::set<std::string> known, kinds;
  // Whatever else is asked for, the conclusion comes first.
  const bool hasVerdict = std::any_of(view.study().shows.begin(), view.study().shows.end(),
                                      [](const study::Show& show) { return show.kind == "verdict"; });
  const auto add = [&](std::vector<Figure>& list, const std::string& kind, const study::Show* show) {
    for (const FigureKind& row : figureKinds())
      if (row.kind == kind) addNew(list, row.make(view, show), known);
    kinds.insert(kind);
  };
  if (!hasVerdict) add(selection.shown, "verdict", nullptr);
  for (const study::Show& show : view.study().shows) {
    const std::optional<ShowProblem> problem = showProblem(view.study(), show);
    if (!problem)
      for (const std::string& kind : kindsOf(show)) add(selection.shown, kind, &show);
    else
      selection.shown.push_back(absentFigure("show", slugOf(show.kind + std::to_string(selection.shown.size())),
                                             "show " + show.kind, problem->what));
  }
  // The table of all cells ends every page anyway.
  kinds.insert("table");
  for (const FigureKind& row : figureKinds())
    if (!kinds.contains(std::string(row.kind)))
      add(view.study().shows.empty() ? selection.shown : selection.further, std::string(row.kind), nullptr);
  return selection;
}

}  // namespace nnc::report
