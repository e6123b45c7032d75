// Expectations against runs whose numbers are chosen: every term has an answer by hand.
#include "experiment/expect.h"

#include "planner_fixture.h"

namespace nnc::experiment {

class ExpectTest : public PlannerTest {
 protected:
  /// The outcome of `expect CONDITION` when the run of cell c in block b measures `value(c, b)`; NaN: it is missing.
  study::Verdict verdict(const std::string& condition, const std::function<double(std::size_t, int)>& value,
                         const std::string& seeds = "3") {
    return decided("m = valid.loss", condition, value, seeds);
  }
  /// The same of an accuracy `a` of two classes.
  study::Verdict accuracyVerdict(const std::string& condition, const std::function<double(std::size_t, int)>& value) {
    return decided("a = valid.accuracy", condition, value, "3");
  }
  study::Verdict decided(const std::string& measure, const std::string& condition,
                         const std::function<double(std::size_t, int)>& value, const std::string& seeds) {
    const auto made = plan(R"(
  vary act in ["old": sigmoid, "new": relu]
  vary norm in ["none": identity, "batch": batch_norm()]
  vary depth in [1, 2, 3]
  measure )" + measure +
                           "\n  seeds: " + seeds + "\n  expect " + condition + "\n");
    if (made == nullptr) {
      ADD_FAILURE() << messages();
      return {};
    }
    std::vector<study::Run> runs;
    for (std::size_t cell = 0; cell < made->study().cells.size(); ++cell)
      for (int block = 0; block < static_cast<int>(made->study().blocks.size()); ++block) {
        if (std::isnan(value(cell, block))) continue;
        study::Run& run = runs.emplace_back();
        run.cell = made->study().cells[cell].id;
        run.block = block;
        run.measures[measure.substr(0, 1)] = {value(cell, block), false};
      }
    return decideExpectations({sources_, made->spec(), made->cells(), made->study()}, runs)[0];
  }
  using Outcome = study::Verdict::Outcome;
  Outcome outcome(const std::string& condition) {
    // Cells: act, norm, depth, the last fastest. 100 act + 10 norm + act * norm + depth level, blocks at -1, 0, 1.
    return verdict(condition,
                   [](std::size_t cell, int block) {
                     const double act = cell / 6, norm = cell / 3 % 2, depth = cell % 3;
                     return 100.0 * act + 10.0 * norm + act * norm + depth + block - 1.0;
                   })
        .outcome;
  }
};

TEST_F(ExpectTest, TermsHaveTheirValues) {
  for (const char* const held :
       {"effect(m, act) >= 100.5 and effect(m, act) <= 100.5", "first_in(m, act) >= 100 and first_in(m, act) <= 100",
        "last_in(m, act) >= 101 and last_in(m, act) <= 101", "shapley(m, act) >= 100.5 and shapley(m, act) <= 100.5",
        "shapley(m, act) + shapley(m, norm) - gain(m) >= 0", "first_in(m, [act, norm]) >= 111",
        "interaction(m, act, norm) >= 0.5 and interaction(m, act, norm) <= 0.5",
        // Of two factors it is the whole difference of the simple effects.
        "shapley_interaction(m, act, norm) >= 1 and shapley_interaction(m, act, norm) <= 1",
        "mean(m, act: relu, norm: \"none\", depth: 2) >= 101 and mean(m, act: relu, norm: \"none\", depth: 2) <= 101",
        "spread(m, act: \"old\", norm: \"none\") >= 2 and spread(m, act: \"old\", norm: \"none\") <= 2",
        "max(m) >= 113", "min(m) <= 0", "share(m >= 50) >= 0.5 and share(m >= 50) <= 0.5", "share(m > 112) <= 0.1",
        "share(m < 1) >= 0.05", "mean(m, depth: [2, 3], act: sigmoid, norm: identity) >= 1.5",
        "effect(m, act, from: \"new\", to: \"old\") <= -100", "mean(m, depth: 3) - mean(m, depth: 1) >= 2",
        "effect(m, norm, depth: 1) * 2 / 4 >= 5.25"})
    EXPECT_EQ(outcome(held), Outcome::Held) << held;
  for (const char* const failed : {"effect(m, act) >= 100.6", "max(m) <= 112", "mean(m) <= 0 and max(m) >= 0"})
    EXPECT_EQ(outcome(failed), Outcome::Failed) << failed;
}

