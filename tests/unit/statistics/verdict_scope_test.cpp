// The conclusion in words: what the study is and what limits it.
#include <algorithm>
#include <cmath>

#include "statistics/verdict_text.h"
#include "verdict_studies.h"

namespace nnc::statistics {
namespace {

// ---- 1: scope ----

// There are no recipes, and no shares of a gap, where one thing was changed.
TEST(VerdictScope, one_factor_is_told_by_its_levels) {
  Facts facts = factsOf(studyOf({0.80, 0.85}));
  facts.factors[0].levelNames = {"sigmoid", "ReLU"};
  EXPECT_TRUE(contains(textOf(facts, Rule::Gap), "In this study act ReLU is better than act sigmoid: +5"));
  for (const Rule rule : {Rule::Sufficient, Rule::Necessary, Rule::NeitherShown, Rule::Account, Rule::Order})
    EXPECT_FALSE(speaks(facts, rule)) << static_cast<int>(rule);
  EXPECT_TRUE(
      contains(textOf(factsOf(studyOf({0.80, 0.80})), Rule::Gap), "No gap between act 0 and act 1 is resolved"));
}

TEST(VerdictScope, begins_with_the_scope) {
  const Facts facts = factsOf(studyOf(kEither));
  const std::vector<Sentence> sentences = verdict(facts);
  ASSERT_FALSE(sentences.empty());
  EXPECT_EQ(sentences[0].text,
            "On Fashion-MNIST, 21-layer MLP of width 64, 400 steps, lr tuned over 4 values with 8 trials per cell, 5 "
            "paired seeds, for "
            "test accuracy:");
  EXPECT_TRUE(std::is_sorted(sentences.begin(), sentences.end(),
                             [](const Sentence& a, const Sentence& b) { return a.rule < b.rule; }));
}

TEST(VerdictScope, counts_the_seeds_that_have_run) {
  Responses responses(twoLevelFactors(1), {{0}, {1}}, 50);
  for (int block = 0; block < 5; ++block)
    for (int cell = 0; cell < 2; ++cell) responses.set(cell, block, 0.1 * cell + 0.01 * block * (1 + cell));
  const Facts facts = factsOf(responses);
  EXPECT_TRUE(contains(textOf(facts, Rule::Scope), "per cell, 5 of 50 planned paired seeds, for"));
  EXPECT_TRUE(contains(textOf(facts, Rule::Resolution), "With 5 seeds an effect of "));
}

TEST(VerdictScope, crossed_seeds_are_no_independent_ones) {
  std::vector<StreamSeeds> streams = {{"init", {}}, {"noise", {}}};
  for (int n = 0; n < 20; ++n)
    for (int i = 0; i < 2; ++i) streams[0].seeds.push_back(i), streams[1].seeds.push_back(n);
  Responses responses(twoLevelFactors(1), {{0}, {1}}, 40, crossingOf(streams));
  for (int block = 0; block < 40; ++block)
    for (int cell = 0; cell < 2; ++cell) responses.set(cell, block, cell * (0.02 + 0.02 * (block % 2)));
  const Facts facts = factsOf(responses);
  EXPECT_TRUE(contains(textOf(facts, Rule::Scope), "per cell, 40 blocks of crossed seeds (2 init x 20 noise), for"));
  EXPECT_TRUE(contains(textOf(facts, Rule::Gap), "No gap between act 0 and act 1 is resolved: +3"));
}

TEST(VerdictScope, says_when_nothing_was_tuned) {
  Facts facts = factsOf(studyOf(kEither, 1));
  facts.scope = {"two spirals", "", "", "", "", ""};
  EXPECT_EQ(textOf(facts, Rule::Scope), "On two spirals, nothing tuned, 1 seed:");
}

// ---- what limits the study ----

TEST(VerdictScope, an_unbalanced_study_says_so_in_its_first_paragraph) {
  const Responses responses = studyOf(kEither).filtered([](const Cell& cell) { return cell != Cell{1, 0, 1}; });
  Facts facts = factsOf(responses);
  facts.removed = {{"act == relu and skip", 1}};
  const Texts text = paragraphs(verdict(facts));
  ASSERT_EQ(text.size(), 3u);  // no order without Shapley values
  EXPECT_TRUE(
      contains(text[0],
               "This study is unbalanced: `act == relu and skip` removed 1 cell. Main effects average over the "
               "settings of the other factors that are left: act over 3 of 4, norm over 3 of 4 and skip over 3 of 4."))
      << text[0];
  EXPECT_TRUE(contains(
      text[2], "Shapley values are not defined where they need cells that were not run: act 1, norm 0, skip 1."))
      << text[2];
  EXPECT_FALSE(speaks(factsOf(studyOf(kEither)), Rule::Unbalanced));
}

TEST(VerdictScope, a_fraction_is_for_screening) {
  const std::vector<Factor> factors = twoLevelFactors(3);
  std::vector<Cell> cells = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 1}};  // c = ab
  Facts facts =
      factsOf(respond(factors, cells, 3, [](Coalition coalition, int block) { return 0.1 * coalition + 0.01 * block; }),
              {.design = DesignKind::Fraction});
  facts.aliases = {"act = norm:skip"};
  EXPECT_TRUE(contains(textOf(facts, Rule::Screening), "Aliases: act = norm:skip."));
  EXPECT_FALSE(speaks(facts, Rule::Unbalanced));
  EXPECT_FALSE(speaks(factsOf(studyOf(kEither)), Rule::Screening));
}

