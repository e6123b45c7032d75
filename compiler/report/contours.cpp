#include "report/contours.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/plot.h"
#include "report/style.h"
#include "report/text.h"

namespace nnc::report {

namespace {

constexpr std::size_t kMostColumns = 3;
constexpr double kLeft = 62.0, kBelow = 24.0, kGap = 22.0, kLargest = 300.0, kLegend = 66.0;
/// Between the largest and the smallest number; beyond it levels are evenly spaced by their logarithm.
constexpr double kLargestRatio = 3.0;

/// Numbers that part the colours.
class Levels {
 public:
  explicit Levels(const ContourPanels& contours) {
    Range range;
    for (const ContourPanel& panel : contours.panels)
      for (const std::vector<double>& row : panel.plane.values) range.add(row);
    if (range.isEmpty()) return;
    isLog_ = range.low() > 0 && range.high() / range.low() > kLargestRatio;
    const Scale scale(range, 0.0, 1.0, ScaleKind::Linear, /*isRounded=*/false);
    for (const double level : isLog_ ? factorsApart(range) : scale.ticks(kSequentialSteps - 3))
      if (level > range.low() && level < range.high() && bounds_.size() + 1 < kSequentialSteps)
        bounds_.push_back(level);
  }
  const std::vector<double>& bounds() const { return bounds_; }
  std::size_t bands() const { return bounds_.size() + 1; }
  /// The colour of a band, over the whole map.
  std::string style(std::size_t band) const {
    return sequentialStyle(bands() < 2 ? 0 : static_cast<int>(band * (kSequentialSteps - 1) / (bands() - 1)));
  }
  std::string text(std::size_t band) const {
    if (bounds_.empty()) return "";
    if (band == 0) return fmt::format("below {}", numberText(bounds_.front()));
    if (band == bounds_.size()) return fmt::format("above {}", numberText(bounds_.back()));
    return fmt::format("{} to {}", numberText(bounds_[band - 1]), numberText(bounds_[band]));
  }
  /// How far from `a` to `b` the bound lies, 0..1.
  double share(double a, double b, double bound) const {
    return isLog_ ? std::log(bound / a) / std::log(b / a) : (bound - a) / (b - a);
  }

 private:
  /// With two digits, each about the same factor above the one before it.
  static std::vector<double> factorsApart(const Range& range) {
    std::vector<double> values;
    for (int i = 1; i < kSequentialSteps; ++i) {
      const double value =
          range.low() * std::pow(range.high() / range.low(), static_cast<double>(i) / kSequentialSteps);
      const double digit = std::pow(10.0, std::floor(std::log10(value)) - 1.0);
      values.push_back(std::round(value / digit) * digit);
    }
    return values;
  }

  std::vector<double> bounds_;
  bool isLog_ = false;
};

/// One square of the grid, its corners in turn.
struct Square {
  Point corners[4];
  double values[4];
  bool isFinite() const {
    return std::all_of(std::begin(values), std::end(values), [](double value) { return std::isfinite(value); });
  }
};

class PanelDrawing {
 public:
  PanelDrawing(Svg& svg, const Plane& plane, const Levels& levels, const Area& area)
      : svg_(svg), plane_(plane), levels_(levels), area_(area) {}

  /// From the lowest band up, each over the ones before it: what lies above a bound covers all that lies above the
  /// next.
  void draw(const std::string& name) {
    std::string hatch;
    for (std::size_t row = 0; row + 1 < plane_.y.size(); ++row)
      for (std::size_t column = 0; column + 1 < plane_.x.size(); ++column)
        if (const Square square = at(row, column); !square.isFinite()) addHatch(square, hatch);
    svg_.path(region(-HUGE_VAL), levels_.style(0), fmt::format("{} {}", name, levels_.text(0)));
    std::string lines;
    for (std::size_t band = 1; band < levels_.bands(); ++band) {
      const std::string path = region(levels_.bounds()[band - 1]);
      if (!path.empty()) svg_.path(path, levels_.style(band), fmt::format("{} {}", name, levels_.text(band)));
      lines += lines_;
    }
    if (!lines.empty()) svg_.path(lines, "contour");
    if (!hatch.empty()) svg_.path(hatch, "hatched", fmt::format("{} is not a finite number", name));
  }