TEST_F(ExpectTest, StrictOnesNeedTheInterval) {
  // Within a block the difference is 1, 2, 3: mean 2, interval 2 +- 4.30 * 1 / sqrt(3) = [-0.48, 4.48].
  const auto noisy = [](std::size_t cell, int block) { return cell / 6 == 1 ? block + 1.0 : 0.0; };
  EXPECT_EQ(verdict("effect(m, act) >= 0", noisy).outcome, Outcome::Held);
  EXPECT_EQ(verdict("effect(m, act) > 0", noisy).outcome, Outcome::Failed);
  EXPECT_EQ(verdict("effect(m, act) < 4.5", noisy).outcome, Outcome::Held);
  EXPECT_EQ(verdict("effect(m, act) < 4.4", noisy).outcome, Outcome::Failed);
  EXPECT_NE(verdict("effect(m, act) >= 0", noisy).detail.find("effect(m, act) = 2 [-0.4841, 4.484]"), std::string::npos)
      << verdict("effect(m, act) >= 0", noisy).detail;
}

// Two initialisations give effects of 0.02 and 0.04; that each is seen with twenty noise seeds makes them no forty.
TEST_F(ExpectTest, CrossedSeedsAreNoIndependentSamples) {
  const auto value = [](std::size_t cell, int block) {
    return cell < 6 ? 0.0 : 0.02 + 0.02 * static_cast<double>(block % 2);
  };
  EXPECT_EQ(verdict("effect(m, act) > 0", value, "(init: 2, noise: 20)").outcome, Outcome::Failed);
  EXPECT_EQ(verdict("effect(m, act) >= 0.03", value, "(init: 2, noise: 20)").outcome, Outcome::Held);
  EXPECT_EQ(verdict("effect(m, act) > 0", value, "40").outcome, Outcome::Held);
}

TEST_F(ExpectTest, APartOfTheSeedsDecidesNothing) {
  // Cell 0 lacks its last block.
  const auto value = [](std::size_t cell, int block) { return cell == 0 && block == 2 ? std::nan("") : 1.0; };
  const study::Verdict verdictOfAll = verdict("mean(m) >= 2", value);
  EXPECT_EQ(verdictOfAll.outcome, Outcome::Undecided);
  EXPECT_NE(verdictOfAll.detail.find("runs that it needs are missing"), std::string::npos) << verdictOfAll.detail;
  // What it needs is there.
  EXPECT_EQ(verdict("mean(m, act: \"new\") >= 2", value).outcome, Outcome::Failed);
}

TEST_F(ExpectTest, RunsTrainAboveTheMiddleBetweenGuessingAndTheBestCell) {
  const auto accuracy = [](std::size_t cell, int block) {
    if (cell == 0) return 0.9;
    return cell / 3 % 2 == 1 ? (block == 0 ? 0.55 : 0.8) : 0.5;
  };
  // Guessing gives 0.5, the best cell 0.9: above 0.7 a run trains. Cell 0 does, and six cells do in two of three
  // blocks.
  for (const char* const held : {"share(a) >= 0.41", "share(a) <= 0.42", "share(a, norm: \"batch\") >= 0.66",
                                 "share(a, norm: \"none\", act: \"new\") <= 0"})
    EXPECT_EQ(accuracyVerdict(held, accuracy).outcome, Outcome::Held)
        << held << ": " << accuracyVerdict(held, accuracy).detail;
  EXPECT_EQ(plan("vary lr in [0.1, 0.2]\nmeasure m = train.loss - valid.loss\nexpect share(m) >= 0.5\n"), nullptr);
  EXPECT_NE(messages().find("E0616 what guessing gives of `m` is not known: write from where on a run counts, "
                            "`share(m >= 0.8)`"),
            std::string::npos)
      << messages();
}

