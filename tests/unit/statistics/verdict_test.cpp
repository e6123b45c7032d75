// The conclusion in words: each rule where its condition holds, and not where it does not.
#include <algorithm>
#include <cmath>

#include "statistics/verdict_text.h"
#include "verdict_studies.h"

namespace nnc::statistics {
namespace {

// ---- the gap ----

TEST(Verdict, tells_a_gap_from_none) {
  EXPECT_TRUE(contains(textOf(factsOf(studyOf(kEither)), Rule::Gap),
                       "In this study the new recipe is better than the old one: +7"));
  std::vector<double> reversed(kEither.rbegin(), kEither.rend());
  EXPECT_TRUE(contains(textOf(factsOf(studyOf(reversed)), Rule::Gap),
                       "In this study the new recipe is worse than the old one: -7"));
  const Facts loss = factsOf(studyOf(reversed), {.better = Better::Lower});
  EXPECT_TRUE(contains(textOf(loss, Rule::Gap), "In this study the new recipe is better than the old one: -7"));
  EXPECT_TRUE(
      contains(textOf(factsOf(studyOf(kNothing)), Rule::Gap), "No gap between the old and the new recipe is resolved"));
  EXPECT_TRUE(contains(textOf(factsOf(studyOf(kEither, 1)), Rule::Gap), "In the one seed that has both"));
  const Responses holes = studyOf(kEither).filtered([](const Cell& cell) { return cell != Cell{0, 0, 0}; });
  EXPECT_EQ(textOf(factsOf(holes), Rule::Gap),
            "The gap between the old and the new recipe is not known: act 0, norm 0, skip 0 was not run.");
}

// ---- 2: sufficient, necessary ----

TEST(Verdict, either_of_two_suffices) {
  const Facts facts = factsOf(studyOf(kEither));
  EXPECT_EQ(textOf(facts, Rule::EitherSuffices), "Either of norm or skip suffices; neither of them is necessary.");
  EXPECT_FALSE(speaks(facts, Rule::Sufficient));
  EXPECT_FALSE(speaks(facts, Rule::Necessary));
  EXPECT_FALSE(speaks(facts, Rule::NeitherShown));
  EXPECT_FALSE(speaks(factsOf(studyOf(kSingle)), Rule::EitherSuffices));
}

TEST(Verdict, one_factor_is_sufficient_and_necessary) {
  const Facts facts = factsOf(studyOf(kSingle));
  EXPECT_TRUE(contains(textOf(facts, Rule::Sufficient), "norm alone was sufficient (first-in +70"));
  EXPECT_TRUE(contains(textOf(facts, Rule::Necessary), "norm was necessary here (last-in +70"));
}

TEST(Verdict, nothing_is_sufficient_or_necessary_where_each_gives_a_third) {
  const Facts facts = factsOf(studyOf(kAdditive));
  EXPECT_FALSE(speaks(facts, Rule::Sufficient));
  EXPECT_FALSE(speaks(facts, Rule::Necessary));
  EXPECT_TRUE(speaks(facts, Rule::NeitherShown));
}

TEST(Verdict, an_interval_that_reaches_below_half_of_the_gap_shows_nothing) {
  // norm gives 96 % of the gap, but with a noise of half of it.
  const Facts facts = factsOf(studyOf(kSingle, 3, 0.35));
  ASSERT_GT(facts.analysis.factors[1].firstIn.interval->estimate, 0.5 * 0.73);
  EXPECT_FALSE(speaks(facts, Rule::Sufficient));
}

TEST(Verdict, groups_are_sufficient_or_necessary_together) {
  const AnalysisOptions options{.groups = {0b011, 0b110}};
  const Facts together = factsOf(studyOf(kTogether), options);
  EXPECT_TRUE(contains(textOf(together, Rule::Sufficient),
                       "act and norm together were sufficient, none of them alone (first-in +70"));
  const Facts either = factsOf(studyOf(kEither), options);
  EXPECT_TRUE(
      contains(textOf(either, Rule::Necessary), "One of norm or skip was necessary here, no matter which (last-in +7"));
  EXPECT_FALSE(speaks(either, Rule::Sufficient));  // a member of each group suffices alone
}

/// norm or skip; without skip the new recipe falls by about half of the gap of 75 points, by more or less as seeds go.
Facts openNecessity(const AnalysisOptions& options = {}) {
  const double fall[] = {0.30, 0.45, 0.35, 0.50, 0.40};
  return factsOf(fullStudy(3, 5,
                           [&](Coalition coalition, int block) {
                             return coalition == 0b011 ? 0.85 - fall[block] : kEither[coalition] + 0.001 * block;
                           }),
                 options);
}

TEST(Verdict, what_is_not_shown_to_be_necessary_is_not_said_to_be_unnecessary) {
  const Facts facts = openNecessity();
  ASSERT_TRUE(facts.analysis.factors[2].lastIn.interval->contains(0.375));
  const std::string text = textOf(facts, Rule::EitherSuffices);
  EXPECT_TRUE(contains(text, "Either of norm or skip suffices; whether skip is necessary is not resolved (last-in +4"))
      << text;
  EXPECT_FALSE(contains(text, "neither"));
  const std::string group = textOf(openNecessity({.groups = {0b110}}), Rule::Necessary);
  EXPECT_TRUE(contains(group, "One of norm or skip was necessary here (last-in +7")) << group;
  EXPECT_TRUE(contains(group, "; whether skip is necessary on its own is not resolved (last-in +4")) << group;
  EXPECT_FALSE(contains(group, "no matter which"));
}

TEST(Verdict, what_was_not_run_is_not_said_to_be_insufficient) {
  // Old, act, act and norm, everything: norm alone was never run.
  const std::vector<double> table = {0.1, 0.1, 0.0, 0.8, 0.0, 0.0, 0.0, 0.8};
  Normals normals(3);
  const Facts facts =
      factsOf(respond(twoLevelFactors(3), {{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 1, 1}}, 5,
                      [&](Coalition coalition, int) { return table[coalition] + 0.002 * normals.next(); }),
              {.design = DesignKind::Ablation, .groups = {0b011}});
  const std::string text = textOf(facts, Rule::Sufficient);
  EXPECT_TRUE(contains(text, "act and norm together were sufficient (first-in +")) << text;
  EXPECT_TRUE(contains(text, "; whether norm is so alone is not known, as there are no runs that show it.")) << text;
  EXPECT_FALSE(contains(text, "none of them")) << text;
}

TEST(Verdict, of_groups_that_suffice_the_smallest_are_told) {
  EXPECT_EQ(smallGroups(0b111), (std::vector<FactorSet>{0b011, 0b101, 0b110})) << "all three are the gap itself";
  EXPECT_EQ(smallGroups(0b1111).size(), 6u + 4u);
  EXPECT_EQ(smallGroups(0b1111).back(), FactorSet{0b1110});
  // act and norm suffice together, so every group that has both does: it is not worth a sentence.
  const Facts facts = factsOf(studyOf(kTogether), {.groups = {0b011, 0b111}});
  const std::string text = textOf(facts, Rule::Sufficient);
  EXPECT_TRUE(contains(text, "act and norm together were sufficient")) << text;
  EXPECT_FALSE(contains(text, "skip")) << text;
}

// ---- 3: pairs ----

TEST(Verdict, a_pair_that_works_together_replaces_its_members) {
  const Facts facts = factsOf(studyOf(kTogether));
  const std::string text = textOf(facts, Rule::Together);
  EXPECT_TRUE(contains(text, "act and norm work together: act gives +")) << text;
  EXPECT_TRUE(contains(text, "interaction +33")) << text;
  // Both are necessary, but that is said by the pair.
  EXPECT_GT(facts.analysis.factors[0].lastIn.interval->lower, 0.5 * 0.71);
  EXPECT_FALSE(speaks(facts, Rule::Necessary));
}

TEST(Verdict, a_pair_that_overlaps_stands_in_for_each_other) {
  const std::string text = textOf(factsOf(studyOf(kEither)), Rule::Together);
  EXPECT_TRUE(contains(text, "norm and skip stand in for each other")) << text;
}

TEST(Verdict, a_pair_that_is_worse_together_gets_in_each_others_way) {
  const std::string text = textOf(factsOf(studyOf({0.1, 0.7, 0.7, 0.3})), Rule::Together);
  EXPECT_TRUE(contains(text, "act and norm get in each other's way: act gives +")) << text;
  EXPECT_TRUE(contains(text, " with the old norm and -")) << text;
}

TEST(Verdict, a_small_or_uncertain_interaction_makes_no_pair) {
  EXPECT_FALSE(speaks(factsOf(studyOf(kAdditive)), Rule::Together));
  // Significant, but a tenth of the main effects.
  std::vector<double> slight = kAdditive;
  for (const std::size_t both : {3, 7}) slight[both] += 0.02;
  const Facts small = factsOf(studyOf(slight, 10, 0.001));
  ASSERT_TRUE(small.analysis.pairs[0].contrast.isSignificant);
  EXPECT_FALSE(speaks(small, Rule::Together));
  // As large as the main effects, but one block says the opposite of another.
  const double swing[] = {0.3, -0.3, 0.0};
  const double table[] = {0.1, 0.11, 0.11, 0.2};
  const Facts drowned = factsOf(fullStudy(
      2, 3, [&](Coalition coalition, int block) { return table[coalition] + (coalition == 3 ? swing[block] : 0); }));
  ASSERT_GT(drowned.analysis.pairs[0].contrast.interval->estimate,
            0.5 * drowned.analysis.factors[0].main.interval->estimate);
  EXPECT_FALSE(speaks(drowned, Rule::Together));
}

// ---- 4: shares of the gap ----

TEST(Verdict, shares_of_the_gap_are_never_causes) {
  const Facts facts = factsOf(studyOf(kSingle));
  const Texts texts = textsOf(facts, Rule::Account);
  ASSERT_EQ(texts.size(), 3u);
  EXPECT_TRUE(contains(texts[1], "norm accounts for +70")) << texts[1];
  EXPECT_TRUE(
      contains(texts[1], " points of the gap between the old and the new recipe in this study (Shapley, 95 % CI +"));
  for (const std::vector<double>& table : {kEither, kSingle, kTogether, kAdditive, kNothing})
    for (const Sentence& sentence : verdict(factsOf(studyOf(table)))) EXPECT_FALSE(contains(sentence.text, "cause"));
}

TEST(Verdict, without_a_gap_there_are_no_shares_of_it) {
  // act +20, norm -20: both have effects, and the recipes are equal.
  const Facts facts = factsOf(studyOf({0.5, 0.7, 0.3, 0.5}));
  ASSERT_FALSE(speaks(facts, Rule::Sufficient));
  const Texts texts = textsOf(facts, Rule::Account);
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_TRUE(contains(texts[0], "act goes with +20")) << texts[0];
  EXPECT_FALSE(contains(texts[0], "gap"));
}

TEST(Verdict, an_effect_that_holm_does_not_keep_is_marked) {
  // An unadjusted p of about 0.03, and two factors.
  Facts facts = factsOf(studyOf(kAdditive));
  facts.analysis.factors[0].shapley.isSignificant = false;
  EXPECT_TRUE(contains(textsOf(facts, Rule::Account)[0], "; not significant after Holm's adjustment)"));
  EXPECT_FALSE(contains(textsOf(facts, Rule::Account)[1], "Holm"));
}

// ---- 5: not resolved ----

TEST(Verdict, not_resolved_is_not_no_effect) {
  // act does nothing. With a noise of 5 points nothing relevant could be seen; with 0.02 points it could.
  std::vector<double> table = {0.5, 0.5, 0.8, 0.8};
  const Facts noisy = factsOf(studyOf(table, 3, 0.05, 2)), sharp = factsOf(studyOf(table, 5, 0.0002, 2));
  EXPECT_TRUE(contains(textOf(noisy, Rule::NotResolved), "act: not resolved ("));
  EXPECT_FALSE(speaks(noisy, Rule::NoEffect));
  EXPECT_TRUE(contains(textOf(sharp, Rule::NoEffect), "act: no effect found ("));
  EXPECT_FALSE(speaks(sharp, Rule::NotResolved));
}

TEST(Verdict, seeds_that_agree_exactly_have_no_interval_of_width_0) {
  // Does it train? norm decides, in all seeds.
  const Facts facts = factsOf(fullStudy(2, 3, [](Coalition coalition, int) { return coalition & 2 ? 1.0 : 0.0; }));
  EXPECT_EQ(textOf(facts, Rule::NoEffect), "act: no effect in any of 3 seeds.");
  EXPECT_EQ(textOf(facts, Rule::Sufficient), "norm alone was sufficient (first-in +100.0, the same in all 3 seeds).");
  EXPECT_TRUE(contains(textOf(facts, Rule::Resolution), "All 3 seeds agree exactly"));
  for (const Sentence& sentence : verdict(facts)) EXPECT_FALSE(contains(sentence.text, "CI")) << sentence.text;
}

// ---- 6: caveats ----

TEST(Verdict, caveats_name_cells) {
  Facts facts = factsOf(studyOf(kEither));
  EXPECT_FALSE(speaks(facts, Rule::Caveat));
  facts.edges = {{"act ReLU, norm none", "lr", "0.1"}};
  facts.unfinished = {{"c1", 3, 5}, {"c2", 4, 5}, {"c3", 4, 5}, {"c4", 4, 5}, {"c5", 0, 5}};
  facts.removed = {{"order == .pre and not residual", 8}};
  facts.divergedRuns = 2;
  EXPECT_EQ(textsOf(facts, Rule::Caveat),
            (Texts{"EDGE: in 1 cell the best value lies at the edge of its grid, so they count as not tuned: act ReLU, "
                   "norm none "
                   "(lr = 0.1).",
                   "Seeds are missing in 5 cells: c1 (3 of 5); c2 (4 of 5); c3 (4 of 5); c4 (4 of 5); and 1 more.",
                   "`order == .pre and not residual` removed 8 cells.",
                   "2 runs diverged; each counts with what guessing gives."}));
}

// ---- 7: validity ----

TEST(Verdict, ends_with_how_far_it_carries) {
  for (const std::vector<double>& table : {kEither, kNothing}) {
    const std::vector<Sentence> sentences = verdict(factsOf(studyOf(table)));
    EXPECT_EQ(sentences.back().rule, Rule::Validity);
    EXPECT_EQ(sentences.back().text,
              "How far this carries: one dataset, 28x28 grey images; other data, networks and budgets may differ.");
  }
  Facts facts = factsOf(studyOf(kEither));
  facts.scope.validity.clear();
  EXPECT_TRUE(contains(textOf(facts, Rule::Validity), "one data set and one family of networks"));
}

// ---- 8: order ----

TEST(Verdict, orders_what_the_seeds_decide_and_ties_the_rest) {
  // act gives 10; norm and skip give 20 each, now the one more, now the other.
  const double swing[] = {0.02, -0.02, 0.02, -0.02, 0.01};
  const Facts facts = factsOf(fullStudy(3, 5, [&](Coalition coalition, int block) {
    return 0.1 + 0.1 * (coalition & 1) + (coalition & 2 ? 0.2 + swing[block] : 0) + (coalition & 4 ? 0.2 : 0);
  }));
  EXPECT_TRUE(contains(textOf(facts, Rule::Order), ": norm and skip > act."));
  EXPECT_TRUE(contains(textOf(facts, Rule::Tied), "Tied: norm and skip (P(norm > skip) = 0."));
  const Facts decided = factsOf(studyOf({0.1, 0.2, 0.4, 0.5, 0.7, 0.8, 1.0, 1.1}));  // 10, 30, 60
  EXPECT_TRUE(contains(textOf(decided, Rule::Order), "skip > norm > act."));
  EXPECT_FALSE(speaks(decided, Rule::Tied));
}

TEST(Verdict, where_less_is_better_the_largest_fall_comes_first) {
  const Facts steps = factsOf(studyOf({1.1, 1.0, 0.8, 0.7, 0.5, 0.4, 0.2, 0.1}), {.better = Better::Lower});
  EXPECT_EQ(textOf(steps, Rule::Order),
            "Order of the Shapley values, the best (lowest) first, as far as the seeds decide it: skip < norm < act.");
}

TEST(Verdict, nothing_is_better_where_the_direction_is_not_known) {
  const Facts gap = factsOf(studyOf(kEither), {.better = Better::Unknown});
  const Texts texts = textsOf(gap, Rule::Gap);
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_TRUE(contains(texts[0], "In this study the new recipe differs from the old one: +7"));
  EXPECT_TRUE(contains(texts[1], "Which values are better does not follow"));
  for (const Rule rule : {Rule::EitherSuffices, Rule::Sufficient, Rule::Necessary, Rule::NeitherShown})
    EXPECT_FALSE(speaks(gap, rule)) << static_cast<int>(rule);
  EXPECT_TRUE(contains(textOf(gap, Rule::Together), "norm and skip do not add up"));
}

TEST(Verdict, fewer_than_five_seeds_order_nothing) {
  const Facts facts = factsOf(studyOf(kSingle, 4));
  EXPECT_FALSE(speaks(facts, Rule::Order));
  EXPECT_TRUE(contains(textOf(facts, Rule::Tied), "(fewer than five seeds decide no order)."));
}

// ---- numbers ----

TEST(Verdict, numbers_are_as_exact_as_they_are_known) {
  Facts facts = factsOf(studyOf(kEither));
  EXPECT_EQ(decimalsFor(facts, {0.25, 0.2, 0.3, 5, IntervalMethod::T}), 1);        // 10 points wide
  EXPECT_EQ(decimalsFor(facts, {0.25, 0.248, 0.252, 5, IntervalMethod::T}), 2);    // 0.4
  EXPECT_EQ(decimalsFor(facts, {0.25, 0.2498, 0.2502, 5, IntervalMethod::T}), 3);  // 0.04
  EXPECT_EQ(signedPoints(facts, -0.00001, 1), "0.0 points");
  EXPECT_EQ(rangeText(facts, {0.25, -0.2, 0.3, 5, IntervalMethod::T}), "95 % CI -20.0 to +30.0");
  facts.unit = {1, "", "", 0.01};
  EXPECT_EQ(signedPoints(facts, 1.5, 2), "+1.50");
}

}  // namespace
}  // namespace nnc::statistics
