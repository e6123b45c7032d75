// F5: how pairs of factors act together.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/attribution.h"
#include "report/figures.h"
#include "report/plot.h"
#include "report/style.h"

namespace nnc::report {

namespace {

constexpr double kLabels = 96.0, kTop = 40.0;

class Matrix {
 public:
  Matrix(const View& view, const Attribution& attribution, const Figure& figure)
      : view_(view),
        attribution_(attribution),
        figure_(figure),
        size_((kFigureWidth - kLabels - 12) / static_cast<double>(attribution.analysis.factors.size())),
        height_(std::min(size_, 108.0)),
        svg_(kFigureWidth, kTop + height_ * static_cast<double>(attribution.analysis.factors.size()) + 14) {
    const double scale = attribution.unit.scale;
    for (const statistics::PairAnalysis& pair : attribution.analysis.pairs)
      for (const double value : pair.contrast.estimate.values()) largest_ = std::max(largest_, std::abs(value * scale));
    for (const statistics::FactorAnalysis& factor : attribution.analysis.factors)
      for (const double value : factor.main.estimate.values()) largest_ = std::max(largest_, std::abs(value * scale));
    for (int cell = 0; cell < attribution.responses.cellCount(); ++cell)
      if (const std::optional<double> mean = attribution.responses.cellMean(cell)) values_.add(*mean);
  }

  std::string draw() {
    const std::size_t count = attribution_.analysis.factors.size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& name = nameOf(i);
      svg_.text(kLabels - 8, rowTop(i) + height_ / 2 + 4, fitted(name, kLabels - 12), "strong", "end");
      svg_.text(left(i) + size_ / 2, kTop - 10, fitted(name, size_ - 6), "strong", "middle");
      drawMain(i);
    }
    for (const statistics::PairAnalysis& pair : attribution_.analysis.pairs) {
      const std::size_t a = placeOf(pair.first), b = placeOf(pair.second);
      drawContrast(pair, std::min(a, b), std::max(a, b));
      drawLines(pair, std::max(a, b), std::min(a, b));
    }
    return svg_.finish(
        drawingId(figure_, 0), fmt::format("Interactions on {}", attribution_.measure->name),
        "A matrix of factors: main effects on the diagonal, interactions above it, lines of simple effects below.");
  }

 private:
  const std::string& nameOf(std::size_t place) const {
    return view_.study().factors[static_cast<std::size_t>(attribution_.analysis.factors[place].factor)].name;
  }
  std::size_t placeOf(int factor) const {
    for (std::size_t i = 0; i < attribution_.analysis.factors.size(); ++i)
      if (attribution_.analysis.factors[i].factor == factor) return i;
    return 0;
  }
  double left(std::size_t column) const { return kLabels + size_ * static_cast<double>(column); }
  double rowTop(std::size_t row) const { return kTop + height_ * static_cast<double>(row); }

  /// A box coloured by the sign and size of an effect, with the number in it.
  void drawNumber(const statistics::Inferred& inferred, std::size_t row, std::size_t column, const std::string& tip) {
    const double x = left(column), y = rowTop(row);
    if (!inferred.estimate.isDefined()) {
      svg_.rect(x + 1, y + 1, size_ - 2, height_ - 2, "box");
      svg_.text(x + size_ / 2, y + height_ / 2 + 4, "n/a", "small soft", "middle");
      return;
    }
    const double value = statistics::mean(inferred.estimate.values());
    const double share = largest_ > 0 ? 0.5 + 0.5 * value * attribution_.unit.scale / largest_ : 0.5;
    const int step = stepOf(share, kDivergingSteps);
    svg_.rect(x + 1, y + 1, size_ - 2, height_ - 2, divergingStyle(step), tip);
    const std::string_view ink = std::abs(step - kDivergingSteps / 2) > 3 ? "fill=\"#fff\"" : "";
    Unit bare = attribution_.unit;
    bare.difference.clear();
    svg_.text(x + size_ / 2, y + height_ / 2 + (inferred.interval ? -2 : 4),
              bare.change(value) + (inferred.isSignificant ? " *" : ""), "strong", "middle",
              ink.empty() ? "" : "style=\"fill:#fff\"");
    if (inferred.interval)
      svg_.text(x + size_ / 2, y + height_ / 2 + 14,
                boundsText(*inferred.interval, inferred.estimate.values(), attribution_.unit), "small", "middle",
                ink.empty() ? "" : "style=\"fill:#fff\"");
  }

  void drawMain(std::size_t place) {
    const statistics::Inferred& main = attribution_.analysis.factors[place].main;
    drawNumber(main, place, place,
               fmt::format("main effect of {}: {}", nameOf(place), inferredText(main, attribution_.unit)));
  }

  void drawContrast(const statistics::PairAnalysis& pair, std::size_t row, std::size_t column) {
    drawNumber(
        pair.contrast, row, column,
        fmt::format("{} with {}: {}", nameOf(row), nameOf(column), inferredText(pair.contrast, attribution_.unit)));
  }