TEST(VerdictScope, an_effect_that_a_fraction_cannot_tell_is_attributed_to_nothing) {
  // skip = act:norm with opposite signs: one contrast of 40 points, and act and norm have none.
  const std::vector<Factor> factors = twoLevelFactors(3);
  const std::vector<Cell> cells = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 1}};
  Normals normals(4);
  const Facts facts = factsOf(
      respond(factors, cells, 5,
              [&](Coalition coalition, int) { return 0.3 + (coalition & 4 ? 0.4 : 0.0) + 0.002 * normals.next(); }),
      {.design = DesignKind::Fraction});
  EXPECT_EQ(facts.analysis.factors[2].aliases, (std::vector<FactorSet>{0b011}));
  ASSERT_TRUE(facts.analysis.pairs[0].contrast.isSignificant) << "act and norm, the same contrast";
  EXPECT_FALSE(speaks(facts, Rule::Together));
  const std::string text = textOf(facts, Rule::Account);
  EXPECT_TRUE(contains(text, "skip or act:norm: +")) << text;
  EXPECT_TRUE(contains(text, "the fraction cannot tell which")) << text;
  EXPECT_FALSE(contains(text, "goes with")) << text;
  EXPECT_TRUE(contains(textsOf(facts, Rule::NotResolved).at(0) + textsOf(facts, Rule::NotResolved).at(1),
                       "act with norm:skip: not resolved"));
}

TEST(VerdictScope, every_design_says_that_it_is_unbalanced) {
  const auto textOfDesign = [&](DesignKind design) {
    Facts facts =
        factsOf(studyOf(kEither).filtered([](const Cell& cell) { return cell != Cell{1, 0, 1}; }), {.design = design});
    facts.removed = {{"act == relu and skip", 1}};
    return textOf(facts, Rule::Unbalanced);
  };
  const std::string reason = "This study is unbalanced: `act == relu and skip` removed 1 cell.";
  EXPECT_EQ(textOfDesign(DesignKind::Fraction),
            reason +
                " Its contrasts average over the cells that are left, so that further effects mix into each of "
                "them.");
  EXPECT_EQ(textOfDesign(DesignKind::Ablation), reason + " What is defined by a removed cell is not estimated.");
  EXPECT_EQ(textOfDesign(DesignKind::Orders), textOfDesign(DesignKind::Ablation));
  EXPECT_TRUE(contains(textOfDesign(DesignKind::Random), reason));
}

