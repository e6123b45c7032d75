// F11: the loss along a random direction through the parameters that training found, and in a plane through them.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "report/contours.h"
#include "report/figures.h"
#include "report/plot.h"
#include "report/series.h"

namespace nnc::report {

namespace {

/// Between the largest and the smallest loss; beyond it the axis is logarithmic.
constexpr double kLargestRatio = 10.0;

/// The median over runs of the last values of each, by position.
std::map<std::vector<double>, double> landscapeOf(const View& view, const std::vector<int>& cells,
                                                  const std::string& probe) {
  std::map<std::vector<double>, std::vector<double>> values;
  for (const int cell : cells)
    for (const study::Run* run : view.cells()[static_cast<std::size_t>(cell)].byBlock) {
      const study::ProbeSeries* const series = seriesOf(run, probe);
      if (!series || series->values.empty()) continue;
      for (std::size_t i = 0; i < series->paths.size(); ++i)
        values[positionOf(series->paths[i])].push_back(series->values.back()[i]);
    }
  std::map<std::vector<double>, double> landscape;
  for (const auto& [position, numbers] : values)
    if (!position.empty()) landscape[position] = median(numbers);
  return landscape;
}

Figure sliceFigure(const View& view, const study::Show* show, const std::string& probe) {
  Figure figure;
  figure.id = "F11";
  figure.slug = slugOf("landscape " + probe);
  figure.title = fmt::format("Loss landscape: {}", probe);
  const std::vector<std::string> by = argument(show, "by");
  std::vector<Key> keys;
  std::vector<std::map<std::vector<double>, double>> slices;
  std::vector<Group> groups;
  Range positions, losses;
  for (const Group& group : by.empty() ? view.defaultGroups(kColours) : view.groupsBy(by)) {
    std::map<std::vector<double>, double> slice = landscapeOf(view, group.cells, probe);
    if (slice.empty()) continue;
    keys.push_back({group.label, colourStyle(static_cast<int>(keys.size()))});
    for (const auto& [position, loss] : slice) {
      positions.add(position[0]);
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
  const bool isLog = losses.low() > 0 && losses.high() / losses.low() > kLargestRatio;
  const Scale y(losses, area.bottom, area.top, isLog ? ScaleKind::Log : ScaleKind::Linear);
  drawAxes(svg, area, x, y, {"position along the direction; 0: the trained parameters", "loss"});
  for (std::size_t i = 0; i < slices.size(); ++i) {
    std::vector<Point> points;
    for (const auto& [position, loss] : slices[i]) points.push_back({x(position[0]), y(loss)});
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

/// The numbers on a grid; NaN where there is none.
Plane planeOf(const std::map<std::vector<double>, double>& landscape) {
  Plane plane;
  std::map<double, std::map<double, double>> rows;  // by y, then x
  std::map<double, bool> columns;
  for (const auto& [position, value] : landscape) {
    rows[position[1]][position[0]] = value;
    columns[position[0]] = true;
  }
  for (const auto& [x, isThere] : columns) plane.x.push_back(x);
  for (const auto& [y, row] : rows) {
    plane.y.push_back(y);
    std::vector<double>& values = plane.values.emplace_back();
    for (const double x : plane.x) values.push_back(row.contains(x) ? row.at(x) : std::nan(""));
  }
  return plane;
}

/// `ReLU (C2): 0.41 in the middle, from 0.38 to 2.9`
std::string planeTip(const Group& group, const Plane& plane) {
  Range range;
  for (const std::vector<double>& row : plane.values) range.add(row);
  const double middle = plane.values[plane.y.size() / 2][plane.x.size() / 2];
  return fmt::format("{} ({}): {} in the middle, from {} to {}", group.label, cellRanges(group.cells),
                     numberText(middle), numberText(range.low()), numberText(range.high()));
}

Figure planeFigure(const View& view, const study::Show* show, const std::string& probe) {
  constexpr std::size_t kMostPanels = 6;
  Figure figure;
  figure.id = "F11";
  figure.slug = slugOf("landscape " + probe);
  figure.title = fmt::format("Loss landscape: {}", probe);
  const std::vector<std::string> by = argument(show, "by");
  ContourPanels contours{
      {}, "loss", "along the first direction", "along the second direction", "the trained parameters"};
  for (const Group& group : by.empty() ? view.defaultGroups(kMostPanels) : view.groupsBy(by)) {
    Plane plane = planeOf(landscapeOf(view, group.cells, probe));
    if (plane.x.size() < 2 || plane.y.size() < 2) continue;
    figure.cells.insert(figure.cells.end(), group.cells.begin(), group.cells.end());
    contours.panels.push_back({group.label, planeTip(group, plane), std::move(plane), group.cells});
  }
  if (contours.panels.empty())
    return absentFigure("F11", figure.slug, figure.title, fmt::format("no finished run has values of {}", probe));
  figure.variants.push_back({"", drawContours(contours, figure, figure.title)});
  figure.caption =
      "The loss when the parameters move from where training ended, the ring, in the plane of two random directions, "
      "scaled to the norm of each unit\u2019s weights; median over runs, one scale of colour for all panels. Rings "
      "that lie "
      "close are steep walls, levels that are not round directions of different sharpness, islands a rough landscape.";
  return figure;
}

}  // namespace

std::vector<Figure> makeLandscape(const View& view, const study::Show* show) {
  std::vector<std::string> probes;
  if (show && !show->arguments.empty()) {
    probes = show->arguments;
  } else {
    for (const ProbeShape shape : {ProbeShape::Slice, ProbeShape::Plane})
      for (const std::string& name : probesOf(view, shape)) probes.push_back(name);
  }
  std::vector<Figure> figures;
  for (const std::string& probe : probes)
    figures.push_back(shapeOf(view, probe) == ProbeShape::Plane ? planeFigure(view, show, probe)
                                                                : sliceFigure(view, show, probe));
  if (figures.empty())
    figures.push_back(
        absentFigure("F11", "landscape", "Loss landscape", "the study has no probe of the loss along a line"));
  return figures;
}

}  // namespace nnc::report
