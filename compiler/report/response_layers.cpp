#include "report/response_layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/figure.h"
#include "statistics/response_layers.h"

namespace nnc::report {

namespace {

/// The main effect of a factor on responses, with its interval; a dash where it is not defined.
std::string effectText(const statistics::Responses& responses, int factor, const Unit& unit) {
  if (!responses.factors()[static_cast<std::size_t>(factor)].isPlayer) return "\u2013";
  const statistics::Estimate effect = statistics::mainEffect(responses, factor);
  const std::vector<double> values = effect.values();
  if (values.empty()) return "\u2013";
  std::string text = unit.change(statistics::mean(values));
  if (const auto interval = statistics::tInterval(effect.byBlock, 0.95, 0, effect.crossing))
    text += " " + boundsText(*interval, values, unit);
  return fmt::format("<span class=\"number\">{}</span>", text);
}

const study::Measure* timeToTarget(const study::Study& study) {
  for (const study::Measure& measure : study.measures)
    if (measure.isTimeToTarget) return &measure;
  return nullptr;
}

/// The levels at which the sub-design of trained cells holds factors, as text.
std::string subDesignText(const View& view, const statistics::TrainedSubDesign& subDesign) {
  std::string fixed;
  for (std::size_t f = 0; f < subDesign.fixedAt.size(); ++f)
    if (subDesign.fixedAt[f] && !view.study().factors[f].isOrdered)
      fixed += fmt::format("{}{} = {}", fixed.empty() ? "" : ", ", view.study().factors[f].name,
                           view.levelLabel(static_cast<int>(f), *subDesign.fixedAt[f]));
  return fixed;
}

/// How many runs of each cell train, with Wilson's interval: it has a width even where all of them agree.
std::string trainabilityTable(const View& view, const statistics::Responses& responses,
                              const std::vector<statistics::Trainability>& cells) {
  Table table;
  table.head = {"cell", "levels", "runs that train", "share", "95\u00A0% interval (Wilson)"};
  for (const statistics::Trainability& row : cells) {
    if (!row.share) continue;
    const statistics::Cell& levels = responses.cells()[static_cast<std::size_t>(row.cell)];
    const auto found = std::find_if(view.cells().begin(), view.cells().end(),
                                    [&](const CellRuns& cell) { return cell.cell->levels == levels; });
    if (found == view.cells().end()) continue;
    table.rows.push_back({fmt::format("C{}", found->number), escape(found->label),
                          fmt::format("{}/{}", row.trained, row.finished),
                          fmt::format("{:.0f}\u00A0%", 100 * row.share->estimate),
                          fmt::format("{:.0f}\u2013{:.0f}\u00A0%", 100 * row.share->lower, 100 * row.share->upper)});
  }
  return "<details><summary>Which cells train</summary>" + tableHtml(table) + "</details>";
}

}  // namespace

std::string responseLayers(const View& view, const Attribution& attribution) {
  const study::Measure& measure = *attribution.measure;
  if (!measure.chance || measure.better != study::Measure::Better::Higher ||
      measure.scale != study::Measure::Scale::Fraction)
    return "";
  const std::optional<double> threshold = statistics::trainingThreshold(attribution.responses, *measure.chance);
  if (!threshold) return "";
  int trained = 0, finished = 0, always = 0;
  const std::vector<statistics::Trainability> cells = statistics::trainability(attribution.responses, *threshold);
  for (const statistics::Trainability& cell : cells) {
    trained += cell.trained;
    finished += cell.finished;
    always += cell.finished > 0 && cell.trained == cell.finished;
  }
  if (trained == 0) return "";

  const statistics::Responses trains = statistics::trainedOrNot(attribution.responses, *threshold);
  const study::Measure* const time = timeToTarget(view.study());
  const statistics::TrainedSubDesign subDesign = statistics::trainedSubDesign(attribution.responses, *threshold);
  // It matters for accuracies of exactly 0 and 1 alone.
  const std::int64_t examples = measure.examples.value_or(10'000);
  const statistics::Responses quality =
      statistics::qualityAmongTrained(attribution.responses, subDesign, statistics::QualityScale::LogError, examples);
  Table table;
  table.caption = fmt::format(
      "Main effects on three layers of {}: {} of {} runs train (above {}), {} of {} cells in every block. Quality: the "
      "logarithm of the error, larger is better, among the largest set of combinations that all train{}.",
      escape(measure.name), trained, finished, attribution.unit.of(*threshold), always, cells.size(),
      subDesignText(view, subDesign).empty() ? "" : " (" + escape(subDesignText(view, subDesign)) + ")");
  table.head = {"factor", "share of runs that train"};
  if (time) table.head.push_back(fmt::format("{} <small>censored at the budget</small>", escape(time->name)));
  table.head.emplace_back("quality of those that train");
  Unit share{100.0, 1, "\u00A0%", "\u00A0pt", true};
  for (const std::size_t index : byContribution(attribution.analysis)) {
    const int factor = attribution.analysis.factors[index].factor;
    std::vector<std::string> row = {
        fmt::format("<b>{}</b>", escape(view.study().factors[static_cast<std::size_t>(factor)].name)),
        effectText(trains, factor, share)};
    if (time) row.push_back(effectText(view.responses(*time), factor, unitOf(*time)));
    row.push_back(effectText(quality, factor, {}));
    table.rows.push_back(std::move(row));
  }
  return tableHtml(table) + trainabilityTable(view, attribution.responses, cells);
}

}  // namespace nnc::report