TEST(VerdictScope, random_cells_that_determine_no_main_effects_are_said_to) {
  const auto hasReason = [&](const std::vector<Cell>& cells) {
    const Facts facts = factsOf(respond(twoLevelFactors(2), cells, 3,
                                        [](Coalition coalition, int block) { return 0.1 * coalition + 0.01 * block; }),
                                {.design = DesignKind::Random});
    const Texts texts = textsOf(facts, Rule::Caveat);
    return std::any_of(texts.begin(), texts.end(),
                       [](const std::string& text) { return contains(text, "Main effects are not estimated"); });
  };
  EXPECT_TRUE(hasReason({{0, 0}, {1, 1}}));
  EXPECT_FALSE(hasReason({{0, 0}, {1, 1}, {1, 0}}));
}

TEST(VerdictScope, states_the_minimum_detectable_effect) {
  const Facts facts = factsOf(studyOf(kEither));
  EXPECT_TRUE(contains(textOf(facts, Rule::Resolution), "With 5 seeds an effect of "));
  EXPECT_EQ(textOf(factsOf(studyOf(kEither, 1)), Rule::Resolution),
            "One seed says nothing of chance variation: there are no intervals.");
}

TEST(VerdictScope, states_the_error_of_the_test_set_apart) {
  Facts facts = factsOf(studyOf(kEither));
  EXPECT_FALSE(speaks(facts, Rule::TestError));
  // sqrt(0.86 * 0.14 / 10000) = 0.00347; with 0.1 of the old recipe, hypot(0.00347, 0.003) = 0.00459.
  facts.exampleError = ExampleError{"test", 10'000, 0.86, std::nullopt, std::nullopt};
  const std::string one =
      "The 10000 test examples are a sample too, the same for every seed, so that intervals over seeds leave it out: "
      "standard error 0.35 points of one value (Wilson, at 86.0 %)";
  EXPECT_EQ(textOf(facts, Rule::TestError), one + ".");
  facts.exampleError->oldShare = 0.1;
  facts.exampleError->newShare = 0.86;
  EXPECT_EQ(textOf(facts, Rule::TestError),
            one + ", at most 0.46 points of the gap, if the recipes err independently or alike.");
  facts.exampleError->seedError = 0.0013;
  EXPECT_TRUE(contains(textOf(facts, Rule::TestError),
                       "err independently or alike; over the seeds, the standard error of that value is 0.13 points."));
  // All of 50 right do not make errors impossible.
  facts.exampleError = ExampleError{"test", 50, 1.0, std::nullopt, std::nullopt};
  EXPECT_TRUE(contains(textOf(facts, Rule::TestError), "standard error 1.8 points of one value (Wilson, at 100.0 %)"));
}

TEST(VerdictScope, shuffled_labels_teach_nothing_and_nothing_is_attributed) {
  const Responses responses = studyOf(kNothing);
  Facts facts = factsOf(responses);
  facts.chance = 0.1;
  facts.bestCell = bestAgainstChance(responses, 0.1, 10'000);
  EXPECT_TRUE(contains(
      textOf(facts, Rule::NothingLearned),
      "None of the 8 cells compared here is shown to be better than guessing, which gives 10.0 %: the best, "));
  EXPECT_FALSE(contains(textOf(facts, Rule::NothingLearned), "No cell is better"));
  for (const Sentence& sentence : verdict(facts))
    EXPECT_TRUE(sentence.rule < Rule::Gap || sentence.rule > Rule::Tied) << sentence.text;

  const Responses learned = studyOf(kEither);
  Facts better = factsOf(learned);
  better.chance = 0.1;
  better.bestCell = bestAgainstChance(learned, 0.1, 10'000);
  EXPECT_FALSE(speaks(better, Rule::NothingLearned));
  EXPECT_TRUE(speaks(better, Rule::Gap));
}

}  // namespace
}  // namespace nnc::statistics
