// Looking things up in a study.
#include "report/view.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report/attribution.h"
#include "report/figures.h"
#include "report/series.h"
#include "synthetic.h"

namespace nnc::report {
namespace {

TEST(View, FindsTheRecipes) {
  const SyntheticStudy made = syntheticFactorial(2);
  const View view(made.study, made.runs);
  EXPECT_EQ(view.oldCell(), 0);
  EXPECT_EQ(view.newCell(), 31);
  EXPECT_EQ(view.players().size(), 5U);
  EXPECT_EQ(view.mainMeasure()->name, "test");
  EXPECT_EQ(view.cells()[5].byBlock.size(), 2U);
  EXPECT_EQ(view.cells()[5].trials.size(), 3U);
  EXPECT_EQ(view.shortLabel(0), "old");
  EXPECT_EQ(view.shortLabel(6), "norm, residual");
  EXPECT_EQ(view.shortLabel(31), "new");
}

TEST(View, FlagsWhatWasTunedToAnEndOfTheGrid) {
  const SyntheticStudy made = syntheticFactorial(1);
  const View view(made.study, made.runs);
  for (const CellRuns& cell : view.cells()) EXPECT_EQ(cell.isEdge, *cell.chosen == 0.001 || *cell.chosen == 0.1);
  EXPECT_FALSE(view.cells()[2].isEdge);  // 0.01
}

TEST(View, OrderedFactorsAreReadAtTheirNewLevel) {
  const SyntheticStudy made = syntheticSweep(2);
  const View view(made.study, made.runs);
  EXPECT_EQ(view.players().size(), 2U);
  EXPECT_EQ(view.cells()[static_cast<std::size_t>(*view.oldCell())].label, "depth 51, sigmoid, plain");
  EXPECT_EQ(attributionOf(view, *view.mainMeasure()).where, " at depth = 51");
}

TEST(View, InteractionsAreContrastsOrShapleysIndex) {
  const SyntheticStudy made = syntheticFactorial(2);
  const View view(made.study, made.runs);
  const study::Measure& test = *view.mainMeasure();
  const study::Show plain{"interactions", {"test"}, {}}, index{"interactions", {"test"}, {{"index", {"shapley"}}}},
      unknown{"interactions", {"test"}, {{"index", {"banzhaf"}}}};
  const Attribution contrasts = attributionOf(view, test, &plain), indices = attributionOf(view, test, &index);
  ASSERT_EQ(indices.analysis.pairs.size(), 10U);
  for (const statistics::PairAnalysis& pair : indices.analysis.pairs)
    EXPECT_EQ(pair.contrast.estimate.byBlock,
              statistics::shapleyInteraction(indices.responses, pair.first, pair.second).byBlock);
  EXPECT_NE(indices.analysis.pairs[0].contrast.estimate.byBlock, contrasts.analysis.pairs[0].contrast.estimate.byBlock);
  EXPECT_EQ(makeInteractions(view, &plain)[0].title.find("Shapley"), std::string::npos);
  EXPECT_NE(makeInteractions(view, &index)[0].title.find("Shapley"), std::string::npos);
  EXPECT_NE(makeInteractions(view, &index)[0].caption.find("Grabisch"), std::string::npos);
  EXPECT_EQ(showProblem(made.study, index, {}), std::nullopt);
  ASSERT_TRUE(showProblem(made.study, unknown, {}));
  EXPECT_EQ(showProblem(made.study, unknown, {})->what, "its index is .contrast or .shapley");
}

TEST(View, GroupsRunThroughTheLevels) {
  const SyntheticStudy made = syntheticFactorial(1);
  const View view(made.study, made.runs);
  const std::vector<Group> groups = view.groupsBy({"act", "residual"});
  ASSERT_EQ(groups.size(), 4U);
  EXPECT_EQ(groups[0].label, "sigmoid, plain");
  EXPECT_EQ(groups[3].label, "ReLU, residual");
  EXPECT_EQ(groups[3].cells.size(), 8U);
  EXPECT_EQ(view.defaultGroups(8).size(), 3U);
  EXPECT_EQ(view.defaultGroups(32).size(), 32U);
}

TEST(View, RunsOfOtherStudiesAndBlocksAreNotItsRuns) {
  SyntheticStudy made = syntheticFactorial(1);
  made.runs.back().cell = "0000000000000000";
  made.runs[3].block = 7;
  const View view(made.study, made.runs);
  EXPECT_EQ(view.cells()[31].byBlock[0], nullptr);
  EXPECT_EQ(view.cells()[0].byBlock[0], nullptr);
  EXPECT_TRUE(std::isnan(view.mean(31, "test")));
}

TEST(View, RangesOfCells) {
  EXPECT_EQ(cellRanges({3, 0, 1, 2, 6, 6}), "C1\u2013C4, C7");
  EXPECT_EQ(cellRanges({0, 1}), "C1, C2");
  EXPECT_EQ(cellRanges({}), "");
}

TEST(View, Quantiles) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({1, 2, std::nan(""), 4, 3}), 2.5);
  EXPECT_EQ(quantile({0, 10}, 0.25), 2.5);
  EXPECT_TRUE(std::isnan(median({})));
  EXPECT_TRUE(std::isinf(median({-std::numeric_limits<double>::infinity(), 3})));
}

