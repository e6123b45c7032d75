// F7: a measure over an ordered factor, a line for each recipe; below it the loss of training.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/attribution.h"
#include "report/figures.h"
#include "report/plot.h"

namespace nnc::report {

namespace {

/// One point of a line: the runs of a recipe at one level.
struct SweepPoint {
  double x = 0.0;
  std::vector<double> values;
  int diverged = 0, runs = 0;
};

struct SweepLine {
  Group group;
  std::vector<SweepPoint> points;  // by ascending x
};

/// What is drawn over the levels: a measure, or where a curve ends.
struct Quantity {
  std::string name;
  const study::Measure* measure = nullptr;  // null: the last value of the curve `name`
  Unit unit;
  bool isLog = false;

  double of(const study::Run& run) const {
    if (measure) return View::value(&run, measure->name);
    for (const study::Curve& curve : run.curves)
      if (curve.metric == name && !curve.values.empty()) return curve.values.back();
    return std::nan("");
  }
};

std::vector<SweepLine> linesOf(const View& view, const std::vector<Group>& groups, int factor,
                               const Quantity& quantity) {
  std::vector<SweepLine> lines;
  const std::vector<study::Level>& levels = view.study().factors[static_cast<std::size_t>(factor)].levels;
  for (const Group& group : groups) {
    SweepLine line{group, {}};
    for (std::size_t level = 0; level < levels.size(); ++level) {
      SweepPoint point;
      point.x = levels[level].number.value_or(static_cast<double>(level + 1));
      for (const int cell : group.cells) {
        const CellRuns& entry = view.cells()[static_cast<std::size_t>(cell)];
        if (entry.cell->levels[static_cast<std::size_t>(factor)] != static_cast<int>(level)) continue;
        for (const study::Run* run : entry.byBlock) {
          if (!run) continue;
          const double value = quantity.of(*run);
          point.runs += 1;
          point.diverged += run->status == study::Status::Diverged || run->status == study::Status::Failed;
          if (std::isfinite(value)) point.values.push_back(value * quantity.unit.scale);
        }
      }
      if (!point.values.empty()) line.points.push_back(std::move(point));
    }
    std::sort(line.points.begin(), line.points.end(),
              [](const SweepPoint& a, const SweepPoint& b) { return a.x < b.x; });
    if (!line.points.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

/// Ticks at the levels themselves.
void drawLevels(Svg& svg, const Area& area, const Scale& x, const study::Factor& factor) {
  for (std::size_t i = 0; i < factor.levels.size(); ++i) {
    const double at = x(factor.levels[i].number.value_or(static_cast<double>(i + 1)));
    svg.line(at, area.top, at, area.bottom, "grid");
    svg.text(at, area.bottom + 16, factor.levels[i].label, "tick", "middle");
  }
  svg.line(area.left, area.bottom, area.right, area.bottom, "axis");
}

void drawPanel(Svg& svg, const std::vector<SweepLine>& lines, const Area& area, const Scale& x,
               const Quantity& quantity, const study::Factor& factor) {
  Range values;
  for (const SweepLine& line : lines)
    for (const SweepPoint& point : line.points) values.add(point.values);
  if (quantity.measure && quantity.measure->chance) values.add(*quantity.measure->chance * quantity.unit.scale);
  const Scale y(values, area.bottom, area.top, quantity.isLog && values.low() > 0 ? ScaleKind::Log : ScaleKind::Linear);
  drawAxisY(svg, area, y, quantity.unit.axis(quantity.name));
  drawLevels(svg, area, x, factor);
  if (quantity.measure && quantity.measure->chance) {
    const double chance = y(*quantity.measure->chance * quantity.unit.scale);
    svg.line(area.left, chance, area.right, chance, "chance");
    svg.text(area.left + 4, chance - 4, "guessing", "small soft");
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string colour = colourStyle(static_cast<int>(i));
    std::vector<Point> middle, low, high;
    for (const SweepPoint& point : lines[i].points) {
      middle.push_back({x(point.x), y(median(point.values))});
      low.push_back({x(point.x), y(quantile(point.values, 0.0))});
      high.push_back({x(point.x), y(quantile(point.values, 1.0))});
    }
    svg.path(bandPath(high, low), "band " + colour);
    svg.path(linePath(middle), "line " + colour, lines[i].group.label, cellsAttribute(lines[i].group.cells));
    for (std::size_t p = 0; p < middle.size(); ++p) {
      const SweepPoint& point = lines[i].points[p];
      const std::string tip =
          fmt::format("{}, {} = {}: {}{}, {} of {} failed", lines[i].group.label, factor.name, numberText(point.x),
                      numberText(median(point.values)), quantity.unit.value, point.diverged, point.runs);
      if (2 * point.diverged > point.runs)
        drawEndMark(svg, EndMark::Cross, middle[p].x, middle[p].y, colour, tip);
      else
        svg.circle(middle[p].x, middle[p].y, 3.4, "dot " + colour, tip);
    }
  }
}

std::vector<std::string> otherFactors(const View& view, int factor) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < view.study().factors.size(); ++i)
    if (static_cast<int>(i) != factor) names.push_back(view.study().factors[i].name);
  return names;
}

Figure sweepOf(const View& view, const study::Show* show, const study::Measure& measure, int index, bool withLoss) {
  const study::Factor& factor = view.study().factors[static_cast<std::size_t>(index)];
  Figure figure;
  figure.id = "F7";
  figure.slug = slugOf(fmt::format("sweep {} over {}", measure.name, factor.name));
  figure.title = fmt::format("{} over {}", measure.name, factor.name);
  const std::vector<std::string> by = argument(show, "by");
  const std::vector<Group> groups = view.groupsBy(by.empty() ? otherFactors(view, index) : by);
  std::vector<Quantity> quantities = {{measure.name, &measure, unitOf(measure), false},
                                      {"train.loss", nullptr, {}, true}};
  std::vector<std::vector<SweepLine>> lines;
  for (const Quantity& quantity : quantities) lines.push_back(linesOf(view, groups, index, quantity));
  if (lines[0].empty()) return absentFigure("F7", figure.slug, figure.title, "no run has finished");
  Range range;
  bool isPositive = true;
  for (std::size_t i = 0; i < factor.levels.size(); ++i) {
    range.add(factor.levels[i].number.value_or(static_cast<double>(i + 1)));
    isPositive = isPositive && factor.levels[i].number.value_or(1.0) > 0;
  }
  std::vector<Key> keys;
  for (std::size_t i = 0; i < lines[0].size(); ++i)
    keys.push_back({lines[0][i].group.label, colourStyle(static_cast<int>(i))});
  const double top = 10 + keysHeight(keys, 62, kFigureWidth - 12) + 10;
  const bool hasLoss = withLoss && !lines[1].empty();
  const Area area{62, top, kFigureWidth - 20, top + 250};
  const Area below{62, area.bottom + 38, kFigureWidth - 20, area.bottom + 38 + 150};
  const Area& last = hasLoss ? below : area;
  Svg svg(kFigureWidth, last.bottom + 46);
  drawKeys(svg, keys, 62, kFigureWidth - 12, 10);
  const Scale x(range, area.left + 14, area.right - 14,
                isPositive && range.high() > 4 * range.low() ? ScaleKind::Log : ScaleKind::Linear, false);
  drawPanel(svg, lines[0], area, x, quantities[0], factor);
  if (hasLoss) drawPanel(svg, lines[1], below, x, quantities[1], factor);
  svg.text((last.left + last.right) / 2, last.bottom + 36, factor.name, "name", "middle");
  figure.cells = allCells(view);
  figure.variants.push_back(
      {"", svg.finish(drawingId(figure, 0), figure.title, "Lines over an ordered factor, one for each recipe.")});
  figure.caption = fmt::format(
      "Medians over runs, with all runs in the band; a cross marks levels at which most runs diverged or failed, which "
      "count as "
      "guessing.{}",
      hasLoss ? " Below: the loss of training at the end. Where it rises, networks do not overfit: they fail to train."
              : "");
  return figure;
}

}  // namespace

std::vector<Figure> makeSweep(const View& view, const study::Show* show) {
  std::vector<int> factors;
  if (const std::string over = argumentOr(show, "over", ""); !over.empty()) {
    if (const std::optional<int> factor = view.factor(over)) factors.push_back(*factor);
  } else {
    for (std::size_t i = 0; i < view.study().factors.size(); ++i)
      if (view.study().factors[i].isOrdered && view.study().factors[i].levels.size() > 1)
        factors.push_back(static_cast<int>(i));
  }
  std::vector<Figure> figures;
  const std::vector<const study::Measure*> measures = measuresOf(view, show);
  for (const int factor : factors)
    for (const study::Measure* const measure : measures)  // the loss of training is the same below all of them
      figures.push_back(sweepOf(view, show, *measure, factor, /*withLoss=*/measure == measures[0]));
  if (figures.empty()) figures.push_back(absentFigure("F7", "sweep", "Sweep", "no factor has levels in order"));
  return figures;
}

}  // namespace nnc::report
