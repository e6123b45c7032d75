// Probe series of several runs as one table: the median over runs of every (layer, step).
#pragma once
#include <string>
#include <vector>

#include "report/view.h"

namespace nnc::report {

struct LayerTable {
  std::vector<std::string> layers;          // from the input to the output
  std::vector<std::int64_t> steps;          // ascending
  std::vector<std::vector<double>> values;  // [layer][step]; NaN: no run has it
  bool isEmpty() const { return layers.empty() || steps.empty(); }
};

/// Values below this are printed as underflow, and never as a ratio or a logarithm.
inline constexpr double kUnderflow = 1e-35;

enum class Over { Values, Logarithms };
/// The probe in the runs of the cells; with Logarithms the median is of log10, where what underflowed counts as
/// -infinity. Of the paths of parameters only the weights (`.w`) are kept, where there are any. The layers are those of
/// the first run that has the probe.
LayerTable layerTable(const View& view, const std::vector<int>& cells, const std::string& probe, Over over);

/// What a series of a probe looks like, which decides the figure that shows it.
enum class ProbeShape { Absent, Number, Layers, Slice, Plane };
/// Slice: all its paths are numbers, positions along a line. Plane: they are pairs of such, `-0.5,1.0`. Number: one
/// column.
ProbeShape shapeOf(const View& view, const std::string& probe);

/// Names of the probes of that shape, in the order of the study, then those that only the runs know.
std::vector<std::string> probesOf(const View& view, ProbeShape shape);

/// The numbers of a path of a slice (one) or a plane (two); empty for other paths.
std::vector<double> positionOf(std::string_view path);

/// The series of a run; null where it has none.
const study::ProbeSeries* seriesOf(const study::Run* run, const std::string& probe);

}  // namespace nnc::report
