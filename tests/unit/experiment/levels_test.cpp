// Between which levels of a factor effects are: the first and the last, or those that `from` and `to` name.
#include "experiment/expect.h"
#include "planner_fixture.h"

namespace nnc::experiment {

class LevelsTest : public PlannerTest {
 protected:
  /// The only factor of an experiment that varies it as `clause` says.
  std::optional<study::Factor> factor(const std::string& clause) {
    const auto made = plan(clause + "\nmeasure m = valid.loss\n");
    return made != nullptr ? std::optional(made->study().factors[0]) : std::nullopt;
  }
  std::pair<int, int> ends(const std::string& clause) {
    const std::optional<study::Factor> found = factor(clause);
    EXPECT_TRUE(found) << clause << "\n" << messages();
    return found ? std::pair(found->oldLevel, found->newLevel) : std::pair(-1, -1);
  }
};

using Ends = std::pair<int, int>;

TEST_F(LevelsTest, TheFirstIsOldAndTheLastIsNewUnlessTheClauseNamesThem) {
  const std::string acts = "vary act in [\"old\": sigmoid, \"new\": relu, \"other\": tanh]";
  EXPECT_EQ(ends(acts), Ends(0, 2));
  EXPECT_EQ(ends(acts + " from \"old\" to \"new\""), Ends(0, 1));
  EXPECT_EQ(ends(acts + " to relu"), Ends(0, 1));
  EXPECT_EQ(ends(acts + " from tanh to (sigmoid)"), Ends(2, 0));
  EXPECT_EQ(ends(acts + " from relu"), Ends(1, 2));
}

TEST_F(LevelsTest, ALevelIsNamedByItsValueInAnyForm) {
  EXPECT_EQ(ends("let some = 0.1\nvary lr in [0.0, 0.1, 0.2] from 0.2 to some"), Ends(2, 1));
  EXPECT_EQ(ends("vary lr in [0.001, 0.01, 0.1] from 1e-3 to 1e-2"), Ends(0, 1));
  EXPECT_EQ(ends("let depths = [1, 2, 3]\nvary depth in depths from 2 to 3"), Ends(1, 2));
  EXPECT_EQ(ends("vary (depth, lr) in [(1, 0.1), (2, 0.1), (3, 0.2)] from (2, 0.1) to (3, 0.2)"), Ends(1, 2));
  EXPECT_EQ(ends("vary init in [normal(0.1), if act == relu then he_normal else glorot_uniform, he_normal]\n"
                 "  from normal(0.1) to if act == relu then he_normal else glorot_uniform"),
            Ends(0, 1));
}

TEST_F(LevelsTest, NumbersWithAnOldAndANewOneAreAFactorAndNoAxis) {
  EXPECT_TRUE(factor("vary depth in [1, 2, 3]")->isOrdered);
  EXPECT_FALSE(factor("vary depth in [1, 2, 3] from 1 to 2")->isOrdered);
  EXPECT_FALSE(factor("vary depth in [1, 2, 3] to 2")->isOrdered);
}

TEST_F(LevelsTest, ItMayVaryUnderACondition) {
  const std::optional<study::Factor> found =
      factor("vary momentum in [0.0, 0.5, 0.9] from 0.0 to 0.5 when opt == .sgd");
  ASSERT_TRUE(found) << messages();
  EXPECT_EQ(found->newLevel, 1);
  EXPECT_EQ(found->when, "opt == .sgd");
}

TEST_F(LevelsTest, ExpectationsAreBetweenTheNamedLevels) {
  const auto made = plan(R"(
  vary act in ["a": sigmoid, "b": tanh, "c": relu] from "a" to "b"
  vary depth in [1, 2, 3] from 3 to 1
  measure m = valid.loss
  seeds: 1
  expect effect(m, act) >= 10 and effect(m, act) <= 10, "not to the last level"
  expect effect(m, act, to: "c") >= 19.9 and effect(m, act, to: "c") <= 20.1, "another one may be asked for"
  expect first_in(m, depth) <= -2 and last_in(m, depth) >= -2, "from three layers to one"
  expect gain(m) >= 8 and shapley(m, act) + shapley(m, depth) <= 8, "the gap is between the named levels"
)");
  ASSERT_NE(made, nullptr) << messages();
  std::vector<study::Run> runs;
  for (const study::Cell& cell : made->study().cells) {
    study::Run& run = runs.emplace_back();
    run.cell = cell.id;
    run.measures["m"] = {10.0 * cell.levels[0] + cell.levels[1], false};
  }
  for (const study::Verdict& verdict : decideExpectations({sources_, made->spec(), made->cells(), made->study()}, runs))
    EXPECT_EQ(verdict.outcome, study::Verdict::Outcome::Held) << verdict.text << ": " << verdict.detail;
}

TEST_F(LevelsTest, DesignsBetweenOldAndNewWarnOfOtherLevels) {
  const auto made = plan(
      "vary act in [sigmoid, tanh, relu] from sigmoid to tanh\nvary lr in [0.1, 0.2]\n"
      "design: ablate\nmeasure m = valid.loss\n");
  ASSERT_NE(made, nullptr) << messages();
  EXPECT_EQ(levels(*made), (std::vector<std::vector<int>>{{0, 0}, {1, 0}, {0, 1}, {1, 1}}));
  EXPECT_NE(messages().find("W0629 `ablate` runs factors at their old and new level alone: relu of `act` is left out"),
            std::string::npos)
      << messages();
}

struct LevelsCase {
  const char* name;
  const char* clause;
  const char* message;
  const char* blamed;
};
class LevelsErrors : public LevelsTest, public testing::WithParamInterface<LevelsCase> {};

TEST_P(LevelsErrors, AreReported) {
  EXPECT_EQ(factor(GetParam().clause), std::nullopt);
  EXPECT_NE(messages().find(GetParam().message), std::string::npos) << messages();
  EXPECT_EQ(blamed(), GetParam().blamed);
}

INSTANTIATE_TEST_SUITE_P(
    Experiments, LevelsErrors,
    testing::Values(
        LevelsCase{"UnknownLabel", "vary act in [\"ReLU\": relu, \"tanh\": tanh] from \"RelU\"",
                   "E0627 factor `act` has no level RelU\n  note levels: ReLU, tanh\n  help did you mean \"ReLU\"?",
                   "\"RelU\""},
        LevelsCase{"UnknownValue", "vary lr in [0.1, 0.2, 0.3] to 0.4",
                   "E0627 factor `lr` has no level 0.4\n  note levels: 0.1, 0.2, 0.3", "0.4"},
        LevelsCase{"UnknownSymbol", "vary opt in [.sgd, .adam] from .adamw", "E02", ".adamw"},
        LevelsCase{"NoTuple", "vary (depth, lr) in [(1, 0.1), (2, 0.2)] from 1",
                   "E0607 the levels of `depth, lr` are tuples of 2 values, one for each parameter", "1"},
        LevelsCase{"Same", "vary act in [sigmoid, tanh, relu] from tanh to tanh",
                   "E0628 the old and the new level of `act` are both tanh\n  help other levels: sigmoid, relu",
                   "tanh"},
        LevelsCase{"FromTheLast", "vary act in [sigmoid, relu] from relu",
                   "E0628 the old and the new level of `act` are both relu\n  note without `to` the last level is the "
                   "new one\n  help other levels: sigmoid",
                   "relu"}),
    [](const testing::TestParamInfo<LevelsCase>& one) { return one.param.name; });

}  // namespace nnc::experiment
