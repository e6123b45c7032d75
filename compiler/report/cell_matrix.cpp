// C: every cell of the design in a table of two sides, coloured by a measure.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "report/attribution.h"
#include "report/figures.h"
#include "report/plot.h"
#include "report/style.h"

namespace nnc::report {

namespace {

/// One side of the table: the factors whose levels it runs through, and the combinations that occur.
struct Side {
  std::vector<int> factors;
  std::vector<std::vector<int>> keys;

  std::vector<int> keyOf(const study::Cell& cell) const {
    std::vector<int> key;
    for (const int factor : factors) key.push_back(cell.levels[static_cast<std::size_t>(factor)]);
    return key;
  }
  std::size_t find(const std::vector<int>& key) const {
    return static_cast<std::size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
  }
};

Side sideOf(const View& view, std::vector<int> factors) {
  Side side{std::move(factors), {}};
  for (const CellRuns& cell : view.cells()) {
    const std::vector<int> key = side.keyOf(*cell.cell);
    if (side.find(key) == side.keys.size()) side.keys.push_back(key);
  }
  std::sort(side.keys.begin(), side.keys.end());
  return side;
}

std::string labelOf(const View& view, const Side& side, std::size_t index) {
  std::string label;
  for (std::size_t i = 0; i < side.factors.size(); ++i)
    label += (i == 0 ? "" : ", ") + view.namedLabel(side.factors[i], side.keys[index][i]);
  return label;
}

std::vector<int> factorsNamed(const View& view, const std::vector<std::string>& names) {
  std::vector<int> factors;
  for (const std::string& name : names)
    if (const std::optional<int> factor = view.factor(name)) factors.push_back(*factor);
  return factors;
}

/// The sides that are asked for; what no side names goes to the smaller one, by halves where nothing is asked for.
std::pair<Side, Side> sidesOf(const View& view, const study::Show* show) {
  std::vector<int> rows = factorsNamed(view, argument(show, "rows")),
                   columns = factorsNamed(view, argument(show, "columns"));
  const int count = static_cast<int>(view.study().factors.size());
  const bool isFree = rows.empty() && columns.empty();
  for (int factor = 0; factor < count; ++factor) {
    const bool isUsed = std::find(rows.begin(), rows.end(), factor) != rows.end() ||
                        std::find(columns.begin(), columns.end(), factor) != columns.end();
    if (isUsed) continue;
    (isFree ? (2 * factor < count ? rows : columns) : (rows.size() <= columns.size() ? rows : columns))
        .push_back(factor);
  }
  return {sideOf(view, rows), sideOf(view, columns)};
}

constexpr double kCellHeight = 30.0;

std::string drawing(const View& view, const study::Measure& measure, const Figure& figure, const Side& rows,
                    const Side& columns) {
  double labels = 60.0;
  for (std::size_t r = 0; r < rows.keys.size(); ++r) labels = std::max(labels, textWidth(labelOf(view, rows, r)) + 14);
  labels = std::min(labels, 230.0);
  const double width = (kFigureWidth - labels - 8) / static_cast<double>(columns.keys.size());
  double widest = 0.0;
  for (std::size_t c = 0; c < columns.keys.size(); ++c) widest = std::max(widest, textWidth(labelOf(view, columns, c)));
  const bool isSteep = widest > width - 6;
  const double top = isSteep ? std::min(150.0, widest * 0.72 + 16) : 26.0;
  Svg svg(kFigureWidth, top + kCellHeight * static_cast<double>(rows.keys.size()) + 8);
  for (std::size_t c = 0; c < columns.keys.size(); ++c) {
    const double x = labels + width * (static_cast<double>(c) + 0.5);
    const std::string label = fitted(labelOf(view, columns, c), isSteep ? 190.0 : width);
    if (isSteep)
      svg.text(x, top - 8, label, "small", "start",
               fmt::format("transform=\"rotate(-42 {} {})\"", pixels(x), pixels(top - 8)));
    else
      svg.text(x, top - 9, label, "label", "middle");
  }
  for (std::size_t r = 0; r < rows.keys.size(); ++r)
    svg.text(labels - 8, top + kCellHeight * (static_cast<double>(r) + 0.5) + 4,
             fitted(labelOf(view, rows, r), labels - 12), "label", "end");
  Range range;
  for (const int cell : allCells(view)) range.add(view.mean(cell, measure.name));
  Unit bare = unitOf(measure);
  bare.value.clear();
  for (const CellRuns& cell : view.cells()) {
    const std::size_t r = rows.find(rows.keyOf(*cell.cell)), c = columns.find(columns.keyOf(*cell.cell));
    const double x = labels + width * static_cast<double>(c), y = top + kCellHeight * static_cast<double>(r);
    const double value = view.mean(cell.number - 1, measure.name);
    if (std::isnan(value)) {
      svg.rect(x + 1, y + 1, width - 2, kCellHeight - 2, "box", fmt::format("C{}: not finished", cell.number));
      continue;
    }
    const double spread = range.high() - range.low();
    const int step = stepOf(spread > 0 ? (value - range.low()) / spread : 0.5, kSequentialSteps);
    svg.rect(x + 1, y + 1, width - 2, kCellHeight - 2, sequentialStyle(step),
             fmt::format("C{}, {}: {}", cell.number, cell.label, unitOf(measure).of(value)),
             cellsAttribute({cell.number - 1}));
    if (width > 30)
      svg.text(x + width / 2, y + kCellHeight / 2 + 4, bare.of(value), fmt::format("on{}", step), "middle");
  }
  return svg.finish(drawingId(figure, 0), fmt::format("{} of every cell", measure.name),
                    "A table of all cells, coloured and labelled by their mean.");
}

}  // namespace

std::vector<Figure> makeCellMatrix(const View& view, const study::Show* show) {
  std::vector<Figure> figures;
  if (view.study().factors.empty()) return {absentFigure("C", "cells", "Cells", "the study has one cell")};
  for (const study::Measure* const measure : measuresOf(view, show)) {
    Figure figure;
    figure.id = "C";
    figure.slug = slugOf("cells " + measure->name);
    figure.title = fmt::format("Cells: {}", measure->name);
    const bool hasAny = std::any_of(view.cells().begin(), view.cells().end(), [&](const CellRuns& cell) {
      return !std::isnan(view.mean(cell.number - 1, measure->name));
    });
    if (!hasAny) {
      figures.push_back(absentFigure("C", figure.slug, figure.title, "no run has finished"));
      continue;
    }
    const auto [rows, columns] = sidesOf(view, show);
    figure.cells = allCells(view);
    figure.variants.push_back({"", drawing(view, *measure, figure, rows, columns)});
    figure.caption = fmt::format("Mean {} over blocks{}. Empty boxes have no finished run.", escape(measure->name),
                                 unitOf(*measure).value.empty() ? "" : ", in percent");
    figures.push_back(std::move(figure));
  }
  if (figures.empty()) figures.push_back(absentFigure("C", "cells", "Cells", "the study measures nothing"));
  return figures;
}

}  // namespace nnc::report
