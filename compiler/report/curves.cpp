// F1: what the runs measured on the way, over four clocks.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "report/figures.h"
#include "report/plot.h"

namespace nnc::report {

namespace {

enum class Clock { Steps, Examples, Flops, Seconds };
struct ClockText {
  Clock clock;
  const char* label;
  const char* axis;
};
constexpr std::array<ClockText, 4> kClocks = {{{Clock::Steps, "steps", "training steps"},
                                               {Clock::Examples, "examples", "training examples"},
                                               {Clock::Flops, "FLOPs", "floating-point operations"},
                                               {Clock::Seconds, "CPU seconds", "processor seconds in training steps"}}};

const study::Curve* curveOf(const study::Run* run, const std::string& metric) {
  if (run)
    for (const study::Curve& curve : run->curves)
      if (curve.metric == metric) return &curve;
  return nullptr;
}

/// What the clock shows at point `i` of a curve of a run. Where seconds were not read, steps count as equally long.
double clockAt(const study::Run& run, Clock clock, const study::Curve& curve, std::size_t i) {
  const std::int64_t step = curve.steps[i];
  if (clock == Clock::Seconds && run.curveSeconds.size() == curve.steps.size()) return run.curveSeconds[i];
  const double share = run.steps > 0 ? static_cast<double>(step) / static_cast<double>(run.steps) : 0.0;
  switch (clock) {
    case Clock::Steps:
      return static_cast<double>(step);
    case Clock::Examples:
      return share * static_cast<double>(run.examples);
    case Clock::Flops:
      return share * run.flops;
    case Clock::Seconds:
      break;
  }
  return share * run.trainSeconds;
}

/// The curves of a group at the steps that its runs share: middle and band.
struct Summary {
  std::vector<double> x, middle, low, high;
  EndMark mark = EndMark::None;
  std::string tip;
};

/// Values of all runs of the group by step, in the unit of the metric, and where their clocks stood.
Summary summarise(const View& view, const Group& group, const std::string& metric, Clock clock) {
  const double scale = unitOfMetric(metric).scale;
  std::map<std::int64_t, std::vector<double>> values, clocks;
  int diverged = 0, stopped = 0;
  for (const int cell : group.cells)
    for (const study::Run* run : view.cells()[static_cast<std::size_t>(cell)].byBlock) {
      const study::Curve* const curve = curveOf(run, metric);
      if (!curve) continue;
      for (std::size_t i = 0; i < curve->steps.size(); ++i) {
        if (std::isnan(curve->values[i])) continue;
        values[curve->steps[i]].push_back(scale * curve->values[i]);
        clocks[curve->steps[i]].push_back(clockAt(*run, clock, *curve, i));
      }
      diverged += run->status == study::Status::Diverged;
      stopped += run->status == study::Status::TimedOut || run->status == study::Status::Failed;
    }
  Summary summary;
  const int runs = diverged + stopped;
  for (auto& [step, numbers] : values) {
    // Few runs: all of them lie in the band. Many: the middle half.
    const bool isFew = numbers.size() < 5;
    summary.x.push_back(median(clocks[step]));
    summary.middle.push_back(median(numbers));
    summary.low.push_back(quantile(numbers, isFew ? 0.0 : 0.25));
    summary.high.push_back(quantile(numbers, isFew ? 1.0 : 0.75));
  }
  if (diverged > 0)
    summary.mark = EndMark::Cross;
  else if (stopped > 0)
    summary.mark = EndMark::Triangle;
  if (runs > 0) summary.tip = fmt::format("{}: {} diverged, {} stopped early", group.label, diverged, stopped);
  return summary;
}

/// At most this many points of a line; more would only make the page larger.
constexpr std::size_t kMostPoints = 160;

Summary thinned(Summary summary) {
  const std::size_t count = summary.x.size();
  if (count <= kMostPoints) return summary;
  Summary thin;
  thin.mark = summary.mark;
  thin.tip = summary.tip;
  for (std::size_t i = 0; i < kMostPoints; ++i) {
    const std::size_t at = i * (count - 1) / (kMostPoints - 1);
    thin.x.push_back(summary.x[at]);
    thin.middle.push_back(summary.middle[at]);
    thin.low.push_back(summary.low[at]);
    thin.high.push_back(summary.high[at]);
  }
  return thin;
}

struct Lines {
  std::vector<Group> groups;
  std::vector<Summary> summaries;
  std::vector<Summary> context;  // every cell, thin, behind the groups
};

/// A line; one point alone, of runs that were looked at once, is a dot.
void drawLine(Svg& svg, const std::vector<Point>& points, double radius, std::string_view line, std::string_view dot,
              std::string_view tip, std::string_view attributes) {
  if (points.size() == 1)
    svg.circle(points[0].x, points[0].y, radius, dot, tip, attributes);
  else
    svg.path(linePath(points), line, tip, attributes);
}

void drawLines(Svg& svg, const Lines& lines, const Scale& x, const Scale& y) {
  const auto points = [&](const Summary& summary, const std::vector<double>& values) {
    std::vector<Point> list;
    for (std::size_t i = 0; i < summary.x.size(); ++i) list.push_back({x(summary.x[i]), y(values[i])});
    return list;
  };
  for (const Summary& summary : lines.context)
    drawLine(svg, points(summary, summary.middle), 2.5, "line context", "point context", "", "");
  for (std::size_t i = 0; i < lines.groups.size(); ++i) {
    const Summary& summary = lines.summaries[i];
    const std::string colour = colourStyle(static_cast<int>(i));
    svg.path(bandPath(points(summary, summary.high), points(summary, summary.low)), "band " + colour);
  }
  for (std::size_t i = 0; i < lines.groups.size(); ++i) {
    const Summary& summary = lines.summaries[i];
    if (summary.x.empty()) continue;
    const std::string colour = colourStyle(static_cast<int>(i));
    drawLine(svg, points(summary, summary.middle), 4.5, "line " + colour, "dot " + colour, lines.groups[i].label,
             cellsAttribute(lines.groups[i].cells));
    drawEndMark(svg, summary.mark, x(summary.x.back()), y(summary.middle.back()), colour, summary.tip);
  }
}

std::string drawing(const Figure& figure, const Lines& lines, const std::string& metric, const ClockText& clock) {
  Range rangeX, rangeY;
  rangeX.add(0.0);  // training starts there, whenever it was first looked at
  for (const std::vector<Summary>* list : {&lines.context, &lines.summaries})
    for (const Summary& summary : *list) {
      rangeX.add(summary.x);
      for (const std::vector<double>* values : {&summary.middle, &summary.low, &summary.high}) rangeY.add(*values);
    }
  const bool isLoss = metric.find("loss") != std::string::npos && rangeY.low() > 0;
  std::vector<Key> keys;
  for (std::size_t i = 0; i < lines.groups.size(); ++i)
    keys.push_back({lines.groups[i].label, colourStyle(static_cast<int>(i))});
  const double top = 10 + keysHeight(keys, 62, kFigureWidth - 12) + 8;
  const Area area{62, top, kFigureWidth - 16, top + 300};
  Svg svg(kFigureWidth, area.bottom + 46);
  drawKeys(svg, keys, 62, kFigureWidth - 12, 10);
  const Scale y(rangeY, area.bottom, area.top, isLoss ? ScaleKind::Log : ScaleKind::Linear, !isLoss);
  const Scale x(rangeX, area.left, area.right, ScaleKind::Linear, false);
  drawAxes(svg, area, x, y, {clock.axis, unitOfMetric(metric).axis(metric)});
  drawLines(svg, lines, x, y);
  return svg.finish(drawingId(figure, figure.variants.size()), fmt::format("{} over {}", metric, clock.axis),
                    fmt::format("Lines of {}: median of runs with a band.", countText(lines.groups.size(), "group")));
}

std::set<std::string> metricsOf(const View& view) {
  std::set<std::string> metrics;
  for (const CellRuns& cell : view.cells())
    for (const study::Run* run : cell.byBlock)
      if (run)
        for (const study::Curve& curve : run->curves)
          if (!curve.steps.empty()) metrics.insert(curve.metric);
  return metrics;
}

bool hasSeconds(const View& view) {
  for (const CellRuns& cell : view.cells())
    for (const study::Run* run : cell.byBlock)
      if (run && run->trainSeconds > 0) return true;
  return false;
}

Figure curvesOf(const View& view, const study::Show* show, const std::string& metric) {
  const std::vector<std::string> by = argument(show, "by");
  Figure figure;
  figure.id = "F1";
  figure.slug = slugOf("curves " + metric + (by.empty() ? "" : " by " + fmt::format("{}", fmt::join(by, " "))));
  figure.title = fmt::format("Learning curves: {}", metric);
  figure.cells = allCells(view);
  const bool hasContext = by.empty() && view.cells().size() > kColours;
  for (const ClockText& clock : kClocks) {
    if (clock.clock == Clock::Seconds && !hasSeconds(view)) continue;
    Lines lines;
    lines.groups = by.empty() ? view.defaultGroups(kColours) : view.groupsBy(by);
    for (const Group& group : lines.groups)
      lines.summaries.push_back(thinned(summarise(view, group, metric, clock.clock)));
    if (hasContext)
      for (const int cell : allCells(view))
        lines.context.push_back(thinned(summarise(view, {"", {cell}}, metric, clock.clock)));
    figure.variants.push_back({clock.label, drawing(figure, lines, metric, clock)});
  }
  figure.caption = fmt::format(
      "Each line is the median over the runs of a group{}; its band holds all runs where there are fewer than five, "
      "else the middle half. A cross ends a line some of whose runs diverged, a triangle one that was stopped; runs "
      "that were "
      "looked at once are dots.{}",
      by.empty() ? "" : fmt::format(" with the same <i>{}</i>", escape(fmt::format("{}", fmt::join(by, ", ")))),
      hasContext ? " Grey: every cell." : "");
  return figure;
}

}  // namespace

std::vector<Figure> makeCurves(const View& view, const study::Show* show) {
  const std::set<std::string> metrics = metricsOf(view);
  std::vector<std::string> wanted;
  if (show && !show->arguments.empty()) {
    wanted = show->arguments;
  } else {
    // What generalises comes first; training curves stand in where there are no others.
    for (const std::string& metric : metrics)
      if (metric.starts_with("valid.")) wanted.push_back(metric);
    if (wanted.empty()) wanted.assign(metrics.begin(), metrics.end());
  }
  std::vector<Figure> figures;
  for (const std::string& metric : wanted)
    figures.push_back(metrics.contains(metric)
                          ? curvesOf(view, show, metric)
                          : absentFigure("F1", slugOf("curves " + metric), fmt::format("Learning curves: {}", metric),
                                         fmt::format("no finished run has a curve of {}", metric)));
  if (figures.empty())
    figures.push_back(absentFigure("F1", "curves", "Learning curves", "no finished run has a curve"));
  return figures;
}

}  // namespace nnc::report
