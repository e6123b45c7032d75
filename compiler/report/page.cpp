#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/style.h"
#include "report/tables.h"

namespace nnc::report {

namespace {

/// Drawings of a figure; several are switched by radio buttons, without a script.
std::string drawingsHtml(const Figure& figure) {
  if (figure.variants.size() == 1) return fmt::format("<div class=\"drawing\">{}</div>", figure.variants[0].svg);
  const std::string name = drawingId(figure, 0);
  std::string buttons, drawings;
  for (std::size_t i = 0; i < figure.variants.size(); ++i) {
    buttons +=
        fmt::format("<input type=\"radio\" name=\"{0}-x\" id=\"{0}-x{1}\"{2}><label for=\"{0}-x{1}\">{3}</label>", name,
                    i + 1, i == 0 ? " checked" : "", escape(figure.variants[i].label));
    drawings += fmt::format("<div class=\"drawing\">{}</div>", figure.variants[i].svg);
  }
  return fmt::format("<div class=\"variants\" role=\"group\" aria-label=\"horizontal axis of {}\">{}{}</div>",
                     figure.id, buttons, drawings);
}

/// Where the numbers of a figure come from.
std::string sourceHtml(const View& view, const Figure& figure) {
  std::size_t runs = 0;
  std::vector<int> cells = figure.cells;
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
  for (const int cell : cells) {
    const std::vector<const study::Run*>& byBlock = view.cells()[static_cast<std::size_t>(cell)].byBlock;
    runs += static_cast<std::size_t>(
        std::count_if(byBlock.begin(), byBlock.end(), [](const study::Run* run) { return run != nullptr; }));
  }
  return fmt::format("<span class=\"source\">From {} of <a href=\"#runs\">cells {}</a>.</span>", countText(runs, "run"),
                     cellRanges(cells));
}

std::string figureHtml(const View& view, const Figure& figure, bool isFirst) {
  std::string html = fmt::format("<section class=\"figure\" id=\"{}-{}\"><h2>{}</h2>\n", slugOf(figure.id), figure.slug,
                                 escape(figure.title));
  if (!figure.absent.empty())
    return html + fmt::format("<p class=\"absent\">Left out: {}.</p></section>\n", escape(figure.absent));
  const std::string caption = fmt::format("<b>{}.</b> {} {}", figure.id, figure.caption, sourceHtml(view, figure));
  if (figure.variants.empty()) {
    html += fmt::format("<div class=\"{}\">{}</div><p class=\"caption\">{}</p>", isFirst ? "verdict" : "tables",
                        figure.html, caption);
    return html + "</section>\n";
  }
  html += fmt::format("<figure>{}<figcaption>{}</figcaption></figure>{}", drawingsHtml(figure), caption, figure.html);
  return html + "</section>\n";
}

std::string verdictsHtml(std::span<const study::Verdict> verdicts) {
  if (verdicts.empty()) return "";
  std::map<study::Verdict::Outcome, int> counts;
  std::string rows;
  for (const study::Verdict& verdict : verdicts) {
    counts[verdict.outcome] += 1;
    rows +=
        fmt::format("<li class=\"{0}\"><b class=\"badge\">{0}</b> <code>{1}</code>{2}{3}<small>{4}</small></li>\n",
                    outcomeWord(verdict.outcome), escape(verdict.text),
                    verdict.message.empty() ? "" : " " + escape(verdict.message),
                    verdict.detail.empty() ? "" : "<br><span class=\"detail\">" + escape(verdict.detail) + "</span>",
                    " " + escape(verdict.place));
  }
  return fmt::format(
      "<section id=\"expectations\"><h2>Expectations</h2><p>{} held, {} failed, {} undecided.</p><ul "
      "class=\"expects\">{}</ul></section>\n",
      counts[study::Verdict::Outcome::Held], counts[study::Verdict::Outcome::Failed],
      counts[study::Verdict::Outcome::Undecided], rows);
}

std::string caveatsHtml(const study::Study& study) {
  std::string html;
  for (const std::string& caveat : study.caveats) html += fmt::format("<p class=\"caveat\">{}</p>\n", escape(caveat));
  return html;
}

/// Figures that are missing are one list at the end, not gaps in the page.
std::string absentHtml(const std::vector<Figure>& figures) {
  std::string rows;
  for (const Figure& figure : figures)
    if (!figure.absent.empty())
      rows += fmt::format("<li>{} {}: {}.</li>\n", figure.id, escape(figure.title), escape(figure.absent));
  return rows.empty() ? ""
                      : "<section id=\"left-out\"><h2>Left out</h2><ul class=\"absent\">" + rows + "</ul></section>\n";
}

std::string contentsHtml(const Selection& selection) {
  std::string links;
  for (const std::vector<Figure>* const list : {&selection.shown, &selection.further})
    for (const Figure& figure : *list)
      if (figure.absent.empty())
        links += fmt::format("<a href=\"#{}-{}\">{}</a> ", slugOf(figure.id), figure.slug, escape(figure.title));
  return "<nav aria-label=\"figures\">" + links + "<a href=\"#runs\">Runs</a></nav>\n";
}

std::vector<const study::Measure*> allMeasures(const study::Study& study) {
  std::vector<const study::Measure*> measures;
  for (const study::Measure& measure : study.measures) measures.push_back(&measure);
  return measures;
}

}  // namespace

std::string pageHtml(const View& view, std::span<const study::Run> runs, std::span<const study::Verdict> verdicts,
                     const Selection& selection) {
  const study::Study& study = view.study();
  const std::string title = study.title.empty() ? study.name : study.title;
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" "
      "href=\"data:,\"><title>{}</title>\n<style>{}{}</style></head>\n<body><main>\n",
      escape(title), figureStyle(), pageStyle());
  html += fmt::format("<header><h1>{}</h1><p class=\"scope\">{}</p>{}{}</header>\n", escape(title), escape(study.scope),
                      study.doc.empty() ? "" : "<p class=\"doc\">" + escape(study.doc) + "</p>", caveatsHtml(study));
  html += contentsHtml(selection);
  bool isFirst = true;
  for (const Figure& figure : selection.shown) {
    // What was asked for by name keeps its place, with the reason why it is empty.
    if (!figure.absent.empty() && study.shows.empty()) continue;
    html += figureHtml(view, figure, isFirst);
    if (isFirst) html += verdictsHtml(verdicts);
    isFirst = false;
  }
  const bool hasFurther = std::any_of(selection.further.begin(), selection.further.end(),
                                      [](const Figure& figure) { return figure.absent.empty(); });
  if (hasFurther) html += "<h2 class=\"part\">Appendix: further figures</h2>\n";
  for (const Figure& figure : selection.further)
    if (figure.absent.empty()) html += figureHtml(view, figure, false);
  html += absentHtml(study.shows.empty() ? selection.shown : selection.further);
  html += "<section id=\"runs\"><h2>Cells and runs</h2>" + cellTable(view, allMeasures(study));
  html += fmt::format("<details><summary>Every run: {}</summary>{}</details></section>\n",
                      countText(runs.size(), "line"), runTable(view, runs));
  if (!study.source.empty())
    html += fmt::format(
        "<section id=\"source\"><h2>The "
        "experiment</h2><details><summary>{}</summary><pre><code>{}</code></pre></details></section>\n",
        escape(study.file), escape(study.source));
  return html + fmt::format("</main>\n<script>{}</script></body></html>\n", pageScript());
}

}  // namespace nnc::report
