// F11: the loss along a random direction through the parameters that training found.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <map>

#include "report/figures.h"
#include "report/plot.h"
#include "report/series.h"

namespace nnc::report {

namespace {

/// The median over runs of the last slice of each, by position.
std::map<double, double> sliceOf(const View& view, const std::vector<int>& cells, const std::string& probe) {
  std::map<double, std::vector<double>> values;
  for (const int cell : cells)
    for (const study::Run* run : view.cells()[static_cast<std::size_t>(cell)].byBlock) {
      const study::ProbeSeries* const series = seriesOf(run, probe);
      if (!series || series->values.empty()) continue;
      for (std::size_t i = 0; i < series->paths.size(); ++i)
        values[std::strtod(series->paths[i].c_str(), nullptr)].push_back(series->values.back()[i]);
    }
  std::map<double, double> slice;
  for (const auto& [position, numbers] : values) slice[position] = median(numbers);
  return slice;
}

Figure sliceFigure(const View& view, const study::Show* show, const std::string& probe) {
  Figure figure;
  figure.id = "F11";
  figure.slug = slugOf("landscape " + probe);
  figure.title = fmt::format("Loss landscape: {}", probe);
  const std::vector<std::string> by = argument(show, "by");
  std::vector<Key> keys;
  std::vector<std::map<double, double>> slices;
  std::vector<Group> groups;
  Range positions, losses;
  for (const Group& group : by.empty() ? view.defaultGroups(kColours) : view.groupsBy(by)) {
    std::map<double, double> slice = sliceOf(view, group.cells, probe);
    if (slice.empty()) continue;
    keys.push_back({group.label, colourStyle(static_cast<int>(keys.size()))});
    for (const auto& [position, loss] : slice) {
      positions.add(position);
      losses.add(loss);
    }
    figure.cells.insert(figure.cells.end(), group.cells.begin(), group.cells.end());
    slices.push_back(std::move(slice));
    groups.push_back(group);
  }
  if (slices.empty())
    return absentFigure("F11", figure.slug, figure.title, fmt::format("no finished run has a slice {}", probe));
  const double top = 10 + keysHeight(keys, 62, kFigureWidth - 12) + 8;
  const Area area{62, top, kFigureWidth - 16, top + 290};
  Svg svg(kFigureWidth, area.bottom + 46);
  drawKeys(svg, keys, 62, kFigureWidth - 12, 10);
  const Scale x(positions, area.left, area.right, ScaleKind::Linear, false);
  const bool isLog = losses.low() > 0 && losses.high() / losses.low() > 30;
  const Scale y(losses, area.bottom, area.top, isLog ? ScaleKind::Log : ScaleKind::Linear);
  drawAxes(svg, area, x, y, {"position along the direction; 0: the trained parameters", probe});
  for (std::size_t i = 0; i < slices.size(); ++i) {
    std::vector<Point> points;
    for (const auto& [position, loss] : slices[i]) points.push_back({x(position), y(loss)});
    svg.path(linePath(points), "line " + keys[i].style, groups[i].label, cellsAttribute(groups[i].cells));
  }
  figure.variants.push_back(
      {"", svg.finish(drawingId(figure, 0), figure.title, "The loss along one direction, a line for each group.")});
  figure.caption =
      "The loss when the parameters move from where training ended along a random direction, scaled to the norm of "
      "each unit\u2019s "
      "weights; median over runs. A narrow valley is a sharp minimum, many dips are a rough landscape.";
  return figure;
}

}  // namespace

std::vector<Figure> makeLandscape(const View& view, const study::Show* show) {
  const std::vector<std::string> probes =
      show && !show->arguments.empty() ? show->arguments : probesOf(view, ProbeShape::Slice);
  std::vector<Figure> figures;
  for (const std::string& probe : probes) figures.push_back(sliceFigure(view, show, probe));
  if (figures.empty())
    figures.push_back(
        absentFigure("F11", "landscape", "Loss landscape", "the study has no probe of the loss along a line"));
  return figures;
}

}  // namespace nnc::report