  /// Mean of the responses with the two factors at these levels; NaN without any.
  double meanAt(int first, bool isFirstNew, int second, bool isSecondNew) const {
    const statistics::Responses& responses = attribution_.responses;
    double sum = 0.0;
    int count = 0;
    for (int cell = 0; cell < responses.cellCount(); ++cell) {
      const auto coalition =
          statistics::coalitionOf(responses.factors(), responses.cells()[static_cast<std::size_t>(cell)]);
      const std::optional<double> mean = responses.cellMean(cell);
      if (!coalition || !mean) continue;
      if (((*coalition >> first & 1) != 0) != isFirstNew || ((*coalition >> second & 1) != 0) != isSecondNew) continue;
      sum += *mean;
      ++count;
    }
    return count > 0 ? sum / count : std::nan("");
  }

  /// The response over `column` off and on, a line for `row` off and one for `row` on: parallel without interaction.
  void drawLines(const statistics::PairAnalysis& pair, std::size_t row, std::size_t column) {
    const double x = left(column), y = rowTop(row);
    svg_.rect(x + 1, y + 1, size_ - 2, height_ - 2, "box");
    const int rowFactor = placeOf(pair.first) == row ? pair.first : pair.second;
    const int columnFactor = rowFactor == pair.first ? pair.second : pair.first;
    const Scale vertical(values_, y + height_ - 12, y + 12, ScaleKind::Linear, false);
    for (const bool isNew : {false, true}) {
      const double off = meanAt(columnFactor, false, rowFactor, isNew),
                   on = meanAt(columnFactor, true, rowFactor, isNew);
      if (std::isnan(off) || std::isnan(on)) continue;
      const std::string colour = colourStyle(isNew ? 1 : 0);
      const std::string tip =
          fmt::format("{} {}: {} \u2192 {} when {} goes from old to new", nameOf(row), isNew ? "new" : "old",
                      attribution_.unit.of(off), attribution_.unit.of(on), nameOf(column));
      const double x1 = x + size_ * 0.24, x2 = x + size_ * 0.76;
      svg_.line(x1, vertical(off), x2, vertical(on), "line " + colour);
      svg_.circle(x1, vertical(off), 3, "dot " + colour, tip);
      svg_.circle(x2, vertical(on), 3, "dot " + colour, tip);
    }
  }

  const View& view_;
  const Attribution& attribution_;
  const Figure& figure_;
  double size_, height_, largest_ = 0.0;
  Range values_;
  Svg svg_;
};

}  // namespace

std::vector<Figure> makeInteractions(const View& view, const study::Show* show) {
  std::vector<Figure> figures;
  for (const study::Measure* const measure : measuresOf(view, show)) {
    Figure figure;
    figure.id = "F5";
    figure.slug = slugOf("interactions " + measure->name);
    figure.title = fmt::format("Interactions on {}", measure->name);
    if (view.players().size() < 2) {
      figures.push_back(
          absentFigure("F5", figure.slug, figure.title, "fewer than two factors have an old and a new level"));
      continue;
    }
    const Attribution attribution = attributionOf(view, *measure, show);
    const bool isDefined = std::any_of(attribution.analysis.pairs.begin(), attribution.analysis.pairs.end(),
                                       [](const auto& pair) { return pair.contrast.estimate.isDefined(); });
    if (!isDefined) {
      figures.push_back(absentFigure(
          "F5", figure.slug, figure.title,
          fmt::format("a design `{}` has no pairs of cells that show an interaction", view.study().design)));
      continue;
    }
    figure.title += attribution.where;
    figure.cells = attributedCells(view, attribution);
    figure.variants.push_back({"", Matrix(view, attribution, figure).draw()});
    const bool isIndex = argumentOr(show, "index", "") == "shapley";
    if (isIndex) figure.title += " (Shapley interaction index)";
    figure.caption = fmt::format(
        "Diagonal: main effects{}. Above: {}; orange is more than the sum of both, blue less; * marks those that stay "
        "significant after Benjamini and "
        "Hochberg\u2019s adjustment. "
        "Below: {} with the factor of the column old (left) and new (right), for the factor of the row old "
        "<span class=\"c0 swatch\"></span> and new <span class=\"c1 swatch\"></span>; parallel lines mean no "
        "interaction.",
        attribution.unit.difference.empty() ? "" : ", in points",
        isIndex ? "how much more the effect of one factor is with the other new than with it old, averaged over the "
                  "orders in which the others are added (Grabisch and Roubens)"
                : "half the difference between the effect of one factor with the other new and old",
        escape(measure->name));
    figures.push_back(std::move(figure));
  }
  if (figures.empty())
    figures.push_back(absentFigure("F5", "interactions", "Interactions", "the study measures nothing"));
  return figures;
}

}  // namespace nnc::report
