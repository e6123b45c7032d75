// F2: gradients of every layer over training, a panel for each cell.
#include <fmt/format.h>

#include <algorithm>

#include "report/figures.h"
#include "report/heat_panels.h"

namespace nnc::report {

static constexpr std::size_t kMostPanels = 36;
static constexpr const char* kTitle = "Gradients by layer and step";

/// What is asked for, or every probe of layers whose name speaks of gradients.
static std::vector<std::string> gradientProbes(const View& view, const study::Show* show) {
  if (show && !show->arguments.empty()) return show->arguments;
  std::vector<std::string> names = probesOf(view, ProbeShape::Layers);
  std::erase_if(names, [](const std::string& name) { return name.find("grad") == std::string::npos; });
  return names;
}

std::vector<Figure> makeLayerMap(const View& view, const study::Show* show) {
  std::vector<Figure> figures;
  const std::vector<std::string> by = argument(show, "by");
  for (const std::string& probe : gradientProbes(view, show)) {
    Figure figure;
    figure.id = "F2";
    figure.slug = slugOf("layers " + probe + (by.empty() ? "" : fmt::format(" by {}", fmt::join(by, " "))));
    figure.title = fmt::format("By layer and step: {}", probe);
    if (shapeOf(view, probe) != ProbeShape::Layers) {
      figures.push_back(absentFigure("F2", figure.slug, figure.title,
                                     fmt::format("no finished run has values of {} for several layers", probe)));
      continue;
    }
    HeatPanels heat;
    heat.panels = heatPanels(view, probe, by, Over::Logarithms, kMostPanels);
    heat.colours = HeatColours::Diverging;
    heat.isLog = true;
    heat.name = fmt::format("log10 {}", probe);
    for (const HeatPanel& panel : heat.panels)
      figure.cells.insert(figure.cells.end(), panel.cells.begin(), panel.cells.end());
    figure.variants.push_back({"", drawHeatPanels(heat, figure, figure.title)});
    figure.caption =
        "One panel for each cell: training steps to the right, layers from the input upwards, the median over blocks "
        "in colour, "
        "on one scale whose neutral colour is the median of all. Blue gradients are small: a panel that turns blue "
        "downwards vanishes towards the input. Hatched values underflowed.";
    figures.push_back(std::move(figure));
  }
  if (figures.empty())
    figures.push_back(absentFigure("F2", "layers", kTitle, "the study has no probe of gradients by layer"));
  return figures;
}

}  // namespace nnc::report
