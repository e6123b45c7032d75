// F12: the plan, what it left out, how cells were tuned, and on what all of it ran.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "report/attribution.h"
#include "report/figures.h"
#include "report/plot.h"
#include "report/style.h"
#include "study/levels.h"

namespace nnc::report {

namespace {

constexpr std::size_t kMostTuned = 120;  // cells in the drawing

/// Where the tuning's metric ended in the trials of a cell with one value of the parameter; NaN without any.
double trialMean(const CellRuns& cell, const study::Tuning& tuning, double value) {
  double sum = 0.0;
  int count = 0;
  for (const study::Run* run : cell.trials) {
    if (!run->tuned || *run->tuned != value) continue;
    for (const study::Curve& curve : run->curves)
      if (curve.metric == tuning.metric && !curve.values.empty()) {
        sum += curve.values.back();
        ++count;
      }
  }
  return count > 0 ? sum / count : std::nan("");
}

/// The best and the worst of the trials that did not diverge.
Range trialRange(const View& view, const study::Tuning& tuning) {
  std::vector<double> values;
  for (const CellRuns& cell : view.cells())
    for (const double value : tuning.grid) values.push_back(trialMean(cell, tuning, value));
  // A trial that just did not diverge may be huge: colours are for the others.
  Range range;
  range.add(quantile(values, tuning.isLowerBetter ? 0.0 : 0.05));
  range.add(quantile(values, tuning.isLowerBetter ? 0.95 : 1.0));
  return range;
}

std::string tuningDrawing(const View& view, const study::Tuning& tuning, const Figure& figure) {
  const std::size_t count = std::min(view.cells().size(), kMostTuned);
  const double rowHeight = count > 40 ? 15.0 : 19.0, left = 250.0, top = 44.0;
  const double width = std::min(70.0, (kFigureWidth - left - 90) / static_cast<double>(tuning.grid.size()));
  const double right = left + width * static_cast<double>(tuning.grid.size());
  Svg svg(kFigureWidth, top + rowHeight * static_cast<double>(count) + 12);
  const Range range = trialRange(view, tuning);
  svg.text(left, 14,
           fmt::format("{}; colour: {} after {}, better is brighter", tuning.parameter, tuning.metric, tuning.length),
           "small");
  for (std::size_t g = 0; g < tuning.grid.size(); ++g)
    svg.text(left + width * (static_cast<double>(g) + 0.5), top - 8, numberText(tuning.grid[g]), "tick", "middle");
  for (std::size_t i = 0; i < count; ++i) {
    const CellRuns& cell = view.cells()[i];
    const double y = top + rowHeight * static_cast<double>(i);
    svg.text(left - 8, y + rowHeight / 2 + 4,
             fitted(fmt::format("C{} {}", cell.number, view.shortLabel(static_cast<int>(i))), left - 14, 10.5), "small",
             "end");
    for (std::size_t g = 0; g < tuning.grid.size(); ++g) {
      const double x = left + width * static_cast<double>(g), value = trialMean(cell, tuning, tuning.grid[g]);
      const std::string tip = fmt::format("C{}, {} = {}: {} {}", cell.number, tuning.parameter,
                                          numberText(tuning.grid[g]), tuning.metric, numberText(value));
      if (std::isnan(value)) {
        svg.rect(x + 1, y + 1, width - 2, rowHeight - 2, "box", tip);
      } else {
        const double spread = range.high() - range.low();
        double share = spread > 0 ? std::clamp((value - range.low()) / spread, 0.0, 1.0) : 0.5;
        if (tuning.isLowerBetter) share = 1 - share;
        svg.rect(x + 1, y + 1, width - 2, rowHeight - 2, sequentialStyle(stepOf(share, kSequentialSteps)), tip,
                 cellsAttribute({static_cast<int>(i)}));
      }
      if (cell.chosen && *cell.chosen == tuning.grid[g])
        svg.circle(x + width / 2, y + rowHeight / 2, 4.2, "ring c1", tip);
    }
    if (cell.isEdge)
      svg.text(right + 8, y + rowHeight / 2 + 4, "EDGE", "small strong", "start", "style=\"fill:var(--c1)\"");
  }
  return svg.finish(drawingId(figure, 0), "Tuning",
                    "Cells in rows, values of the tuned parameter in columns; rings mark what was chosen.");
}

struct Totals {
  std::map<study::Status, int> statuses;
  int runs = 0, trials = 0;
  double trainSeconds = 0.0, wallSeconds = 0.0, flops = 0.0;
  study::Spent spent;
};

Totals totalsOf(const View& view) {
  Totals totals;
  std::map<std::string, const study::Run*> once;  // equal cells share their runs
  for (const CellRuns& cell : view.cells()) {
    for (const study::Run* run : cell.byBlock)
      if (run) once[run->id] = run;
    for (const study::Run* run : cell.trials) once[run->id] = run;
  }
  for (const auto& [id, run] : once) {
    const bool isTrial = run->role == study::Run::Role::Trial;
    totals.runs += !isTrial;
    totals.trials += isTrial;
    if (!isTrial) totals.statuses[run->status] += 1;
    totals.trainSeconds += run->trainSeconds;
    totals.wallSeconds += run->wallSeconds;
    totals.flops += run->flops;
    totals.spent += run->spent;
  }
  return totals;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string pairTable(const Pairs& pairs, const std::string& caption) {
  Table table;
  table.caption = caption;
  table.isSortable = false;
  table.head = {"what", "value"};
  for (const auto& [name, value] : pairs) table.rows.push_back({escape(name), escape(value)});
  return tableHtml(table);
}

Pairs planPairs(const View& view) {
  const study::Study& study = view.study();
  const Totals totals = totalsOf(view);
  const auto status = [&](study::Status which) {
    const auto found = totals.statuses.find(which);
    return found == totals.statuses.end() ? 0 : found->second;
  };
  Pairs pairs = {{"file", study.file}, {"train", study.train}, {"data", study.data}, {"design", study.design}};
  for (const study::Factor& factor : study.factors)
    pairs.emplace_back("vary " + factor.name, study::levelsText(factor));
  pairs.emplace_back("cells", fmt::format("{}, {} removed", study.cells.size(), study.removed.size()));
  pairs.emplace_back(
      "seeds", fmt::format("{}: {}, the same in every cell", study.seeds, countText(study.blocks.size(), "block")));
  pairs.emplace_back("runs", fmt::format("{} finished of {}: {} ok, {} diverged, {} failed, {} timed out", totals.runs,
                                         study.cells.size() * study.blocks.size(), status(study::Status::Ok),
                                         status(study::Status::Diverged), status(study::Status::Failed),
                                         status(study::Status::TimedOut)));
  if (study.tuning) pairs.emplace_back("trials of the tuning", std::to_string(totals.trials));
  for (const auto& [name, text] : study.bound) pairs.emplace_back("bind " + name, text);
  pairs.emplace_back("arithmetic", prefixedText(totals.flops) + "FLOP");
  if (totals.trainSeconds > 0) pairs.emplace_back("processor time in steps", secondsText(totals.trainSeconds));
  if (totals.spent.processorSeconds > 0) {
    pairs.emplace_back("processor time of the study", secondsText(totals.spent.processorSeconds));
    pairs.emplace_back("of it, code generation",
                       fmt::format("{}, {:.1f} %", secondsText(totals.spent.codeSeconds),
                                   100.0 * totals.spent.codeSeconds / totals.spent.processorSeconds));
    pairs.emplace_back("time of the study", secondsText(totals.spent.wallSeconds));
  }
  if (totals.wallSeconds > 0)
    pairs.emplace_back("time of all runs, one after the other", secondsText(totals.wallSeconds));
  if (!view.players().empty())
    for (const study::Measure* const measure : measuresOf(view, nullptr)) {
      const Attribution attribution = attributionOf(view, *measure);
      if (attribution.analysis.minimumDetectable)
        pairs.emplace_back(
            fmt::format("smallest effect on {} that would be seen", measure->name),
            attribution.unit.change(*attribution.analysis.minimumDetectable) + " (with a probability of 0.8)");
    }
  return pairs;
}

std::string removedTable(const View& view) {
  if (view.study().removed.empty()) return "";
  Table table;
  table.caption = "Combinations that are not run";
  for (const study::Factor& factor : view.study().factors) table.head.push_back(escape(factor.name));
  table.head.push_back("why");
  for (const study::RemovedCell& removed : view.study().removed) {
    std::vector<std::string> row;
    for (std::size_t f = 0; f < removed.levels.size(); ++f)
      row.push_back(escape(view.levelLabel(static_cast<int>(f), removed.levels[f])));
    row.push_back(fmt::format("<code>{}</code>", escape(removed.reason)));
    table.rows.push_back(std::move(row));
  }
  return tableHtml(table);
}

std::string seedTable(const study::Study& study) {
  Table table;
  table.caption = "Seeds of the streams, equal in all cells of a block";
  table.head = {"block", "init", "data", "noise"};
  for (std::size_t i = 0; i < study.blocks.size(); ++i)
    table.rows.push_back({std::to_string(i + 1), std::to_string(study.blocks[i].init),
                          std::to_string(study.blocks[i].data), std::to_string(study.blocks[i].noise)});
  return tableHtml(table);
}

std::string tuningNote(const View& view) {
  const auto edges =
      std::count_if(view.cells().begin(), view.cells().end(), [](const CellRuns& cell) { return cell.isEdge; });
  if (edges == 0) return "No cell chose an end of the grid.";
  return fmt::format("{} chose an end of the grid (EDGE): the optimum may lie outside, so {} not tuned.",
                     countText(static_cast<std::size_t>(edges), "cell"), edges == 1 ? "it is" : "they are");
}

}  // namespace

std::vector<Figure> makeProvenance(const View& view, const study::Show*) {
  Figure figure;
  figure.id = "F12";
  figure.slug = "provenance";
  figure.title = "How this was measured";
  figure.cells = allCells(view);
  const bool hasTrials =
      std::any_of(view.cells().begin(), view.cells().end(), [](const CellRuns& cell) { return !cell.trials.empty(); });
  if (view.study().tuning && hasTrials) {
    figure.variants.push_back({"", tuningDrawing(view, *view.study().tuning, figure)});
    figure.caption = fmt::format(
        "Every cell got the same search of <code>{}</code>; a ring marks what it chose, and an "
        "empty box a value whose trials gave no number. {}",
        escape(view.study().tuning->parameter), tuningNote(view));
  }
  figure.html = pairTable(planPairs(view), "The plan and what was run") + removedTable(view);
  if (!view.study().aliases.empty()) {
    figure.html += "<p>Effects that this fraction cannot tell apart:</p><ul>";
    for (const std::string& alias : view.study().aliases)
      figure.html += fmt::format("<li><code>{}</code></li>", escape(alias));
    figure.html += "</ul>";
  }
  figure.html += seedTable(view.study());
  if (!view.study().provenance.empty()) figure.html += pairTable(view.study().provenance, "Compiler, machine and data");
  return {figure};
}

}  // namespace nnc::report