TEST_F(ExpectTest, WithoutRunsNothingIsDecided) {
  const auto none = [](std::size_t, int) { return std::nan(""); };
  EXPECT_EQ(verdict("mean(m) >= 0", none).outcome, Outcome::Undecided);
  // One block of three is whole: a tenth of a study is no smaller study.
  const auto one = [](std::size_t, int block) { return block == 1 ? 1.0 : std::nan(""); };
  EXPECT_EQ(verdict("mean(m) >= 0", one).outcome, Outcome::Undecided);
}

TEST_F(ExpectTest, ConditionsAreConnected) {
  for (const char* const held : {"mean(m) >= 1000 or max(m) >= 113", "not mean(m) >= 1000", "true or mean(m) >= 1000",
                                 "not (false or mean(m) >= 1000)", "not (mean(m) >= 0 and max(m) >= 1000)"})
    EXPECT_EQ(outcome(held), Outcome::Held) << held;
  for (const char* const failed : {"mean(m) >= 1000 or max(m) >= 1000", "not max(m) >= 113", "false or mean(m) >= 1000",
                                   "false and max(m) >= 113", "true and mean(m) >= 1000"})
    EXPECT_EQ(outcome(failed), Outcome::Failed) << failed;
}

/// One block in which every cell measures 2.
class ParameterExpectTest : public PlannerTest {
 protected:
  std::optional<study::Verdict> verdict(const std::string& condition, const std::string& quick) {
    const auto made = plan(R"(
  let limit = 1.5
  vary (act, norm) in ["old": (sigmoid, identity), "new": (relu, batch_norm())]
  vary depth in if quick then [1, 2] else [1, 3]
  measure m = valid.loss
  seeds: 1
  expect )" + condition + "\n",
                           {{"quick", quick}}, "(quick: bool = false)");
    if (made == nullptr) return std::nullopt;
    std::vector<study::Run> runs;
    for (const study::Cell& cell : made->study().cells) {
      study::Run& run = runs.emplace_back();
      run.cell = cell.id;
      run.measures["m"] = {2.0, false};
    }
    return decideExpectations({sources_, made->spec(), made->cells(), made->study()}, runs)[0];
  }
};

TEST_F(ParameterExpectTest, AFlagDecidesBeforeTheRest) {
  const char* const condition = "quick or mean(m, depth: 3) >= 5";
  const auto small = verdict(condition, "true"), whole = verdict(condition, "false");
  ASSERT_TRUE(small && whole) << messages();
  EXPECT_EQ(small->outcome, study::Verdict::Outcome::Held);
  EXPECT_EQ(small->detail, "quick is true");
  EXPECT_EQ(whole->outcome, study::Verdict::Outcome::Failed);
  EXPECT_EQ(whole->detail, "mean(m, depth: 3) = 2");
  // Without the flag, a level that there is not is a mistake.
  EXPECT_FALSE(verdict("mean(m, depth: 3) >= 5", "true"));
}

TEST_F(ParameterExpectTest, ConstantsAreNumbers) {
  const auto made = verdict("mean(m) >= limit and mean(m) <= 2 * limit", "false");
  ASSERT_TRUE(made) << messages();
  EXPECT_EQ(made->outcome, study::Verdict::Outcome::Held);
}

TEST_F(ParameterExpectTest, AFactorOfSeveralIsCalledByAnyOfThem) {
  for (const char* const condition :
       {"mean(m, norm: \"new\") >= 2", "mean(m, act: \"new\") >= 2", "effect(m, norm) >= 0"}) {
    const auto made = verdict(condition, "false");
    ASSERT_TRUE(made) << messages();
    EXPECT_EQ(made->outcome, study::Verdict::Outcome::Held) << condition;
  }
}

}  // namespace nnc::experiment
