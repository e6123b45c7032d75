// F0: the conclusion in words, and the table that it rests on.
#include <fmt/format.h>

#include "report/attribution.h"
#include "report/conclusion.h"
#include "report/figures.h"
#include "report/response_layers.h"

namespace nnc::report {

static std::string paragraphHtml(const Paragraph& paragraph) {
  const bool isList = paragraph.kind == Paragraph::Kind::List;
  std::string html;
  for (const std::string& sentence : paragraph.sentences)
    html += isList ? "<li>" + escape(sentence) + "</li>" : (html.empty() ? "" : " ") + escape(sentence);
  if (isList) return "<ul>" + html + "</ul>\n";
  return (paragraph.kind == Paragraph::Kind::Caveat ? "<p class=\"caveat\">" : "<p>") + html + "</p>\n";
}

static std::string estimatorTable(const View& view, const Attribution& attribution) {
  Table table;
  table.caption =
      fmt::format("Effects on {}{}{}; {}; * significant after Holm\u2019s adjustment.",
                  escape(attribution.measure->name), escape(attribution.where),
                  attribution.unit.difference.empty() ? "" : " in points", intervalsText(attribution.analysis));
  table.head = {"factor", "first-in <small>sufficient?</small>", "main", "Shapley <small>share of the gap</small>",
                "last-in <small>necessary?</small>"};
  const auto cell = [&](const statistics::Inferred& inferred) {
    Unit bare = attribution.unit;
    bare.difference.clear();
    return fmt::format("<span class=\"number\">{}{}</span>", inferredText(inferred, bare),
                       inferred.isSignificant ? " *" : "");
  };
  for (const std::size_t index : byContribution(attribution.analysis)) {
    const statistics::FactorAnalysis& factor = attribution.analysis.factors[index];
    table.rows.push_back({fmt::format("<b>{}</b> <small>{}</small>",
                                      escape(view.study().factors[static_cast<std::size_t>(factor.factor)].name),
                                      escape(changeText(view, factor.factor))),
                          cell(factor.firstIn), cell(factor.main), cell(factor.shapley), cell(factor.lastIn)});
  }
  return tableHtml(table);
}

std::vector<Figure> makeVerdict(const View& view, const study::Show* show) {
  const std::vector<const study::Measure*> measures = measuresOf(view, show);
  if (measures.empty()) return {absentFigure("F0", "verdict", "What this study says", "the study measures nothing")};
  std::vector<Figure> figures;
  for (const study::Measure* const measure : measures) {
    Figure figure;
    figure.id = "F0";
    figure.slug = slugOf("verdict " + measure->name);
    figure.title =
        measures.size() == 1 ? "What this study says" : fmt::format("What this study says of {}", measure->name);
    figure.cells = allCells(view);
    for (const Paragraph& paragraph : conclusion(view, *measure, show)) figure.html += paragraphHtml(paragraph);
    if (!view.players().empty()) {
      const Attribution attribution = attributionOf(view, *measure, show);
      figure.html += estimatorTable(view, attribution) + responseLayers(view, attribution);
    }
    figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace nnc::report
