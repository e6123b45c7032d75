// F9: which share of the runs reached a target, and when.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "report/figures.h"
#include "report/plot.h"
#include "statistics/bootstrap.h"
#include "statistics/censored.h"

namespace nnc::report {

namespace {

/// The clock that a measure like `steps_to(..)` is read from. Steps can be shown in seconds as well.
struct Clock {
  const char* front;  // of the measure's text
  const char* label;
  const char* axis;
};
constexpr std::array<Clock, 4> kClocks = {{{"steps_to", "steps", "training steps"},
                                           {"examples_to", "examples", "training examples"},
                                           {"flops_to", "FLOPs", "floating-point operations"},
                                           {"seconds_to", "CPU seconds", "processor seconds in training steps"}}};
constexpr const Clock& kSteps = kClocks[0];
constexpr const Clock& kSeconds = kClocks[3];

const Clock& clockOf(const study::Measure& measure) {
  for (const Clock& clock : kClocks)
    if (measure.text.starts_with(clock.front)) return clock;
  return kSteps;
}

/// A run of a group: when it reached the target, and its block.
struct Reach {
  statistics::TimeToTarget time;
  int block = 0;
};

/// The runs of a group. `isInSeconds`: steps as their share of the seconds of the whole run.
std::vector<Reach> reachesOf(const View& view, const Group& group, const study::Measure& measure, bool isInSeconds) {
  std::vector<Reach> reaches;
  for (const int cell : group.cells)
    for (const study::Run* run : view.cells()[static_cast<std::size_t>(cell)].byBlock) {
      if (!run) continue;
      const auto found = run->measures.find(measure.name);
      if (found == run->measures.end() || !std::isfinite(found->second.value)) continue;
      double time = found->second.value;
      if (isInSeconds) {
        if (run->steps <= 0) continue;
        time *= run->trainSeconds / static_cast<double>(run->steps);
      }
      reaches.push_back({{time, !found->second.isCensored}, run->block});
    }
  return reaches;
}

struct Line {
  Group group;
  std::vector<Reach> reaches;
  std::vector<statistics::TimeToTarget> times;  // of them
};

/// The times of the runs in these blocks, as often as a block is among them.
std::vector<statistics::TimeToTarget> timesIn(const Line& line, std::span<const int> blocks) {
  std::vector<statistics::TimeToTarget> times;
  for (const int block : blocks)
    for (const Reach& reach : line.reaches)
      if (reach.block == block) times.push_back(reach.time);
  return times;
}

/// `0.73 [0.66, 0.81]`: the median time of a line over that of another one; a bound where only one of them has a
/// median. The interval is of the bootstrap over blocks, from five blocks on and where seeds are not crossed.
std::string ratioText(const Line& line, const Line& base, double budget, int blockCount, bool isCrossed) {
  using Kind = statistics::MedianRatio::Kind;
  const statistics::MedianRatio ratio = statistics::ratioOfMedians(line.times, base.times, budget);
  switch (ratio.kind) {
    case Kind::Undefined:
      return "\u2013";
    case Kind::AtLeast:
      return "at least " + numberText(ratio.ratio);
    case Kind::AtMost:
      return "at most " + numberText(ratio.ratio);
    case Kind::Exact:
      break;
  }
  std::string text = numberText(ratio.ratio);
  if (isCrossed) return text;
  const auto interval = statistics::bootstrapInterval(
      blockCount,
      [&](std::span<const int> blocks) {
        const auto drawn = statistics::ratioOfMedians(timesIn(line, blocks), timesIn(base, blocks), budget);
        return drawn.kind == Kind::Exact ? drawn.ratio : std::nan("");
      },
      0);
  if (interval) text += fmt::format(" [{}, {}]", numberText(interval->lower), numberText(interval->upper));
  return text;
}

/// Steps upwards at each time at which runs reached the target; a tick where runs were censored.
void drawLine(Svg& svg, const Line& line, const Scale& x, const Scale& y, double end, const std::string& colour) {
  std::string path = fmt::format("M{} {}", pixels(x(0)), pixels(y(0)));
  double share = 0.0;
  for (const statistics::SurvivalStep& step : statistics::kaplanMeier(line.times)) {
    share = 100 * (1 - step.share);
    path += fmt::format("H{}V{}", pixels(x(step.time)), pixels(y(share)));
  }
  path += fmt::format("H{}", pixels(x(end)));
  const auto reached =
      std::count_if(line.times.begin(), line.times.end(), [](const auto& time) { return time.isReached; });
  svg.path(path, "line " + colour,
           fmt::format("{}: {} of {} runs reached it", line.group.label, reached, line.times.size()),
           cellsAttribute(line.group.cells));
  double censoredAt = -1.0;
  for (const statistics::TimeToTarget& time : line.times)
    if (!time.isReached) censoredAt = std::max(censoredAt, time.time);
  if (censoredAt >= 0)
    drawEndMark(svg, EndMark::Triangle, x(censoredAt), y(share), colour, "runs that never reached it end here");
}

std::string drawing(const std::vector<Line>& lines, const Figure& figure, std::size_t variant, const char* axis) {
  Range times;
  times.add(0.0);
  std::vector<Key> keys;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    keys.push_back({lines[i].group.label, colourStyle(static_cast<int>(i))});
    for (const statistics::TimeToTarget& time : lines[i].times) times.add(time.time);
  }
  const double top = 10 + keysHeight(keys, 62, kFigureWidth - 12) + 8;
  const Area area{62, top, kFigureWidth - 16, top + 270};
  Svg svg(kFigureWidth, area.bottom + 46);
  drawKeys(svg, keys, 62, kFigureWidth - 12, 10);
  Range shares;
  shares.add(0.0);
  shares.add(100.0);
  const Scale x(times, area.left, area.right, ScaleKind::Linear, false), y(shares, area.bottom, area.top);
  drawAxes(svg, area, x, y, {axis, "share of runs that reached it (%)"});
  for (std::size_t i = 0; i < lines.size(); ++i) drawLine(svg, lines[i], x, y, times.high(), keys[i].style);
  return svg.finish(drawingId(figure, variant), figure.title,
                    "Rising step lines: the share of runs that had reached the target.");
}

std::string numbers(const View& view, const std::vector<Line>& lines, double budget, const std::string& clock) {
  const bool isCrossed = !crossingOf(view.study()).isEmpty();
  Table table;
  table.head = {"group", "reached", "95 % interval", "median " + clock, "mean " + clock + " up to the budget"};
  if (lines.size() > 1) table.head.push_back(fmt::format("median, times that of {}", escape(lines[0].group.label)));
  for (const Line& line : lines) {
    const statistics::Interval share = statistics::shareReached(line.times);
    const std::optional<double> middle = statistics::medianTime(line.times);
    const auto reached =
        std::count_if(line.times.begin(), line.times.end(), [](const auto& time) { return time.isReached; });
    const statistics::RestrictedMean mean = statistics::restrictedMean(line.times, budget);
    table.rows.push_back({escape(line.group.label), fmt::format("{}/{}", reached, line.times.size()),
                          fmt::format("{:.0f}\u2013{:.0f}\u00A0%", 100 * share.lower, 100 * share.upper),
                          middle ? numberText(*middle) : "not reached by half", numberText(mean.value)});
    if (lines.size() > 1)
      table.rows.back().push_back(&line == &lines[0] ? "1"
                                                     : ratioText(line, lines[0], budget, view.blockCount(), isCrossed));
  }
  return tableHtml(table);
}

Figure targetFigure(const View& view, const study::Show* show, const study::Measure& measure) {
  Figure figure;
  figure.id = "F9";
  figure.slug = slugOf("targets " + measure.name);
  figure.title = fmt::format("Time to target: {}", measure.name);
  const std::vector<std::string> by = argument(show, "by");
  const std::vector<Group> groups = by.empty() ? view.defaultGroups(kColours) : view.groupsBy(by);
  const Clock& own = clockOf(measure);
  double budget = 0.0;
  for (const bool isInSeconds : {false, true}) {
    if (isInSeconds && &own != &kSteps) continue;
    std::vector<Line> lines;
    bool hasTime = false;
    for (const Group& group : groups) {
      Line line{group, reachesOf(view, group, measure, isInSeconds), {}};
      for (const Reach& reach : line.reaches) line.times.push_back(reach.time);
      if (line.times.empty()) continue;
      for (const statistics::TimeToTarget& time : line.times) hasTime = hasTime || time.time > 0;
      lines.push_back(std::move(line));
    }
    if (!hasTime) continue;
    const Clock& clock = isInSeconds ? kSeconds : own;
    figure.variants.push_back({clock.label, drawing(lines, figure, figure.variants.size(), clock.axis)});
    if (isInSeconds) continue;
    for (const Line& line : lines) {
      figure.cells.insert(figure.cells.end(), line.group.cells.begin(), line.group.cells.end());
      for (const statistics::TimeToTarget& time : line.times) budget = std::max(budget, time.time);
    }
    figure.html = numbers(view, lines, budget, clock.label);
  }
  if (figure.variants.empty())
    return absentFigure("F9", figure.slug, figure.title, fmt::format("no finished run has {}", measure.name));
  figure.caption = fmt::format(
      "Kaplan\u2013Meier estimate of the share of runs that reached <code>{}</code>; runs that did not within their "
      "budget count as "
      "censored (triangle), never as missing.",
      escape(measure.text.empty() ? measure.name : measure.text));
  return figure;
}

}  // namespace

std::vector<Figure> makeTargets(const View& view, const study::Show* show) {
  std::vector<Figure> figures;
  for (const study::Measure& measure : view.study().measures) {
    const bool isWanted =
        !show || show->arguments.empty() ||
        std::find(show->arguments.begin(), show->arguments.end(), measure.name) != show->arguments.end();
    if (measure.isTimeToTarget && isWanted) figures.push_back(targetFigure(view, show, measure));
  }
  if (figures.empty())
    figures.push_back(absentFigure("F9", "targets", "Time to target", "the study measures no time to a target"));
  return figures;
}

}  // namespace nnc::report
