// Small panels of a number over a plane, filled between levels, with one scale of colour for all.
#pragma once
#include <string>
#include <vector>

#include "report/figure.h"

namespace nnc::report {

/// A number at the points of a grid.
struct Plane {
  std::vector<double> x, y;                 // ascending
  std::vector<std::vector<double>> values;  // [y][x]; what is not finite is hatched
};

struct ContourPanel {
  std::string title, tip;
  Plane plane;
  std::vector<int> cells;
};

struct ContourPanels {
  std::vector<ContourPanel> panels;
  std::string name;          // of the number
  std::string xName, yName;  // of the axes
  std::string originTip;     // what the mark at (0, 0) says
};

/// Draws them with levels at round values, evenly spaced or, where the numbers span much, by their logarithm.
std::string drawContours(const ContourPanels& contours, const Figure& figure, const std::string& title);

}  // namespace nnc::report