TEST(Attribution, ShapleyValuesSumToTheGap) {
  const SyntheticStudy made = syntheticFactorial(3);
  const View view(made.study, made.runs);
  const Attribution attribution = attributionOf(view, *view.mainMeasure());
  double sum = 0.0;
  for (const statistics::FactorAnalysis& factor : attribution.analysis.factors)
    sum += statistics::mean(factor.shapley.estimate.values());
  // Both are sums of the same 32 means; each of the 80 differences rounds once at 1e-16 of 1.
  EXPECT_NEAR(sum, view.mean(31, "test") - view.mean(0, "test"), 1e-13);
  EXPECT_EQ(attributedCells(view, attribution).size(), 32U);
  const std::size_t first = byContribution(attribution.analysis)[0];
  EXPECT_TRUE(first == 2 || first == 3);  // norm or residual, by the truth that the generator has
}

TEST(Series, ShapesAndTables) {
  const SyntheticStudy made = syntheticFactorial(3);
  const View view(made.study, made.runs);
  EXPECT_EQ(shapeOf(view, "slice"), ProbeShape::Slice);
  EXPECT_EQ(shapeOf(view, "slice_2d"), ProbeShape::Plane);
  EXPECT_EQ(positionOf("-0.5,1.0"), (std::vector<double>{-0.5, 1.0}));
  EXPECT_TRUE(positionOf("net.dense[0].w").empty());
  EXPECT_EQ(shapeOf(view, "grad_norm"), ProbeShape::Layers);
  EXPECT_EQ(shapeOf(view, "nothing"), ProbeShape::Absent);
  const LayerTable table = layerTable(view, {0}, "grad_norm", Over::Logarithms);
  EXPECT_EQ(table.layers.size(), 20U);
  EXPECT_EQ(table.steps.front(), 0);
  // The generator's gradients fall below 1e-30 near the input of this cell.
  EXPECT_TRUE(std::isinf(table.values[0][0]));
  EXPECT_NEAR(table.values[19][0], -1.0, 0.1);  // it starts at 1e-1, times 10^(+-0.08)
}

/// Runs that were looked at once have no line, and are seen all the same.
TEST(Curves, OnePointIsADot) {
  SyntheticStudy made = syntheticFactorial(2);
  for (study::Run& run : made.runs)
    for (study::Curve& curve : run.curves) {
      curve.steps = {curve.steps.back()};
      curve.values = {curve.values.back()};
    }
  const View view(made.study, made.runs);
  const study::Show show{"curves", {"valid.accuracy"}, {}};
  const std::vector<Figure> figures = makeCurves(view, &show);
  ASSERT_EQ(figures.size(), 1U);
  const std::string& svg = figures[0].variants[0].svg;
  for (const char* const dot : {"\"dot c0\"", "\"dot c1\"", "\"dot c2\"", "\"point context\""})
    EXPECT_NE(svg.find(dot), std::string::npos) << dot;
}

/// Drawn where the runs know one factor, and only there: the old recipe has one, the new one has skips.
TEST(Profile, DrawsTheTheoryOfTheRuns) {
  const SyntheticStudy made = syntheticFactorial(3);
  const View view(made.study, made.runs);
  const auto theories = [&](const study::Show* show) {
    const std::vector<Figure> figures = makeProfile(view, show);
    EXPECT_EQ(figures.size(), 1U);
    std::vector<std::string> tips;
    const std::string& svg = figures[0].variants[0].svg;
    for (std::size_t at = svg.find("theory for "); at != std::string::npos; at = svg.find("theory for ", at + 1))
      tips.push_back(svg.substr(at, svg.find('<', at) - at));
    return tips;
  };
  EXPECT_EQ(theories(nullptr),
            (std::vector<std::string>{"theory for old: sigmoid, Glorot, none, plain, no drop: a factor "
                                      "of 0.25 per layer"}));
  const study::Show byAct{"profile", {"delta_norm"}, {{"by", {"act"}}}};
  EXPECT_TRUE(theories(&byAct).empty());  // each line holds cells of several theories
}

}  // namespace
}  // namespace nnc::report
