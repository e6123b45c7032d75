#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/attribution.h"
#include "report/conclusion.h"
#include "report/grid.h"
#include "report/tables.h"

namespace nnc::report {

namespace {

std::string effectsText(const View& view, const Attribution& attribution) {
  std::vector<std::vector<std::string>> rows = {{"factor", "old \u2192 new", "first-in", "main", "Shapley", "last-in"}};
  for (const std::size_t index : byContribution(attribution.analysis)) {
    const statistics::FactorAnalysis& factor = attribution.analysis.factors[index];
    std::vector<std::string> row = {view.study().factors[static_cast<std::size_t>(factor.factor)].name,
                                    changeText(view, factor.factor)};
    for (const statistics::Inferred* const inferred : {&factor.firstIn, &factor.main, &factor.shapley, &factor.lastIn})
      row.push_back(inferredText(*inferred, attribution.unit) + (inferred->isSignificant ? " *" : "  "));
    rows.push_back(std::move(row));
  }
  return textGrid(std::move(rows), 2);
}

std::string cellsText(const View& view) {
  const study::Study& study = view.study();
  std::vector<std::vector<std::string>> rows(1);
  rows[0].push_back("cell");
  for (const study::Factor& factor : study.factors) rows[0].push_back(factor.name);
  const std::size_t texts = rows[0].size();
  if (study.tuning) rows[0].push_back(study.tuning->parameter);
  for (const study::Measure& measure : study.measures) rows[0].push_back(measure.name);
  rows[0].push_back("runs");
  for (const CellRuns& cell : view.cells()) {
    std::vector<std::string> row = {fmt::format("C{}", cell.number)};
    for (std::size_t f = 0; f < study.factors.size(); ++f)
      row.push_back(view.levelLabel(static_cast<int>(f), cell.cell->levels[f]));
    if (study.tuning) row.push_back((cell.isEdge ? "EDGE " : "") + (cell.chosen ? numberText(*cell.chosen) : "-"));
    for (const study::Measure& measure : study.measures) {
      const double mean = view.mean(cell.number - 1, measure.name);
      row.push_back(std::isnan(mean) ? "-" : unitOf(measure).of(mean));
    }
    const auto isFinished = [](const study::Run* run) { return run != nullptr; };
    std::string runs;
    for (const study::Status status : {study::Status::Diverged, study::Status::Failed, study::Status::TimedOut}) {
      const auto has = [&](const study::Run* run) { return run && run->status == status; };
      if (const auto count = std::count_if(cell.byBlock.begin(), cell.byBlock.end(), has); count > 0)
        runs += fmt::format("{} {}, ", count, statusWord(status));
    }
    row.push_back(fmt::format("{}{}/{}", runs, std::count_if(cell.byBlock.begin(), cell.byBlock.end(), isFinished),
                              cell.byBlock.size()));
    rows.push_back(std::move(row));
  }
  return textGrid(std::move(rows), texts);
}

std::string verdictsText(std::span<const study::Verdict> verdicts) {
  std::string text;
  for (const study::Verdict& verdict : verdicts) {
    text += fmt::format("{:<9}  expect {}{}\n", outcomeWord(verdict.outcome), verdict.text,
                        verdict.message.empty() ? "" : fmt::format("  ({})", verdict.message));
    if (!verdict.detail.empty()) text += fmt::format("{:<9}  {}\n", "", plain(verdict.detail));
  }
  return text.empty() ? text : text + "\n";
}

}  // namespace

std::string terminalText(const View& view, std::span<const study::Verdict> verdicts) {
  const study::Study& study = view.study();
  std::string text = fmt::format("{}\n{}\n\n", study.title.empty() ? study.name : study.title, study.scope);
  text += verdictsText(verdicts);
  if (const study::Measure* const main = view.mainMeasure()) {
    for (const Paragraph& paragraph : conclusion(view, *main)) {
      const bool isList = paragraph.kind == Paragraph::Kind::List;
      for (const std::string& sentence : paragraph.sentences)
        if (isList) text += wrapped("- " + plain(sentence));
      if (!isList) text += wrapped(plain(fmt::format("{}", fmt::join(paragraph.sentences, " "))));
      text += "\n";
    }
    if (!view.players().empty()) text += effectsText(view, attributionOf(view, *main)) + "\n";
  }
  return text + cellsText(view);
}

}  // namespace nnc::report
