#include "report/heat_panels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "report/plot.h"
#include "report/style.h"

namespace nnc::report {

namespace {

// What a panel of this size can show; more rows and columns would only make the page larger.
constexpr std::size_t kMostRows = 64, kMostColumns = 40;
constexpr double kLeft = 40.0, kStepLabels = 20.0, kGap = 14.0, kLegend = 54.0;

/// Evenly spaced indices, the first and the last among them.
std::vector<std::size_t> picked(std::size_t count, std::size_t most) {
  std::vector<std::size_t> indices;
  const std::size_t kept = std::min(count, most);
  for (std::size_t i = 0; i < kept; ++i) indices.push_back(kept > 1 ? i * (count - 1) / (kept - 1) : 0);
  return indices;
}

LayerTable thinned(const LayerTable& table) {
  LayerTable thin;
  const std::vector<std::size_t> rows = picked(table.layers.size(), kMostRows),
                                 columns = picked(table.steps.size(), kMostColumns);
  for (const std::size_t column : columns) thin.steps.push_back(table.steps[column]);
  for (const std::size_t row : rows) {
    thin.layers.push_back(table.layers[row]);
    std::vector<double>& values = thin.values.emplace_back();
    for (const std::size_t column : columns) values.push_back(table.values[row][column]);
  }
  return thin;
}

/// From values to steps of colour.
class ColourScale {
 public:
  explicit ColourScale(const HeatPanels& heat) : colours_(heat.colours) {
    std::vector<double> all;
    for (const HeatPanel& panel : heat.panels)
      for (const std::vector<double>& row : panel.table.values)
        for (const double value : row)
          if (std::isfinite(value)) all.push_back(value);
    for (const double value : all) range_.add(value);
    centre_ = median(all);
    std::vector<double> distances;
    for (const double value : all) distances.push_back(std::abs(value - centre_));
    // Both sides reach equally far, so that equal distances from the centre look equally strong.
    reach_ = std::max(quantile(distances, 1.0), 1e-12);
    knee_ = std::clamp(quantile(distances, 0.5), reach_ / 200, reach_);
  }
  bool isEmpty() const { return range_.isEmpty(); }
  double low() const { return isDiverging() ? centre_ - reach_ : range_.low(); }
  double high() const { return isDiverging() ? centre_ + reach_ : range_.high(); }
  double centre() const { return centre_; }
  bool isDiverging() const { return colours_ == HeatColours::Diverging; }
  int steps() const { return isDiverging() ? kDivergingSteps : kSequentialSteps; }
  int step(double value) const {
    if (isDiverging()) return stepOf(0.5 + 0.5 * bent((value - centre_) / knee_) / bent(reach_ / knee_), steps());
    return stepOf(high() > low() ? (value - low()) / (high() - low()) : 0.5, steps());
  }
  /// The value in the middle of a step of colour.
  double valueAt(int step) const {
    const double share = (step + 0.5) / steps();
    if (!isDiverging()) return low() + share * (high() - low());
    return centre_ + knee_ * std::sinh((2 * share - 1) * bent(reach_ / knee_));
  }
  std::string style(int step) const { return isDiverging() ? divergingStyle(step) : sequentialStyle(step); }

 private:
  /// Linear up to about 1, logarithmic beyond: a few cells with extreme values do not make all others look alike.
  static double bent(double distance) { return std::asinh(distance); }

