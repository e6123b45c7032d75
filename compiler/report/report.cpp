#include "report/report.h"

#include <fmt/format.h>

#include "report/page.h"
#include "report/tables.h"
#include "report/written_files.h"
#include "study/results.h"

namespace nnc::report {

static void addDrawings(Report& report, const std::vector<Figure>& figures) {
  for (const Figure& figure : figures)
    for (std::size_t i = 0; i < figure.variants.size(); ++i)
      report.files.emplace_back(fmt::format("figures/{}.svg", drawingId(figure, i)),
                                Svg::standalone(figure.variants[i].svg));
}

Report makeReport(const study::Study& study, std::span<const study::Run> runs,
                  std::span<const study::Verdict> verdicts) {
  const View view(study, runs);
  const Selection selection = selectFigures(view);
  Report report;
  report.pageName = study.reportFile.empty() ? "report.html" : study.reportFile;
  report.files.emplace_back(report.pageName, pageHtml(view, runs, verdicts, selection));
  addDrawings(report, selection.shown);
  addDrawings(report, selection.further);
  report.files.emplace_back("runs.csv", runsCsv(view, runs));
  report.files.emplace_back("cells.csv", cellsCsv(view));
  report.terminal = terminalText(view, verdicts);
  return report;
}

std::optional<Report> writeReport(const std::string& directory, Diagnostics& diagnostics) {
  const std::optional<study::Study> study = study::readStudy(directory, diagnostics);
  if (!study) return std::nullopt;
  const std::optional<std::vector<study::Run>> runs = study::readRuns(directory, diagnostics);
  if (!runs) return std::nullopt;
  const std::optional<std::vector<study::Verdict>> verdicts = study::readVerdicts(directory, diagnostics);
  if (!verdicts) return std::nullopt;
  Report report = makeReport(*study, *runs, *verdicts);
  if (replaceFiles(directory, report.files, diagnostics)) return report;
  return std::nullopt;
}

}  // namespace nnc::report
