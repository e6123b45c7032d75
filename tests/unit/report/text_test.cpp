// How numbers are written, and scales with their ticks.
#include "report/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "report/attribution.h"
#include "report/plot.h"
#include "report/scale.h"
#include "report/style.h"

namespace nnc::report {
namespace {

TEST(Text, NumbersHaveThreeSignificantDigits) {
  EXPECT_EQ(numberText(0.0), "0");
  EXPECT_EQ(numberText(0.86123), "0.861");
  EXPECT_EQ(numberText(0.00216), "0.00216");
  EXPECT_EQ(numberText(1.5), "1.5");
  EXPECT_EQ(numberText(12.345), "12.3");
  EXPECT_EQ(numberText(12345.6), "12346");
  EXPECT_EQ(numberText(2.5e-7), "2.5e-7");
  EXPECT_EQ(numberText(-3.0e9), "\u22123e9");
  EXPECT_EQ(numberText(std::nan("")), "n/a");
  EXPECT_EQ(numberText(-std::numeric_limits<double>::infinity()), "\u2212\u221E");
}

TEST(Text, FixedNumbersShowSignsButNoNegativeZero) {
  EXPECT_EQ(fixedText(3.14159, 2, true), "+3.14");
  EXPECT_EQ(fixedText(-0.001, 2), "0.00");
  EXPECT_EQ(fixedText(0.001, 2, true), "0.00");
  EXPECT_EQ(fixedText(-12.25, 1), "\u221212.2");
}

TEST(Text, ExactNumbersReadBack) {
  for (const double value : {0.1, 1.0 / 3.0, 5e-324, -1.7976931348623157e308})
    EXPECT_EQ(std::strtod(exactText(value).c_str(), nullptr), value);
}

TEST(Text, PrefixesAndTimes) {
  EXPECT_EQ(prefixedText(36.2e9), "36.2\u00A0G");
  EXPECT_EQ(prefixedText(999600), "1\u00A0M");
  EXPECT_EQ(secondsText(36000), "10\u00A0h");
  EXPECT_EQ(secondsText(105 * 86400.0), "105\u00A0days");
  EXPECT_EQ(secondsText(0.0021), "2.1\u00A0ms");
}

TEST(Text, MarkupIsEscaped) {
  EXPECT_EQ(escape("<script>\"a\" & b</script>\x01"), "&lt;script&gt;&quot;a&quot; &amp; b&lt;/script&gt;");
}

TEST(Text, SharesAreShownInPercentAndTheirDifferencesInPoints) {
  study::Measure measure;
  measure.scale = study::Measure::Scale::Fraction;
  const Unit unit = unitOf(measure);
  EXPECT_EQ(unit.of(0.8612), "86.1\u00A0%");
  EXPECT_EQ(unit.change(0.034), "+3.4\u00A0pt");
  EXPECT_EQ(unit.axis("test"), "test (%)");
}

std::vector<double> ticksOf(double low, double high, ScaleKind kind = ScaleKind::Linear) {
  Range range;
  range.add(low);
  range.add(high);
  return Scale(range, 0, 100, kind).ticks();
}

TEST(Scale, TicksAreRoundAndEnclose) {
  EXPECT_EQ(ticksOf(0, 1), (std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}));
  const std::vector<double> ticks = ticksOf(-37, 81);
  EXPECT_LE(ticks.front(), -37);
  EXPECT_GE(ticks.back(), 81);
  EXPECT_EQ(ticksOf(1e-3, 1e3, ScaleKind::Log).front(), 1e-3);
}

TEST(Scale, NarrowLogarithmicScalesHaveTwosAndFives) {
  Range range;
  range.add(0.4);
  range.add(2.3);
  const Scale scale(range, 0, 100, ScaleKind::Log, false);
  EXPECT_EQ(Scale::labels(scale.ticks(), ScaleKind::Log), (std::vector<std::string>{"0.5", "1", "2"}));
}

TEST(Scale, WideLogarithmicScalesHavePowers) {
  EXPECT_EQ(powerOfTen(-7), "10\u207B\u2077");
  Range range;
  range.add(1e-8);
  range.add(1.0);
  EXPECT_EQ(Scale::labels(Scale(range, 0, 1, ScaleKind::Log).ticks(), ScaleKind::Log).front(), powerOfTen(-8));
}

TEST(Scale, DegenerateRangesStillMapSomewhere) {
  for (const ScaleKind kind : {ScaleKind::Linear, ScaleKind::Log}) {
    Range one;
    one.add(3.0);
    EXPECT_TRUE(std::isfinite(Scale(one, 0, 100, kind)(3.0)));
    EXPECT_TRUE(std::isfinite(Scale(Range(), 0, 100, kind)(0.5)));
    Range odd;
    odd.add(std::nan(""));
    odd.add(std::numeric_limits<double>::infinity());
    EXPECT_TRUE(odd.isEmpty());
  }
}

TEST(Bounds, BlocksThatAgreeAreCountedAndHaveNoIntervalOfWidth0) {
  const Unit points{100.0, 1, " %", " pt", true};
  EXPECT_EQ(boundsText({.lower = -0.002, .upper = 0.014}, {0.0, 0.012}, points), "[\u22120.2, +1.4]");
  EXPECT_EQ(boundsText({.estimate = 1.0, .lower = 1.0, .upper = 1.0}, {1.0, 1.0, 1.0}, points), "in 3 of 3");
  EXPECT_EQ(boundsText({}, {0.0, 0.0}, points), "in 2 of 2");
}

TEST(Plot, LinesBreakAtWhatIsNotFinite) {
  const std::vector<Point> points = {{0, 1}, {1, std::nan("")}, {2, 3}, {3, 4}};
  EXPECT_EQ(linePath(points), "M0 1M2 3L3 4");
}

TEST(Plot, TextThatDoesNotFitEndsInAnEllipsis) {
  EXPECT_EQ(fitted("short", 200), "short");
  const std::string cut = fitted("a very long label \u2192 with an arrow", 60);
  EXPECT_TRUE(cut.ends_with("\u2026"));
  EXPECT_LE(textWidth(cut), 60 + 12);
}

TEST(Style, StepsCoverTheirRange) {
  EXPECT_EQ(stepOf(-1, 10), 0);
  EXPECT_EQ(stepOf(1.0, 10), 9);
  EXPECT_EQ(stepOf(std::nan(""), 10), 0);
  EXPECT_NE(figureStyle().find(".h14{"), std::string::npos);
}

}  // namespace
}  // namespace nnc::report
