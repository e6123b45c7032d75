#include "report/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "report/figures.h"
#include "statistics/intervals.h"

namespace nnc::report {

std::string_view outcomeWord(study::Verdict::Outcome outcome) {
  switch (outcome) {
    case study::Verdict::Outcome::Held:
      return "held";
    case study::Verdict::Outcome::Failed:
      return "failed";
    case study::Verdict::Outcome::Undecided:
      break;
  }
  return "undecided";
}

std::string_view statusWord(study::Status status) {
  switch (status) {
    case study::Status::Ok:
      return "ok";
    case study::Status::Diverged:
      return "diverged";
    case study::Status::Failed:
      return "failed";
    case study::Status::TimedOut:
      break;
  }
  return "timed out";
}

/// `86.1 %`, and with a spread where there are several runs: `86.1 ± 0.2 %`.
static std::string meanText(const View& view, const CellRuns& cell, const study::Measure& measure) {
  const std::vector<double> values = view.values(cell.number - 1, measure.name);
  if (values.empty()) return "\u2013";
  const Unit unit = unitOf(measure);
  Unit bare = unit;
  bare.value.clear();
  std::string text = bare.of(view.mean(cell.number - 1, measure.name));
  const double deviation = statistics::standardDeviation(values);
  if (deviation > 0) text += fmt::format("\u00A0\u00B1\u00A0{}", bare.of(deviation));
  const auto isCensored = [&](const study::Run* run) {
    if (!run) return false;
    const auto found = run->measures.find(measure.name);
    return found != run->measures.end() && found->second.isCensored;
  };
  const auto censored = std::count_if(cell.byBlock.begin(), cell.byBlock.end(), isCensored);
  return text + unit.value + (censored > 0 ? fmt::format(" <small>({} never)</small>", censored) : "");
}

/// Longer studies name their runs in runs.csv alone: a page of them would be too large.
static constexpr std::size_t kMostRuns = 2500;

/// The runs of a cell, for those who ask where its numbers come from.
static std::string runDetails(const CellRuns& cell, const std::vector<const study::Measure*>& measures, bool isListed) {
  std::string list;
  int finished = 0;
  for (std::size_t block = 0; block < cell.byBlock.size(); ++block) {
    const study::Run* const run = cell.byBlock[block];
    if (!run) continue;
    ++finished;
    list += fmt::format("<li>block {}: <a href=\"#r-{}\"><code>{}</code></a>", block + 1, run->id, run->id);
    for (const study::Measure* const measure : measures)
      list += fmt::format(", {} {}", escape(measure->name), unitOf(*measure).of(View::value(run, measure->name)));
    if (run->status != study::Status::Ok) list += fmt::format(" <b>{}</b>", statusWord(run->status));
    list += "</li>";
  }
  if (!isListed) return fmt::format("{}/{}", finished, cell.byBlock.size());
  return fmt::format("<details><summary>{}/{}</summary><ul>{}</ul></details>", finished, cell.byBlock.size(), list);
}

std::string cellTable(const View& view, const std::vector<const study::Measure*>& measures) {
  const study::Study& study = view.study();
  const bool isListed = study.cells.size() * study.blocks.size() <= kMostRuns;
  Table table;
  table.head = {"cell"};
  for (const study::Factor& factor : study.factors) table.head.push_back(escape(factor.name));
  if (study.tuning) table.head.push_back(escape(study.tuning->parameter));
  for (const study::Measure* const measure : measures) table.head.push_back(escape(measure->name));
  table.head.push_back("runs");
  for (const CellRuns& cell : view.cells()) {
    std::vector<std::string> row = {fmt::format("C{}", cell.number)};
    for (std::size_t f = 0; f < study.factors.size(); ++f)
      row.push_back(escape(view.levelLabel(static_cast<int>(f), cell.cell->levels[f])));
    if (study.tuning)
      row.push_back((cell.chosen ? numberText(*cell.chosen) : std::string("\u2013")) +
                    (cell.isEdge ? " <b class=\"edge-flag\">EDGE</b>" : ""));
    for (const study::Measure* const measure : measures) row.push_back(meanText(view, cell, *measure));
    row.push_back(runDetails(cell, measures, isListed));
    table.rows.push_back(std::move(row));
  }
  return tableHtml(table);
}

/// The cell of a run, by number; 0: none.
static std::map<std::string, int> cellNumbers(const View& view) {
  std::map<std::string, int> numbers;
  for (const CellRuns& cell : view.cells()) numbers.emplace(cell.cell->id, cell.number);
  return numbers;
}

std::string runTable(const View& view, std::span<const study::Run> runs) {
  if (runs.size() > kMostRuns)
    return fmt::format("<p>{} are too many for a page; <code>runs.csv</code> lists them.</p>",
                       countText(runs.size(), "run"));
  const std::map<std::string, int> numbers = cellNumbers(view);
  Table table;
  table.head = {"run", "cell", "block"};
  const study::Study& study = view.study();
  if (study.tuning) table.head.push_back(escape(study.tuning->parameter));
  for (const char* const name : {"status", "steps", "FLOP"}) table.head.emplace_back(name);
  for (const study::Measure& measure : study.measures) table.head.push_back(escape(measure.name));
  for (const study::Run& run : runs) {
    const auto cell = numbers.find(run.cell);
    if (cell == numbers.end()) continue;
    const bool isTrial = run.role == study::Run::Role::Trial;
    std::vector<std::string> row = {
        fmt::format("<code id=\"r-{}\">{}</code>{}", run.id, run.id, isTrial ? " <small>trial</small>" : ""),
        fmt::format("C{}", cell->second), std::to_string(run.block + 1)};
    if (study.tuning) row.push_back(run.tuned ? numberText(*run.tuned) : "\u2013");
    row.push_back(std::string(statusWord(run.status)) + (run.reason.empty() ? "" : ": " + escape(run.reason)));
    row.push_back(std::to_string(run.steps));
    row.push_back(prefixedText(run.flops));
    for (const study::Measure& measure : study.measures)
      row.push_back(isTrial ? "" : unitOf(measure).of(View::value(&run, measure.name)));
    table.rows.push_back(std::move(row));
  }
  return tableHtml(table);
}

std::vector<Figure> makeMeasureTable(const View& view, const study::Show* show) {
  std::vector<const study::Measure*> measures;
  for (const study::Measure& measure : view.study().measures) {
    const bool isWanted =
        !show || show->arguments.empty() ||
        std::find(show->arguments.begin(), show->arguments.end(), measure.name) != show->arguments.end();
    if (isWanted) measures.push_back(&measure);
  }
  Figure figure;
  figure.id = "T";
  figure.slug = "table";
  for (const study::Measure* const measure : measures) figure.slug += "-" + slugOf(measure->name);
  figure.title = "All cells";
  figure.cells = allCells(view);
  figure.html = cellTable(view, measures);
  figure.caption =
      "Means over blocks with the standard deviation of single runs. The last column unfolds into the runs that a row "
      "comes from.";
  return {figure};
}

}  // namespace nnc::report
