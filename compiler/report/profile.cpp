// F3: the size of a signal over depth, at initialisation and at the end, with the lines that theory draws.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/figures.h"
#include "report/plot.h"
#include "report/series.h"

namespace nnc::report {

namespace {

constexpr std::size_t kMostLines = 6;

/// Weights are drawn, so that cells with one theory differ by chance; other initialisers are farther apart.
constexpr double kMostSpread = 1.05;

/// The factor that theory gives for delta_norm in all runs of a group; empty where they differ or have none.
std::optional<double> theoryOf(const View& view, const Group& group, const std::string& probe) {
  if (probe != "delta_norm") return std::nullopt;
  std::vector<double> factors;
  for (const int cell : group.cells) {
    for (const study::Run* run : view.cells()[static_cast<std::size_t>(cell)].byBlock) {
      const study::ProbeSeries* const series = seriesOf(run, "depth_theory");
      if (run == nullptr) continue;
      factors.push_back(series && !series->values.empty() ? series->values.front().front() : std::nan(""));
    }
  }
  const bool isKnown = !factors.empty() && std::all_of(factors.begin(), factors.end(), [](double factor) {
    return std::isfinite(factor) && factor > 0;
  });
  if (!isKnown) return std::nullopt;
  const auto [low, high] = std::minmax_element(factors.begin(), factors.end());
  return *high <= kMostSpread * *low ? std::optional(median(factors)) : std::nullopt;
}

struct Profile {
  Group group;
  LayerTable table;
  std::optional<double> theory;
};

std::vector<Point> pointsAt(const LayerTable& table, std::size_t column) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < table.layers.size(); ++i)
    points.push_back({static_cast<double>(i + 1), table.values[i][column]});
  return points;
}

/// From the last hidden layer towards the input: the output has another width, and no theory here.
std::vector<Point> theoryPoints(const Profile& profile) {
  if (profile.table.layers.size() < 2) return {};
  const std::size_t last = profile.table.layers.size() - 2;
  const double start = profile.table.values[last].front();
  std::vector<Point> points;
  if (!std::isfinite(start)) return points;
  for (std::size_t i = 0; i <= last; ++i)
    points.push_back({static_cast<double>(i + 1), start + static_cast<double>(last - i) * std::log10(*profile.theory)});
  return points;
}

std::string drawing(const std::vector<Profile>& profiles, const Figure& figure, const std::string& probe) {
  Range layers, values;
  std::vector<Key> keys;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    keys.push_back({profiles[i].group.label, colourStyle(static_cast<int>(i))});
    layers.add(1.0);
    layers.add(static_cast<double>(profiles[i].table.layers.size()));
    for (const std::vector<double>& row : profiles[i].table.values) {
      values.add(row.front());
      values.add(row.back());
    }
  }
  const double top = 10 + keysHeight(keys, 62, kFigureWidth - 12) + 8;
  const Area area{62, top, kFigureWidth - 16, top + 290};
  Svg svg(kFigureWidth, area.bottom + 46);
  drawKeys(svg, keys, 62, kFigureWidth - 12, 10);
  const Scale x(layers, area.left, area.right, ScaleKind::Linear, false), y(values, area.bottom, area.top);
  drawAxes(svg, area, x, y, {"layer, from the input", fmt::format("log10 {}", probe)});
  const auto path = [&](const std::vector<Point>& points) {
    std::vector<Point> placed;
    for (const Point& point : points) placed.push_back({x(point.x), y.contains(point.y) ? y(point.y) : std::nan("")});
    return linePath(placed);
  };
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const Profile& profile = profiles[i];
    const std::string colour = colourStyle(static_cast<int>(i));
    const std::string cells = cellsAttribute(profile.group.cells);
    svg.path(path(pointsAt(profile.table, 0)), "line dash1 " + colour,
             fmt::format("{}, step {}", profile.group.label, profile.table.steps.front()), cells);
    if (profile.table.steps.size() > 1)
      svg.path(path(pointsAt(profile.table, profile.table.steps.size() - 1)), "line " + colour,
               fmt::format("{}, step {}", profile.group.label, profile.table.steps.back()), cells);
  }
  // On top: a line that keeps to its theory would hide it.
  for (const Profile& profile : profiles)
    if (profile.theory)
      svg.path(
          path(theoryPoints(profile)), "theory",
          fmt::format("theory for {}: a factor of {} per layer", profile.group.label, numberText(*profile.theory)));
  return svg.finish(drawingId(figure, 0), figure.title,
                    "Lines over the layers: dashed at initialisation, solid at the end of training.");
}

Figure profileOf(const View& view, const study::Show* show, const std::string& probe) {
  Figure figure;
  figure.id = "F3";
  figure.slug = slugOf("profile " + probe);
  figure.title = fmt::format("By depth: {}", probe);
  std::vector<Profile> profiles;
  const std::vector<std::string> by = argument(show, "by");
  for (const Group& group : by.empty() ? view.defaultGroups(kMostLines) : view.groupsBy(by)) {
    Profile profile{group, layerTable(view, group.cells, probe, Over::Logarithms), theoryOf(view, group, probe)};
    if (profile.table.isEmpty()) continue;
    figure.cells.insert(figure.cells.end(), group.cells.begin(), group.cells.end());
    profiles.push_back(std::move(profile));
  }
  if (profiles.empty())
    return absentFigure("F3", figure.slug, figure.title,
                        fmt::format("no finished run has values of {} for several layers", probe));
  figure.variants.push_back({"", drawing(profiles, figure, probe)});
  const bool hasTheory =
      std::any_of(profiles.begin(), profiles.end(), [](const Profile& profile) { return profile.theory.has_value(); });
  figure.caption = fmt::format(
      "Median over runs on a logarithmic scale, dashed at initialisation and solid at the end: a line that falls "
      "towards the input "
      "vanishes, one that rises explodes.{}",
      hasTheory ? " Thin black dashes: what theory says for the initialisation, a constant factor per layer, drawn "
                  "from the last hidden layer."
                : " No closed form is known for these cells.");
  return figure;
}

}  // namespace

std::vector<Figure> makeProfile(const View& view, const study::Show* show) {
  std::vector<std::string> probes;
  if (show && !show->arguments.empty()) {
    probes = show->arguments;
  } else {
    for (const std::string& name : probesOf(view, ProbeShape::Layers))
      if (name.find("delta") != std::string::npos) probes.push_back(name);
    if (probes.empty())
      for (const std::string& name : probesOf(view, ProbeShape::Layers))
        if (name.find("grad") != std::string::npos) probes.push_back(name);
  }
  std::vector<Figure> figures;
  for (const std::string& probe : probes) figures.push_back(profileOf(view, show, probe));
  if (figures.empty())
    figures.push_back(absentFigure("F3", "profile", "Signal by depth", "the study has no probe of gradients by layer"));
  return figures;
}

}  // namespace nnc::report
