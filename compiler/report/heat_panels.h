// Small panels of layers over steps, one for each cell, with one scale of colour for all.
#pragma once
#include <string>
#include <vector>

#include "report/figure.h"
#include "report/series.h"

namespace nnc::report {

enum class HeatColours {
  Diverging,   // centred on the median of all values
  Sequential,  // from the smallest to the largest
};

struct HeatPanel {
  std::string title, tip;
  LayerTable table;
  std::vector<int> cells;
};

struct HeatPanels {
  std::vector<HeatPanel> panels;
  HeatColours colours = HeatColours::Sequential;
  bool isLog = false;  // values are log10; -infinity is underflow, which is hatched
  std::string name;    // of what is coloured
};

/// Draws them with the input at the bottom of each panel; long tables are thinned to what can be seen.
std::string drawHeatPanels(const HeatPanels& heat, const Figure& figure, const std::string& title);

/// The panels of a probe: a panel for each combination of `by`, or for each cell where these are at most `most`, or for
/// the old, the new and the best recipe.
std::vector<HeatPanel> heatPanels(const View& view, const std::string& probe, const std::vector<std::string>& by,
                                  Over over, std::size_t most);

}  // namespace nnc::report
