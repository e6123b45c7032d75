#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/attribution.h"
#include "report/conclusion.h"
#include "report/tables.h"

namespace nnc::report {

namespace {

constexpr std::size_t kColumns = 100;

std::size_t lengthOf(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// A terminal shows fixed-width spaces and plain minus signs best.
std::string plain(std::string text) {
  for (const auto& [from, to] : {std::pair{"\u00A0", " "}, std::pair{"\u2212", "-"}})
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at))
      text.replace(at, std::string_view(from).size(), to);
  return text;
}

std::string padded(std::string_view text, std::size_t width, bool isRight) {
  const std::string space(width > lengthOf(text) ? width - lengthOf(text) : 0, ' ');
  return isRight ? space + std::string(text) : std::string(text) + space;
}

std::string wrapped(std::string_view text, std::size_t columns = kColumns) {
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    if (used > 0 && used + 1 + lengthOf(word) > columns) {
      out += '\n';
      used = 0;
    }
    if (used > 0) {
      out += ' ';
      ++used;
    }
    out += word;
    used += lengthOf(word);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out + "\n";
}

/// The first `texts` columns to the left, numbers to the right. Columns that do not fit into the width are cut by the
/// terminal, not here.
std::string grid(std::vector<std::vector<std::string>> rows, std::size_t texts) {
  std::vector<std::size_t> widths;
  for (std::vector<std::string>& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = plain(row[i]);
      if (i >= widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], lengthOf(row[i]));
    }
  std::string out;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += (i == 0 ? "" : "  ") + padded(row[i], widths[i], i >= texts);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

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
  return grid(std::move(rows), 2);
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
    const auto isDiverged = [](const study::Run* run) { return run && run->status != study::Status::Ok; };
    const auto bad = std::count_if(cell.byBlock.begin(), cell.byBlock.end(), isDiverged);
    row.push_back(fmt::format("{}{}/{}", bad > 0 ? fmt::format("{} failed, ", bad) : "",
                              std::count_if(cell.byBlock.begin(), cell.byBlock.end(), isFinished),
                              cell.byBlock.size()));
    rows.push_back(std::move(row));
  }
  return grid(std::move(rows), texts);
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
    for (const std::string& paragraph : conclusion(view, *main)) text += wrapped(plain(paragraph)) + "\n";
    if (!view.players().empty()) text += effectsText(view, attributionOf(view, *main)) + "\n";
  }
  return text + cellsText(view);
}

}  // namespace nnc::report
