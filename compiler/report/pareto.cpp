// F8: what a result costs, and what no other cell beats.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/attribution.h"
#include "report/figures.h"
#include "report/plot.h"

namespace nnc::report {

namespace {

struct Cost {
  const char* label;
  const char* axis;
  double (*of)(const CellRuns& cell, const study::Run& run);
  bool hasOldMachines;
};
constexpr std::array<Cost, 3> kCosts = {
    {{"FLOPs", "floating-point operations of one run", [](const CellRuns&, const study::Run& run) { return run.flops; },
      true},
     {"CPU seconds", "processor seconds of one run, in training steps",
      [](const CellRuns&, const study::Run& run) { return run.trainSeconds; }, false},
     {"parameters", "trained parameters",
      [](const CellRuns& cell, const study::Run&) { return static_cast<double>(cell.cell->parameters); }, false}}};

/// Machines of the time, from general knowledge and of one significant digit.
struct OldMachine {
  const char* name;
  double flopsPerSecond;
};
constexpr std::array<OldMachine, 2> kOldMachines = {{{"1986, at 1 MFLOP/s", 1e6}, {"1990, at 10 MFLOP/s", 1e7}}};

struct Dot {
  int cell = 0;
  double cost = 0.0, value = 0.0;
  bool isFront = false;
};

std::vector<Dot> dotsOf(const View& view, const study::Measure& measure, const Cost& cost) {
  std::vector<Dot> dots;
  for (const CellRuns& cell : view.cells()) {
    std::vector<double> costs;
    for (const study::Run* run : cell.byBlock)
      if (run) costs.push_back(cost.of(cell, *run));
    const double value = view.mean(cell.number - 1, measure.name);
    const double middle = median(costs);
    if (std::isfinite(value) && middle > 0) dots.push_back({cell.number - 1, middle, value, false});
  }
  for (Dot& dot : dots)
    dot.isFront = measure.better != study::Measure::Better::Unknown &&
                  std::none_of(dots.begin(), dots.end(), [&](const Dot& other) {
                    const bool isNotWorse = measure.better == study::Measure::Better::Lower ? other.value <= dot.value
                                                                                            : other.value >= dot.value;
                    const bool isBetter = other.value != dot.value || other.cost < dot.cost;
                    return other.cost <= dot.cost && isNotWorse && isBetter;
                  });
  std::stable_sort(dots.begin(), dots.end(), [](const Dot& a, const Dot& b) { return a.cost < b.cost; });
  return dots;
}

/// Above the panel: how long one run would take a machine of the time.
void drawOldMachines(Svg& svg, const Area& area, const Scale& x) {
  const std::vector<double> ticks = x.ticks(5);
  for (std::size_t m = 0; m < kOldMachines.size(); ++m) {
    const double y = area.top - 18 - 16 * static_cast<double>(m);
    svg.text(10, y, kOldMachines[m].name, "small soft");
    for (const double tick : ticks)
      if (tick > 0 && x(tick) > 150)
        svg.text(x(tick), y, secondsText(tick / kOldMachines[m].flopsPerSecond), "small soft", "middle");
  }
}

void drawFront(Svg& svg, const std::vector<Dot>& dots, const Scale& x, const Scale& y, double scale) {
  std::string path;
  for (const Dot& dot : dots) {
    if (!dot.isFront) continue;
    path += path.empty() ? fmt::format("M{} {}", pixels(x(dot.cost)), pixels(y(dot.value * scale)))
                         : fmt::format("H{}V{}", pixels(x(dot.cost)), pixels(y(dot.value * scale)));
  }
  if (!path.empty()) svg.path(path + fmt::format("H{}", pixels(x.to())), "line c1", "no cell is better at this cost");
}

std::string drawing(const View& view, const study::Measure& measure, const Figure& figure, std::size_t variant,
                    const Cost& cost, const std::vector<Dot>& dots) {
  const Unit unit = unitOf(measure);
  Range costs, values;
  for (const Dot& dot : dots) {
    costs.add(dot.cost);
    values.add(dot.value * unit.scale);
  }
  const Area area{62, cost.hasOldMachines ? 62.0 : 16.0, kFigureWidth - 20, 340};
  Svg svg(kFigureWidth, area.bottom + 46);
  const bool isLog = costs.high() > 8 * costs.low();
  if (!isLog) {  // room at both sides
    const double margin = 0.05 * std::max(costs.high() - costs.low(), 0.1 * costs.high());
    costs.add(costs.low() - margin);
    costs.add(costs.high() + margin);
  }
  const Scale x(costs, area.left, area.right, isLog ? ScaleKind::Log : ScaleKind::Linear, isLog),
      y(values, area.bottom, area.top);
  drawAxes(svg, area, x, y, {cost.axis, unit.axis(measure.name)});
  if (cost.hasOldMachines) drawOldMachines(svg, area, x);
  drawFront(svg, dots, x, y, unit.scale);
  double labelEnd = -1e9;
  for (const Dot& dot : dots) {
    const CellRuns& cell = view.cells()[static_cast<std::size_t>(dot.cell)];
    const double px = x(dot.cost), py = y(dot.value * unit.scale);
    svg.circle(px, py, dot.isFront ? 5 : 3.5, dot.isFront ? "dot c1" : "dot c6",
               fmt::format("C{}, {}: {} at {}", cell.number, cell.label, unit.of(dot.value), numberText(dot.cost)),
               cellsAttribute({dot.cell}));
    if (!dot.isFront || px < labelEnd) continue;
    const std::string label = fmt::format("C{}", cell.number);
    svg.text(px + 7, py + 14, label, "small strong halo");
    labelEnd = px + 7 + textWidth(label, 11);
  }
  return svg.finish(drawingId(figure, variant), figure.title,
                    "Cells as dots over their cost; a stepped line joins those that no other beats.");
}

}  // namespace

std::vector<Figure> makePareto(const View& view, const study::Show* show) {
  std::vector<Figure> figures;
  for (const study::Measure* const measure : measuresOf(view, show)) {
    Figure figure;
    figure.id = "F8";
    figure.slug = slugOf("pareto " + measure->name);
    figure.title = fmt::format("{} against cost", measure->name);
    std::vector<int> front;
    for (const Cost& cost : kCosts) {
      const std::vector<Dot> dots = dotsOf(view, *measure, cost);
      if (dots.empty()) continue;
      if (figure.variants.empty())
        for (const Dot& dot : dots)
          if (dot.isFront) front.push_back(dot.cell);
      figure.variants.push_back({cost.label, drawing(view, *measure, figure, figure.variants.size(), cost, dots)});
    }
    if (figure.variants.empty()) {
      figures.push_back(absentFigure("F8", figure.slug, figure.title, "no finished run says what it cost"));
      continue;
    }
    figure.cells = allCells(view);
    std::string names;
    for (const int cell : front)
      names += fmt::format("{}C{} ({})", names.empty() ? "" : "; ", cell + 1,
                           escape(view.cells()[static_cast<std::size_t>(cell)].label));
    const std::string beaten =
        names.empty() ? "Which values are better is not known, so no cell beats another."
                      : fmt::format("Orange: those that no other cell beats at the same cost or less. By {}: {}.",
                                    figure.variants[0].label, names);
    figure.caption = fmt::format(
        "Cells by what one run costs. {} The rows above the panel say how long the same arithmetic takes at the speed "
        "of "
        "machines of the time, which are rough figures.",
        beaten);
    figures.push_back(std::move(figure));
  }
  if (figures.empty())
    figures.push_back(absentFigure("F8", "pareto", "Result against cost", "the study measures nothing"));
  return figures;
}

}  // namespace nnc::report
