// F0: the conclusion in words, and the table that it rests on.
#include <fmt/format.h>

#include <algorithm>

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

/// Which sets of factors explain the variance of the cell means, the largest shares first. Empty: the design is no full
/// factorial, or nothing varies.
static std::string varianceTable(const Attribution& attribution) {
  constexpr double kLeast = 0.005;
  std::vector<statistics::VarianceShare> shares = attribution.analysis.shares.shares;
  if (shares.empty()) return "";
  std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.share > b.share; });
  Table table;
  table.head = {"factors", "share of the variance"};
  double rest = 1;
  for (const statistics::VarianceShare& share : shares) {
    if (share.share < kLeast) break;
    rest -= share.share;
    table.rows.push_back({escape(statistics::nameOf(share.factors, attribution.responses.factors(), " with ")),
                          fmt::format("<span class=\"number\">{:.1f}\u00A0%</span>", 100 * share.share)});
  }
  table.rows.push_back(
      {"all others", fmt::format("<span class=\"number\">{:.1f}\u00A0%</span>", 100 * std::max(0.0, rest))});
  table.caption = fmt::format(
      "The variance of the cell means of {}, split exactly into the parts of single factors and of what factors do "
      "together beyond that (functional ANOVA). Over all levels and cells, so that it is not a share of the gap.",
      escape(attribution.measure->name));
  return "<details><summary>Shares of the variance</summary>" + tableHtml(table) + "</details>";
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
      figure.html += estimatorTable(view, attribution) + varianceTable(attribution) + responseLayers(view, attribution);
    }
    figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace nnc::report