  HeatColours colours_;
  Range range_;
  double centre_ = 0.0, reach_ = 1.0, knee_ = 1.0;
};

/// One path per colour: a rectangle for each run of equal colours in a row.
void drawCells(Svg& svg, const LayerTable& table, const ColourScale& colours, const Area& area) {
  const double width = area.width() / static_cast<double>(table.steps.size());
  const double height = area.height() / static_cast<double>(table.layers.size());
  std::map<int, std::string> paths;  // -1: underflow
  std::string hatch;
  for (std::size_t row = 0; row < table.layers.size(); ++row) {
    const double y = area.bottom - height * static_cast<double>(row + 1);
    const auto styleAt = [&](std::size_t column) {
      const double value = table.values[row][column];
      return std::isnan(value) ? -2 : std::isinf(value) && value < 0 ? -1 : colours.step(value);
    };
    for (std::size_t column = 0; column < table.steps.size();) {
      const int style = styleAt(column);
      std::size_t last = column + 1;
      while (last < table.steps.size() && styleAt(last) == style) ++last;
      const double x = area.left + width * static_cast<double>(column),
                   span = width * static_cast<double>(last - column);
      if (style >= 0)
        paths[style] +=
            fmt::format("M{} {}h{}v{}h-{}z", pixels(x), pixels(y), pixels(span), pixels(height), pixels(span));
      if (style == -1)
        for (double offset = 0; offset < span; offset += 5)
          hatch += fmt::format("M{} {}l{} -{}", pixels(x + offset), pixels(y + height),
                               pixels(std::min(5.0, span - offset)), pixels(height));
      column = last;
    }
  }
  for (const auto& [style, path] : paths) svg.path(path, colours.style(style));
  if (!hatch.empty()) svg.path(hatch, "hatched", "underflow: below 1e-35");
}

void drawLegend(Svg& svg, const HeatPanels& heat, const ColourScale& colours, double top) {
  constexpr double kWidth = 260.0, kHeight = 11.0;
  const double left = kLeft, step = kWidth / colours.steps();
  for (int i = 0; i < colours.steps(); ++i) svg.rect(left + step * i, top, step + 0.3, kHeight, colours.style(i));
  const auto label = [&](double value) { return numberText(heat.isLog && std::abs(value) < 0.05 ? 0.0 : value); };
  const std::vector<int> marked =
      colours.isDiverging() ? std::vector<int>{0, 3, 7, 11, 14} : std::vector<int>{0, 3, 6, 9};
  for (const int i : marked)
    svg.text(left + step * (i + 0.5), top + kHeight + 14, label(colours.valueAt(i)), "tick small", "middle");
  svg.text(left + kWidth + 16, top + kHeight - 1, heat.name, "name");
  bool hasUnderflow = false;
  for (const HeatPanel& panel : heat.panels)
    for (const std::vector<double>& row : panel.table.values)
      for (const double value : row) hasUnderflow = hasUnderflow || (std::isinf(value) && value < 0);
  if (!hasUnderflow) return;
  const double x = left + kWidth + 16;
  for (int i = 0; i < 4; ++i) svg.line(x + 5 * i, top + kHeight + 15, x + 5 * i + 5, top + kHeight + 5, "hatched");
  svg.text(x + 28, top + kHeight + 14, "underflow: below 1e-35", "tick");
}

}  // namespace

std::string drawHeatPanels(const HeatPanels& given, const Figure& figure, const std::string& title) {
  HeatPanels heat = given;
  for (HeatPanel& panel : heat.panels) panel.table = thinned(panel.table);
  const ColourScale colours(heat);
  const std::size_t columns = std::min<std::size_t>(heat.panels.size(), heat.panels.size() > 12  ? 6
                                                                        : heat.panels.size() > 4 ? 4
                                                                                                 : 3);
  const std::size_t rows = (heat.panels.size() + columns - 1) / columns;
  const double width =
      (kFigureWidth - kLeft - 8 - kGap * static_cast<double>(columns - 1)) / static_cast<double>(columns);
  const double height = columns > 4 ? 74.0 : columns == 4 ? 110.0 : 170.0;
  std::vector<std::string> titles;
  for (const HeatPanel& panel : heat.panels) titles.push_back(panel.title);
  const double titleHeight = panelTitleHeight(titles, width);
  const double pitch = titleHeight + height + kStepLabels;
  Svg svg(kFigureWidth, pitch * static_cast<double>(rows) + kLegend + 8);
  for (std::size_t i = 0; i < heat.panels.size(); ++i) {
    const HeatPanel& panel = heat.panels[i];
    const std::size_t column = i % columns, row = i / columns;
    Area area;
    area.left = kLeft + (width + kGap) * static_cast<double>(column);
    area.right = area.left + width;
    area.top = pitch * static_cast<double>(row) + titleHeight;
    area.bottom = area.top + height;
    svg.open(fmt::format("{} role=\"group\" aria-label=\"{}\"", cellsAttribute(panel.cells), escape(panel.tip)));
    drawPanelTitle(svg, panel.title, area);
    svg.rect(area.left, area.top, width, height, "box", panel.tip);
    if (!panel.table.isEmpty()) drawCells(svg, panel.table, colours, area);
    svg.close();
    if (panel.table.isEmpty()) continue;
    svg.text(area.left, area.bottom + 12, std::to_string(panel.table.steps.front()), "tick small");
    svg.text(area.right, area.bottom + 12, std::to_string(panel.table.steps.back()), "tick small", "end");
    if (column != 0) continue;
    svg.text((area.left + area.right) / 2, area.bottom + 12, "step", "small soft", "middle");
    svg.text(area.left - 5, area.bottom - 1, "1", "tick small", "end");
    svg.text(area.left - 5, area.top + 9, std::to_string(given.panels[i].table.layers.size()), "tick small", "end");
    svg.verticalText(area.left - 22, area.top + height / 2, "layer", "small soft");
  }
  drawLegend(svg, heat, colours, pitch * static_cast<double>(rows) + 12);
  return svg.finish(
      drawingId(figure, 0), title,
      fmt::format("Panels of layers (upwards from the input) over training steps (to the right), coloured by {}.",
                  heat.name));
}

std::vector<HeatPanel> heatPanels(const View& view, const std::string& probe, const std::vector<std::string>& by,
                                  Over over, std::size_t most) {
  std::vector<HeatPanel> panels;
  const bool isEachCell = by.empty() && view.cells().size() <= most;
  for (const Group& group : by.empty() ? view.defaultGroups(most) : view.groupsBy(by)) {
    HeatPanel panel;
    panel.title = isEachCell ? fmt::format("C{} {}", group.cells[0] + 1, view.shortLabel(group.cells[0])) : group.label;
    panel.tip = fmt::format("{} ({})", group.label, cellRanges(group.cells));
    panel.table = layerTable(view, group.cells, probe, over);
    panel.cells = group.cells;
    panels.push_back(std::move(panel));
  }
  return panels;
}

}  // namespace nnc::report
