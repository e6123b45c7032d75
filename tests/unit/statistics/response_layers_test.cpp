// Trainability, quality among runs that train, and whether anything trains at all.
#include "statistics/response_layers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "statistics/attribution.h"
#include "studies.h"

namespace nnc::statistics {
namespace {

/// norm (1) or skip (2) make it train; without them it stays at chance. With both, act (0) adds 2 points.
double accuracy(Coalition coalition, int block) {
  const bool trains = (coalition & 0b110) != 0;
  if (!trains) return 0.1;
  return 0.8 + 0.02 * (coalition & 1) + 0.001 * block;
}

TEST(Layers, threshold_lies_halfway_between_chance_and_the_best_cell) {
  const Responses responses = fullStudy(3, 3, accuracy);
  EXPECT_NEAR(*trainingThreshold(responses, 0.1), 0.1 + (0.821 - 0.1) / 2, 1e-15);
  EXPECT_FALSE(trainingThreshold(Responses(twoLevelFactors(1), {{0}}, 1), 0.1));
}

TEST(Layers, trainability_counts_blocks) {
  Responses responses = fullStudy(3, 3, accuracy);
  responses.set(*responses.find({0, 1, 0}), 0, 0.1);           // diverged, counted as chance
  responses.set(*responses.find({0, 0, 1}), 2, std::nan(""));  // not finished
  const std::vector<Trainability> rows = trainability(responses, 0.4);
  const auto row = [&](const Cell& cell) { return rows[static_cast<std::size_t>(*responses.find(cell))]; };
  EXPECT_EQ(row({0, 0, 0}).trained, 0);
  EXPECT_EQ(row({0, 1, 0}).trained, 2);
  EXPECT_EQ(row({0, 1, 0}).finished, 3);
  EXPECT_EQ(row({0, 0, 1}).trained, 2);
  EXPECT_EQ(row({0, 0, 1}).finished, 2);
  EXPECT_EQ(row({1, 1, 1}).share->lower, wilsonInterval(3, 3).lower);
}

TEST(Layers, trainability_is_attributed_like_any_response) {
  const Responses trained = trainedOrNot(fullStudy(3, 3, accuracy), 0.4);
  EXPECT_EQ(firstIn(trained, 0b010).byBlock, (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(lastIn(trained, 0b010).byBlock, (std::vector<double>{0, 0, 0}));
  EXPECT_NEAR(shapley(trained)[1].byBlock[0], 0.5, 1e-15);
}

TEST(Layers, quality_is_read_where_everything_trains) {
  const Responses responses = fullStudy(3, 3, accuracy);
  const TrainedSubDesign part = trainedSubDesign(responses, 0.4);
  // Four cells either with norm or with skip fixed at new; the one that frees the earlier factor is taken.
  EXPECT_EQ(part.fixedAt, (std::vector<std::optional<int>>{std::nullopt, std::nullopt, 1}));
  EXPECT_EQ(part.cells.size(), 4u);
  const Responses quality = qualityAmongTrained(responses, part, QualityScale::Logit, 10'000);
  EXPECT_EQ(quality.cellCount(), 4);
  EXPECT_FALSE(quality.factors()[2].isPlayer);
  const auto logit = [](double a) { return std::log(a / (1 - a)); };
  EXPECT_NEAR(mainEffect(quality, 0).byBlock[0], logit(0.82) - logit(0.8), 1e-14);
  EXPECT_NEAR(mainEffect(quality, 1).byBlock[0], 0, 1e-15);
  const Responses errors = qualityAmongTrained(responses, part, QualityScale::LogError, 10'000);
  EXPECT_NEAR(mainEffect(errors, 0).byBlock[0], std::log(0.2 / 0.18), 1e-14);
}

TEST(Layers, one_failed_block_takes_its_cell_out_of_the_sub_design) {
  Responses responses = fullStudy(3, 3, accuracy);
  responses.set(*responses.find({0, 0, 1}), 1, 0.1);
  EXPECT_EQ(trainedSubDesign(responses, 0.4).fixedAt, (std::vector<std::optional<int>>{std::nullopt, 1, std::nullopt}));
  const Responses none = fullStudy(2, 2, [](Coalition, int) { return 0.1; });
  EXPECT_TRUE(trainedSubDesign(none, 0.4).cells.empty());
  EXPECT_EQ(qualityAmongTrained(none, trainedSubDesign(none, 0.4), QualityScale::Logit, 100).cellCount(), 0);
}

TEST(Layers, perfect_accuracy_has_a_finite_logit) {
  const Responses responses = fullStudy(1, 1, [](Coalition coalition, int) { return coalition ? 1.0 : 0.9; });
  const Responses quality = qualityAmongTrained(responses, trainedSubDesign(responses, 0.5), QualityScale::Logit, 100);
  EXPECT_NEAR(quality.at(1, 0), std::log(0.995 / 0.005), 1e-12);
}

TEST(Chance, a_cell_that_learned_is_told_from_guessing) {
  const Responses learned =
      fullStudy(2, 3, [](Coalition coalition, int block) { return coalition == 2 ? 0.6 + 0.01 * block : 0.1; });
  const std::optional<ChanceTest> best = bestAgainstChance(learned, 0.1, 10'000);
  ASSERT_TRUE(best);
  EXPECT_EQ(best->cell, (Cell{0, 1}));
  EXPECT_LT(best->pValue, 0.01);
}

TEST(Chance, equal_accuracies_at_chance_are_chance) {
  // Each block has 0.1 exactly, whose mean rounds; and a constant prediction a little off 1/10 on 1,000 examples.
  const Responses constant = fullStudy(2, 3, [](Coalition, int) { return 0.1; });
  EXPECT_EQ(bestAgainstChance(constant, 0.1, std::nullopt)->pValue, 1);
  const Responses single = fullStudy(2, 3, [](Coalition, int) { return double{0.1f}; });
  EXPECT_EQ(bestAgainstChance(single, 0.1, std::nullopt)->pValue, 1);
  const Responses slightlyOff = fullStudy(2, 3, [](Coalition, int) { return 0.105; });
  EXPECT_EQ(bestAgainstChance(slightlyOff, 0.1, 1000)->pValue, 1);  // 4 cells, each with p = 0.33
  EXPECT_FALSE(bestAgainstChance(fullStudy(2, 1, [](Coalition, int) { return 0.9; }), 0.1, std::nullopt));
}

TEST(Chance, perfect_cells_are_better_than_guessing) {
  // 32 cells, 3 seeds, 200 examples, every answer right: 2 * 32 * 0.5^200.
  const Responses perfect = fullStudy(5, 3, [](Coalition, int) { return 1.0; });
  EXPECT_LT(bestAgainstChance(perfect, 0.5, 200)->pValue, 1e-50);
  EXPECT_LT(bestAgainstChance(fullStudy(5, 1, [](Coalition, int) { return 1.0; }), 0.5, 200)->pValue, 1e-50);
  // 78.7 % of 75 examples in three seeds, four cells: P(X >= 59) = 3e-7.
  const double values[] = {0.76, 0.80, 0.80};
  const Responses good = fullStudy(2, 3, [&](Coalition, int block) { return values[block]; });
  EXPECT_LT(bestAgainstChance(good, 0.5, 75)->pValue, 1e-4);
}

TEST(Chance, accuracies_that_vary_by_more_than_guesses_need_their_seeds) {
  // Networks that know no labels but map groups of examples to one: 7, 13 and 19 % are 3 points over chance, ten
  // binomial standard errors, and one standard error over seeds.
  const double values[] = {0.07, 0.13, 0.19};
  const Responses grouped = fullStudy(1, 3, [&](Coalition, int block) { return values[block]; });
  EXPECT_EQ(bestAgainstChance(grouped, 0.1, 10'000)->pValue, std::min(1.0, 2 * tTest(std::vector{-0.03, 0.03, 0.09})));
}

TEST(Chance, the_best_cell_is_the_one_with_the_highest_mean) {
  // norm has the higher mean and a spread that hides it; act is the more certain one, and not shown either.
  const double spread[] = {0.2, 0.9, 0.6};
  const Responses responses = fullStudy(2, 3, [&](Coalition coalition, int block) {
    return coalition == 2 ? spread[block] : coalition == 1 ? 0.54 : 0.5;
  });
  const std::optional<ChanceTest> test = bestAgainstChance(responses, 0.5, 100);
  EXPECT_EQ(test->cell, (Cell{0, 1}));
  EXPECT_EQ(test->cells, 4);
  EXPECT_GT(test->pValue, 0.05);
  EXPECT_TRUE(test->interval.contains(0.5)) << "at the level for all cells at once";
  EXPECT_NEAR(test->interval.upper, tInterval(spread, 1 - 0.05 / 4)->upper, 1e-14);
}

TEST(Chance, shuffled_labels_rarely_pass_for_learning) {
  // 300 studies of 32 cells and 5 seeds whose accuracies are those of guessing on 10,000 examples (standard deviation
  // 0.3 points).
  int falseAlarms = 0;
  for (int study = 0; study < 300; ++study) {
    Normals normals(study);
    const Responses guessing = fullStudy(5, 5, [&](Coalition, int) { return 0.1 + 0.003 * normals.next(); });
    falseAlarms += bestAgainstChance(guessing, 0.1, 10'000)->pValue < 0.05 ? 1 : 0;
  }
  // At most 5 % are expected: 15, with a standard deviation of sqrt(300 * 0.05 * 0.95) = 3.8; two of them.
  EXPECT_LE(falseAlarms, 22);
}

}  // namespace
}  // namespace nnc::statistics
