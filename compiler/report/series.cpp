#include "report/series.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

namespace nnc::report {

const study::ProbeSeries* seriesOf(const study::Run* run, const std::string& probe) {
  if (run)
    for (const study::ProbeSeries& series : run->probes)
      if (series.probe == probe) return &series;
  return nullptr;
}

static const study::ProbeSeries* anySeries(const View& view, const std::string& probe) {
  for (const CellRuns& cell : view.cells())
    for (const study::Run* run : cell.byBlock)
      if (const study::ProbeSeries* const series = seriesOf(run, probe); series && !series->steps.empty())
        return series;
  return nullptr;
}

std::vector<double> positionOf(std::string_view path) {
  std::vector<double> position;
  while (true) {
    const std::string_view part = path.substr(0, path.find(','));
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), position.emplace_back());
    if (error != std::errc() || end != part.data() + part.size()) return {};
    if (part.size() == path.size()) return position;
    path.remove_prefix(part.size() + 1);
  }
}

ProbeShape shapeOf(const View& view, const std::string& probe) {
  const study::ProbeSeries* const series = anySeries(view, probe);
  if (!series || series->paths.empty()) return ProbeShape::Absent;
  if (series->paths.size() == 1) return ProbeShape::Number;
  const auto haveNumbers = [&](std::size_t count) {
    return std::all_of(series->paths.begin(), series->paths.end(),
                       [&](const std::string& path) { return positionOf(path).size() == count; });
  };
  return haveNumbers(1) ? ProbeShape::Slice : haveNumbers(2) ? ProbeShape::Plane : ProbeShape::Layers;
}

std::vector<std::string> probesOf(const View& view, ProbeShape shape) {
  std::vector<std::string> names;
  for (const study::Probe& probe : view.study().probes) names.push_back(probe.name);
  for (const CellRuns& cell : view.cells())
    for (const study::Run* run : cell.byBlock)
      if (run)
        for (const study::ProbeSeries& series : run->probes)
          if (std::find(names.begin(), names.end(), series.probe) == names.end()) names.push_back(series.probe);
  std::erase_if(names, [&](const std::string& name) { return shapeOf(view, name) != shape; });
  return names;
}

/// The columns of a series that count as layers.
static std::vector<std::size_t> layersOf(const study::ProbeSeries& series) {
  const auto isWeight = [](const std::string& path) { return path.ends_with(".w"); };
  const bool hasWeights = std::any_of(series.paths.begin(), series.paths.end(), isWeight);
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < series.paths.size(); ++i)
    if (!hasWeights || isWeight(series.paths[i])) columns.push_back(i);
  return columns;
}

static double transformed(double value, Over over) {
  if (over == Over::Values || std::isnan(value)) return value;
  return value < kUnderflow ? -std::numeric_limits<double>::infinity() : std::log10(value);
}

LayerTable layerTable(const View& view, const std::vector<int>& cells, const std::string& probe, Over over) {
  LayerTable table;
  std::map<std::int64_t, std::vector<std::vector<double>>> byStep;  // [layer][run]
  for (const int cell : cells)
    for (const study::Run* run : view.cells()[static_cast<std::size_t>(cell)].byBlock) {
      const study::ProbeSeries* const series = seriesOf(run, probe);
      if (!series) continue;
      const std::vector<std::size_t> columns = layersOf(*series);
      if (table.layers.empty())
        for (const std::size_t column : columns) table.layers.push_back(series->paths[column]);
      // Runs of other depths have no place in the same table.
      if (columns.size() != table.layers.size()) continue;
      for (std::size_t s = 0; s < series->steps.size(); ++s) {
        std::vector<std::vector<double>>& layers = byStep[series->steps[s]];
        layers.resize(table.layers.size());
        for (std::size_t i = 0; i < columns.size(); ++i)
          layers[i].push_back(transformed(series->values[s][columns[i]], over));
      }
    }
  table.values.resize(table.layers.size());
  for (const auto& [step, layers] : byStep) {
    table.steps.push_back(step);
    for (std::size_t i = 0; i < layers.size(); ++i) table.values[i].push_back(median(layers[i]));
  }
  return table;
}

}  // namespace nnc::report
