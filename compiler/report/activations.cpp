// F10: statistics of activations by layer and step.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/figures.h"
#include "report/heat_panels.h"

namespace nnc::report {

static constexpr std::size_t kMostPanels = 8;
/// Where values span more than this ratio, their logarithm is coloured.
static constexpr double kLogRatio = 200.0;

static std::vector<std::string> activationProbes(const View& view, const study::Show* show) {
  if (show && !show->arguments.empty()) return show->arguments;
  std::vector<std::string> names = probesOf(view, ProbeShape::Layers);
  std::erase_if(names, [](const std::string& name) {
    return name.find("grad") != std::string::npos || name.find("delta") != std::string::npos;
  });
  return names;
}

static bool spansDecades(const std::vector<HeatPanel>& panels) {
  double low = 0.0, high = 0.0;
  bool hasAny = false;
  for (const HeatPanel& panel : panels)
    for (const std::vector<double>& row : panel.table.values)
      for (const double value : row) {
        if (!std::isfinite(value)) continue;
        low = hasAny ? std::min(low, value) : value;
        high = hasAny ? std::max(high, value) : value;
        hasAny = true;
      }
  return low > 0 && high / low > kLogRatio;
}

std::vector<Figure> makeActivations(const View& view, const study::Show* show) {
  std::vector<Figure> figures;
  const std::vector<std::string> by = argument(show, "by");
  for (const std::string& probe : activationProbes(view, show)) {
    Figure figure;
    figure.id = "F10";
    figure.slug = slugOf("activations " + probe);
    figure.title = fmt::format("By layer and step: {}", probe);
    if (shapeOf(view, probe) != ProbeShape::Layers) {
      figures.push_back(absentFigure("F10", figure.slug, figure.title,
                                     fmt::format("no finished run has values of {} for several layers", probe)));
      continue;
    }
    HeatPanels heat;
    heat.panels = heatPanels(view, probe, by, Over::Values, kMostPanels);
    heat.isLog = spansDecades(heat.panels);
    if (heat.isLog) heat.panels = heatPanels(view, probe, by, Over::Logarithms, kMostPanels);
    heat.name = heat.isLog ? "log10 " + probe : probe;
    for (const HeatPanel& panel : heat.panels)
      figure.cells.insert(figure.cells.end(), panel.cells.begin(), panel.cells.end());
    figure.variants.push_back({"", drawHeatPanels(heat, figure, figure.title)});
    figure.caption =
        fmt::format("{} of every layer (input at the bottom) over training, median over blocks.", escape(probe));
    figures.push_back(std::move(figure));
  }
  if (figures.empty())
    figures.push_back(
        absentFigure("F10", "activations", "Activations", "the study has no probe of activations by layer"));
  return figures;
}

}  // namespace nnc::report
