// F4: four estimators per factor, with intervals and the values of the blocks.
#include <fmt/format.h>

#include <array>

#include "report/attribution.h"
#include "report/figures.h"
#include "report/plot.h"

namespace nnc::report {

namespace {

struct Estimator {
  const char* name;
  const char* meaning;
  statistics::Inferred statistics::FactorAnalysis::* field;
  int colour;
};
constexpr std::array<Estimator, 4> kEstimators = {
    {{"first-in", "added to the old recipe alone", &statistics::FactorAnalysis::firstIn, 4},
     {"main", "mean over all settings of the others", &statistics::FactorAnalysis::main, 2},
     {"Shapley", "share of the whole gap", &statistics::FactorAnalysis::shapley, 0},
     {"last-in", "removed from the new recipe", &statistics::FactorAnalysis::lastIn, 1}}};

constexpr double kRow = 17.0, kGap = 14.0, kLeft = 168.0, kRight = 548.0;

void drawEstimate(Svg& svg, const statistics::Inferred& inferred, const Estimator& estimator,
                  const Attribution& attribution, const Scale& x, double y, const std::string& tip) {
  if (!inferred.estimate.isDefined()) {
    svg.text(kRight + 12, y + 4, "n/a", "small soft");
    return;
  }
  const double scale = attribution.unit.scale;
  const std::string colour = colourStyle(estimator.colour);
  const std::vector<double> values = inferred.estimate.values();
  for (const double value : values) svg.circle(x(value * scale), y, 2.2, "point " + colour);
  if (inferred.interval) {
    const double low = x(inferred.interval->lower * scale), high = x(inferred.interval->upper * scale);
    svg.path(fmt::format("M{0} {2}v6M{1} {2}v6M{0} {3}H{1}", pixels(low), pixels(high), pixels(y - 3), pixels(y)),
             "whisker " + colour);
  }
  svg.circle(x(statistics::mean(values) * scale), y, 4.2, "dot " + colour, tip);
  svg.text(kRight + 12, y + 4, inferredText(inferred, attribution.unit) + (inferred.isSignificant ? " *" : ""),
           "small");
}

Range rangeOf(const Attribution& attribution) {
  Range range;
  range.add(0.0);
  for (const statistics::FactorAnalysis& factor : attribution.analysis.factors)
    for (const Estimator& estimator : kEstimators) {
      const statistics::Inferred& inferred = factor.*estimator.field;
      for (const double value : inferred.estimate.values()) range.add(value * attribution.unit.scale);
      if (!inferred.interval) continue;
      range.add(inferred.interval->lower * attribution.unit.scale);
      range.add(inferred.interval->upper * attribution.unit.scale);
    }
  return range;
}

std::string drawing(const View& view, const Attribution& attribution, const Figure& figure) {
  const statistics::Analysis& analysis = attribution.analysis;
  std::vector<Key> keys;
  for (const Estimator& estimator : kEstimators)
    keys.push_back({fmt::format("{}: {}", estimator.name, estimator.meaning), colourStyle(estimator.colour)});
  const double top = 10 + keysHeight(keys, 10, kFigureWidth - 10) + 10;
  const double block = kRow * kEstimators.size() + kGap;
  const double bottom = top + block * static_cast<double>(analysis.factors.size());
  Svg svg(kFigureWidth, bottom + 46);
  drawKeys(svg, keys, 10, kFigureWidth - 10, 10);
  const Scale x(rangeOf(attribution), kLeft, kRight);
  drawAxisX(svg, {kLeft, top, kRight, bottom}, x,
            fmt::format("change of {}{}", attribution.measure->name,
                        attribution.unit.difference.empty() ? "" : ", in points"),
            7);
  svg.line(x(0), top, x(0), bottom, "zero");
  double y = top;
  for (const std::size_t index : byContribution(analysis)) {
    const statistics::FactorAnalysis& factor = analysis.factors[index];
    const std::string& name = view.study().factors[static_cast<std::size_t>(factor.factor)].name;
    svg.text(10, y + kGap / 2 + kRow * 1.75, fitted(name, kLeft - 20, 13), "strong");
    svg.text(10, y + kGap / 2 + kRow * 2.75, fitted(changeText(view, factor.factor), kLeft - 20, 10.5), "small soft");
    for (std::size_t e = 0; e < kEstimators.size(); ++e) {
      const Estimator& estimator = kEstimators[e];
      const statistics::Inferred& inferred = factor.*estimator.field;
      const double row = y + kGap / 2 + kRow * (static_cast<double>(e) + 0.5);
      drawEstimate(svg, inferred, estimator, attribution, x, row,
                   fmt::format("{}, {}: {}", name, estimator.name, inferredText(inferred, attribution.unit)));
    }
    y += block;
    if (y < bottom - 1) svg.line(10, y, kFigureWidth - 10, y, "grid");
  }
  return svg.finish(drawingId(figure, 0), fmt::format("Effects on {}{}", attribution.measure->name, attribution.where),
                    "For each factor four estimates of its effect with intervals and the values of the blocks.");
}

/// The numbers of the drawing, and for each block.
std::string numbers(const View& view, const Attribution& attribution) {
  Table table;
  table.head = {"factor", "estimator", "estimate", "interval", "p, adjusted"};
  for (int block = 0; block < attribution.responses.blockCount(); ++block)
    table.head.push_back(fmt::format("block {}", block + 1));
  for (const std::size_t index : byContribution(attribution.analysis)) {
    const statistics::FactorAnalysis& factor = attribution.analysis.factors[index];
    for (const Estimator& estimator : kEstimators) {
      const statistics::Inferred& inferred = factor.*estimator.field;
      std::vector<std::string> row = {escape(view.study().factors[static_cast<std::size_t>(factor.factor)].name),
                                      estimator.name};
      const bool isDefined = inferred.estimate.isDefined();
      row.push_back(isDefined ? attribution.unit.change(statistics::mean(inferred.estimate.values())) : "n/a");
      row.push_back(inferred.interval ? fmt::format("{} to {}", attribution.unit.change(inferred.interval->lower),
                                                    attribution.unit.change(inferred.interval->upper))
                                      : "\u2013");
      row.push_back(isDefined && inferred.interval ? numberText(inferred.adjustedP) : "\u2013");
      for (const double value : inferred.estimate.byBlock) row.push_back(attribution.unit.change(value));
      table.rows.push_back(std::move(row));
    }
  }
  return "<details><summary>Numbers by block</summary>" + tableHtml(table) + "</details>";
}

}  // namespace

std::vector<Figure> makeEffects(const View& view, const study::Show* show) {
  const std::vector<const study::Measure*> measures = measuresOf(view, show);
  if (view.players().empty())
    return {absentFigure("F4", "effects", "Effects",
                         "no factor has an old and a new level; ordered factors are read as curves")};
  if (measures.empty()) return {absentFigure("F4", "effects", "Effects", "the study measures nothing")};
  std::vector<Figure> figures;
  for (const study::Measure* const measure : measures) {
    const Attribution attribution = attributionOf(view, *measure, show);
    Figure figure;
    figure.id = "F4";
    figure.slug = slugOf("effects " + measure->name);
    figure.title = fmt::format("Effects on {}{}", measure->name, attribution.where);
    bool isDefined = false;
    for (const statistics::FactorAnalysis& factor : attribution.analysis.factors)
      for (const Estimator& estimator : kEstimators)
        isDefined = isDefined || (factor.*estimator.field).estimate.isDefined();
    if (!isDefined) {
      figures.push_back(absentFigure("F4", figure.slug, figure.title,
                                     "no block has finished the cells that an effect is the difference of"));
      continue;
    }
    figure.cells = attributedCells(view, attribution);
    figure.variants.push_back({"", drawing(view, attribution, figure)});
    const std::string marks =
        attribution.responses.blockCount() < 2
            ? "Dots are of the one block there is, so that there are no intervals."
            : fmt::format(
                  "Large dots are means over blocks, small dots single blocks; whiskers: {}, not adjusted; * marks "
                  "effects that stay significant after Holm\u2019s adjustment.",
                  intervalsText(attribution.analysis));
    figure.caption = fmt::format(
        "Factors by what they contribute, largest first. {} The four agree only where factors add up; where they "
        "differ, "
        "the factors act together.",
        marks);
    figure.html = numbers(view, attribution);
    figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace nnc::report