 private:
  Point place(std::size_t row, std::size_t column) const {
    const Scale x(ends(plane_.x), area_.left, area_.right, ScaleKind::Linear, false);
    const Scale y(ends(plane_.y), area_.bottom, area_.top, ScaleKind::Linear, false);
    return {x(plane_.x[column]), y(plane_.y[row])};
  }
  static Range ends(const std::vector<double>& positions) {
    Range range;
    range.add(positions);
    return range;
  }
  Square at(std::size_t row, std::size_t column) const {
    const std::vector<std::vector<double>>& f = plane_.values;
    return {{place(row, column), place(row, column + 1), place(row + 1, column + 1), place(row + 1, column)},
            {f[row][column], f[row][column + 1], f[row + 1][column + 1], f[row + 1][column]}};
  }
  static void addHatch(const Square& square, std::string& hatch) {
    const Point &a = square.corners[0], &c = square.corners[2];
    hatch += fmt::format("M{} {}L{} {}", pixels(a.x), pixels(a.y), pixels(c.x), pixels(c.y));
  }

  /// All that is at least `bound`, linear along the sides of squares; the lines where it ends go to lines_.
  std::string region(double bound) {
    lines_.clear();
    std::string path;
    for (std::size_t row = 0; row + 1 < plane_.y.size(); ++row) {
      for (std::size_t column = 0; column + 1 < plane_.x.size();) {
        std::size_t end = column;  // of whole squares, which make one rectangle
        while (end + 1 < plane_.x.size() && isWhole(at(row, end), bound)) ++end;
        if (end > column) {
          const Point low = place(row, column), high = place(row + 1, end);
          path += fmt::format("M{} {}H{}V{}H{}z", pixels(low.x), pixels(low.y), pixels(high.x), pixels(high.y),
                              pixels(low.x));
          column = end;
          continue;
        }
        addPart(at(row, column), bound, path);
        ++column;
      }
    }
    return path;
  }
  static bool isWhole(const Square& square, double bound) {
    return square.isFinite() && *std::min_element(std::begin(square.values), std::end(square.values)) >= bound;
  }

  /// Around the square: the corners that are at least `bound`, and where its sides cross it. A line goes from where the
  /// way leaves the region to where it enters it again.
  void addPart(const Square& square, double bound, std::string& path) {
    if (!square.isFinite()) return;
    std::vector<std::pair<Point, bool>> crossings;  // whether it leaves
    std::vector<Point> around;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t next = (i + 1) % 4;
      const bool isInside = square.values[i] >= bound;
      if (isInside) around.push_back(square.corners[i]);
      if (isInside == (square.values[next] >= bound)) continue;
      const double share = levels_.share(square.values[i], square.values[next], bound);
      const Point &a = square.corners[i], &b = square.corners[next];
      around.push_back({a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)});
      crossings.emplace_back(around.back(), isInside);
    }
    if (around.empty()) return;
    path += linePath(around) + "z";
    for (std::size_t i = 0; i < crossings.size(); ++i)
      if (crossings[i].second)
        lines_ += linePath(std::vector<Point>{crossings[i].first, crossings[(i + 1) % crossings.size()].first});
  }

  Svg& svg_;
  const Plane& plane_;
  const Levels& levels_;
  const Area& area_;
  std::string lines_;  // of the last region
};

void drawLegend(Svg& svg, const ContourPanels& contours, const Levels& levels, double top) {
  constexpr double kHeight = 12.0;
  const double step = std::min(46.0, (kFigureWidth - kLeft - 60) / static_cast<double>(levels.bands()));
  svg.text(kLeft, top, contours.name, "name");
  for (std::size_t band = 0; band < levels.bands(); ++band)
    svg.rect(kLeft + step * static_cast<double>(band), top + 8, step, kHeight, levels.style(band), levels.text(band));
  for (std::size_t i = 0; i < levels.bounds().size(); ++i)
    svg.text(kLeft + step * static_cast<double>(i + 1), top + kHeight + 22, numberText(levels.bounds()[i]),
             "tick small", "middle");
}

void drawPanel(Svg& svg, const ContourPanels& contours, const ContourPanel& panel, const Levels& levels,
               const Area& area, bool isFirst) {
  svg.open(fmt::format("{} role=\"group\" aria-label=\"{}\"", cellsAttribute(panel.cells), escape(panel.tip)));
  drawPanelTitle(svg, panel.title, area);
  PanelDrawing(svg, panel.plane, levels, area).draw(contours.name);
  svg.rect(area.left, area.top, area.width(), area.height(), "box");
  const auto middle = [](const std::vector<double>& positions) { return (positions.front() + positions.back()) / 2.0; };
  const double x = (area.left + area.right) / 2.0, y = (area.top + area.bottom) / 2.0;
  if (middle(panel.plane.x) == 0.0 && middle(panel.plane.y) == 0.0) svg.circle(x, y, 4, "ring c1", contours.originTip);
  svg.close();
  for (const auto& [place, value, anchor] :
       {std::tuple(area.left, panel.plane.x.front(), "start"), std::tuple(x, middle(panel.plane.x), "middle"),
        std::tuple(area.right, panel.plane.x.back(), "end")})
    svg.text(place, area.bottom + 14, numberText(value), "tick small", anchor);
  if (!isFirst) return;
  for (const auto& [place, value] :
       {std::pair(area.bottom, panel.plane.y.front()), std::pair(y + 4, middle(panel.plane.y)),
        std::pair(area.top + 9, panel.plane.y.back())})
    svg.text(area.left - 6, place, numberText(value), "tick small", "end");
  svg.verticalText(area.left - 38, y, contours.yName, "small soft");
}

}  // namespace

std::string drawContours(const ContourPanels& contours, const Figure& figure, const std::string& title) {
  const Levels levels(contours);
  const std::size_t columns = std::min(contours.panels.size(), kMostColumns);
  const std::size_t rows = (contours.panels.size() + columns - 1) / columns;
  const double side = std::min(
      kLargest, (kFigureWidth - kLeft - 12 - kGap * static_cast<double>(columns - 1)) / static_cast<double>(columns));
  std::vector<std::string> titles;
  for (const ContourPanel& panel : contours.panels) titles.push_back(panel.title);
  const double titleHeight = panelTitleHeight(titles, side);
  const double pitch = titleHeight + side + kBelow;
  const double bottom = pitch * static_cast<double>(rows);
  Svg svg(kFigureWidth, bottom + 18 + kLegend);
  std::string numbers;
  for (std::size_t i = 0; i < contours.panels.size(); ++i) {
    const ContourPanel& panel = contours.panels[i];
    Area area;
    area.left = kLeft + (side + kGap) * static_cast<double>(i % columns);
    area.right = area.left + side;
    area.top = pitch * static_cast<double>(i / columns) + titleHeight;
    area.bottom = area.top + side;
    drawPanel(svg, contours, panel, levels, area, i % columns == 0);
    numbers += " " + panel.tip + ".";
  }
  svg.text(kLeft + (side * static_cast<double>(columns) + kGap * static_cast<double>(columns - 1)) / 2, bottom + 8,
           contours.xName, "small soft", "middle");
  drawLegend(svg, contours, levels, bottom + 32);
  return svg.finish(drawingId(figure, 0), title,
                    fmt::format("Levels of {} over a plane, from dark for small to bright for large values.{}",
                                contours.name, numbers));
}

}  // namespace nnc::report
