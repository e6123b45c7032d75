// Experiments that cannot be planned: every mistake with its place.
#include <gtest/gtest.h>

#include "planner_fixture.h"

namespace nnc::experiment {

struct PlanCase {
  const char* name;
  const char* clauses;
  const char* message;
  const char* blamed;
};
class PlanErrors : public PlannerTest, public testing::WithParamInterface<PlanCase> {};

TEST_P(PlanErrors, AreReported) {
  EXPECT_EQ(plan(GetParam().clauses), nullptr);
  EXPECT_NE(messages().find(GetParam().message), std::string::npos) << messages();
  EXPECT_EQ(blamed(), GetParam().blamed);
}

INSTANTIATE_TEST_SUITE_P(
    Experiments, PlanErrors,
    testing::Values(
        PlanCase{"UnknownTarget", "vary dept in [1, 2]\nmeasure m = valid.loss\n",
                 "E0605 `vary dept`: train `recipe` has no parameter `dept`\n  note parameters: depth: int = 1",
                 "dept"},
        PlanCase{"Twice", "vary lr in [0.1, 0.2]\nbind lr = 0.3\nmeasure m = valid.loss\n",
                 "E0606 parameter `lr` is set twice", "0.3"},
        PlanCase{"OneLevel", "vary lr in [0.1]\nmeasure m = valid.loss\n",
                 "E0607 the levels of `lr` are fewer than two", "[0.1]"},
        PlanCase{"SameLevels", "vary lr in [0.1, 0.1]\nmeasure m = valid.loss\n",
                 "E0607 the levels of `lr` contain 0.1 twice", "[0.1, 0.1]"},
        PlanCase{"NoCondition", "vary lr in [0.1, 0.2] when depth\nmeasure m = valid.loss\n",
                 "E0608 a condition is needed, and this is the int 1", "depth"},
        PlanCase{"Cycle", "vary depth in [1, 2]\nbind lr = momentum\nbind momentum = lr\nmeasure m = valid.loss\n",
                 "E0609 `bind lr` needs its own value: lr -> momentum -> lr", "momentum"},
        PlanCase{"TunedByTest",
                 "vary depth in [1, 2]\nbind lr = tuned([0.1, 0.2], by: test.loss, steps: 2)\nmeasure m = valid.loss\n",
                 "E0610 `tuned` must not look at the test part", "test.loss"},
        PlanCase{"TunedHowLong",
                 "vary depth in [1, 2]\nbind lr = tuned([0.1, 0.2], by: valid.loss)\nmeasure m = valid.loss\n",
                 "E0610 `tuned` needs `steps:` or `epochs:`", "bind lr = tuned([0.1, 0.2], by: valid.loss)"},
        PlanCase{"TunedTwoLengths",
                 "vary depth in [1, 2]\nbind lr = tuned([0.1, 0.2], by: valid.loss, steps: 2, epochs: 1)\n"
                 "measure m = valid.loss\n",
                 "E0610 `tuned` takes one of `steps:` and `epochs:`, not both", "epochs: 1"},
        PlanCase{"TunedInside",
                 "vary depth in [1, 2]\nbind lr = tuned([0.1, 0.2], by: valid.loss, steps: 2) * 2.0\nmeasure m = "
                 "valid.loss\n",
                 "E0620 `tuned` stands alone behind `bind NAME =` in an experiment", "tuned"},
        PlanCase{"DesignOfAxes", "vary depth in [1, 2, 3]\ndesign: ablate()\nmeasure m = valid.loss\n",
                 "E0611 `ablate()` needs factors with an old and a new level", "ablate()"},
        PlanCase{
            "NoSuchResolution",
            "vary depth in [1, 2]\nvary lr in [0.1, 0.2]\ndesign: fractional(resolution: 5)\nmeasure m = valid.loss\n",
            "E0611 `fractional(resolution: 5)`: ", "fractional(resolution: 5)"},
        PlanCase{"NothingLeft", "vary lr in [0.1, 0.2]\nexclude when depth == 1\nmeasure m = valid.loss\n",
                 "E0612 no cell is left: `exclude when depth == 1` removes 2", "study"},
        PlanCase{"CellFails",
                 "vary depth in [1, 0]\nmeasure m = valid.loss\nbind lr = if depth == 0 then lr_of_nothing else 0.1\n",
                 "E0613 cell 2 of 2 cannot be built: depth=0", "lr_of_nothing"},
        PlanCase{"NoMeasure", "vary lr in [0.1, 0.2]\n", "E0614 experiment `study` measures nothing", "study"},
        PlanCase{"UnknownMetric", "vary lr in [0.1, 0.2]\nmeasure m = valid.acuracy\n",
                 "E0615 there is no result `valid.acuracy`; there are train.accuracy", "valid.acuracy"},
        PlanCase{"MeasureOfNothing", "vary lr in [0.1, 0.2]\nmeasure m = speed\n",
                 "E0615 `speed` is neither a probe, an earlier measure nor a cost", "speed"},
        PlanCase{"BadTarget", "vary lr in [0.1, 0.2]\nmeasure m = steps_to(valid.accuracy)\n",
                 "E0615 the target is a condition", "valid.accuracy"},
        PlanCase{"NoExpectation", "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nexpect effect(m, lr)\n",
                 "E0616 an expectation compares two numbers", "effect(m, lr)"},
        PlanCase{"ExpectLevel", "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nexpect mean(m, lr: 0.3) >= 0\n",
                 "E0616 factor `lr` has no level 0.3; there are 0.1, 0.2", "0.3"},
        PlanCase{"ExpectFactor", "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nexpect effect(m, act) > 0\n",
                 "E0616 `act` is no factor of this experiment; there are lr", "act"},
        PlanCase{"NotRun",
                 "vary lr in [0.1, 0.2]\nvary depth in [1, 2]\ndesign: ablate(from: .old)\nmeasure m = "
                 "valid.loss\nexpect last_in(m, lr) > 0\n",
                 "E0616 `ablate(from: .old)` does not run the cells that this needs", "last_in(m, lr) > 0"},
        PlanCase{"Aliased",
                 "vary lr in [0.1, 0.2]\nvary depth in [1, 2]\nvary act in [sigmoid, relu]\ndesign: "
                 "fractional(resolution: 3)\n"
                 "measure m = valid.loss\nexpect effect(m, lr) > 0\n",
                 "E0619 the effect of lr cannot be told from that of depth:act in this design", "effect(m, lr)"},
        PlanCase{"NameTwice", "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nmeasure m = train.loss\n",
                 "E0617 `m` names two things in experiment `study`", "m"},
        PlanCase{"UnknownShow", "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nreport { show effekts(m) }\n",
                 "E0618 `show effekts`: there is no such figure", "effekts(m)"},
        PlanCase{
            "ShowOfNoMeasure", "vary lr in [0.1, 0.2]\nmeasure test = valid.loss\nreport { show effects(tset) }\n",
            "E0623 `show effects(tset)`: the study has no measure `tset`\n  note there are test\n  help did you mean "
            "`test`?",
            "effects(tset)"},
        PlanCase{"ShowOfNoFactor",
                 "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nreport { show cells(m, rows: [zzz]) }\n",
                 "E0623 `show cells(m, rows: [zzz])`: the study has no factor `zzz`\n  note there are lr",
                 "cells(m, rows: [zzz])"},
        PlanCase{"ShowByNoFactor",
                 "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nreport { show curves(valid.loss, by: qqq) }\n",
                 "E0623 `show curves(valid.loss, by: qqq)`: the study has no factor `qqq`",
                 "curves(valid.loss, by: qqq)"},
        PlanCase{
            "ShowOfNoResult", "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nreport { show curves(valid.acuracy) }\n",
            "E0623 `show curves(valid.acuracy)`: the study has no result `valid.acuracy`", "curves(valid.acuracy)"},
        PlanCase{"ShowOfNoProbe",
                 "vary lr in [0.1, 0.2]\nprobe grad_norm every steps(2)\nmeasure m = valid.loss\nreport { show "
                 "layers(grad_nrom) }\n",
                 "E0623 `show layers(grad_nrom)`: the study has no probe `grad_nrom`\n  note there are grad_norm\n  "
                 "help did "
                 "you mean `grad_norm`?",
                 "layers(grad_nrom)"},
        PlanCase{
            "TwoReports",
            "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nreport \"a\" { show table(m) }\nreport { show table(m) }\n",
            "E0625 experiment `study` has two `report` clauses", "report { show table(m) }"},
        PlanCase{"MutualConditions",
                 "vary lr in [0.1, 0.2] when momentum == 0.9\nvary momentum in [0.0, 0.9] when lr == 0.2\nmeasure m = "
                 "valid.loss\n",
                 "E0624 whether `lr` is varied depends on itself: lr -> momentum -> lr", "momentum == 0.9"},
        PlanCase{"TargetOfTest",
                 "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\ntarget: test.loss <= 0.1\nstop: .target\n",
                 "E0109 setting `target` takes", "test.loss"},
        PlanCase{"TimeToTest", "vary lr in [0.1, 0.2]\nmeasure m = log(steps_to(ema(test.loss, 3) <= 0.1))\n",
                 "E0615 `test.loss` is looked at once, when a run is over", "test.loss"},
        PlanCase{
            "TunedByHalves",
            "vary lr in [0.1, 0.2]\nbind depth = tuned([1, 1.5], by: valid.loss, steps: 2)\nmeasure m = valid.loss\n",
            "E0610 `tuned` has 1.5 in its grid, and `depth` is a whole number", "[1, 1.5]"},
        PlanCase{
            "TunedByTrain",
            "vary depth in [1, 2]\nbind lr = tuned([0.1, 0.2], by: train.loss, steps: 2)\nmeasure m = valid.loss\n",
            "E0610 `tuned` chooses by a result of the validation part, and `train.loss` is none", "train.loss"},
        PlanCase{"UnknownSetting", "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nseed: 4\n",
                 "E0105 unknown setting `seed` in experiment block `study`", "seed"},
        PlanCase{"BadSeeds", "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nseeds: 0\n",
                 "E0109 setting `seeds` takes a whole number from 1", "0"},
        PlanCase{"TwoLimits", "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nbudget: (run: [hours(1), minutes(2)])\n",
                 "E0109 setting `budget` takes a limit", "minutes(2)"},
        PlanCase{"BadBudget", "vary lr in [0.1, 0.2]\nmeasure m = valid.loss\nbudget: 60\n",
                 "E0109 setting `budget` takes a limit", "60"}),
    [](const testing::TestParamInfo<PlanCase>& one) { return one.param.name; });

TEST_F(PlannerTest, TheRunIsATrain) {
  elaborate::Project* const project =
      loadText(recipe() + "experiment study {\n  run: net\n  measure m = valid.loss\n}\n");
  ASSERT_NE(project, nullptr);
  EXPECT_EQ(makePlan(*project, "study", {}), nullptr);
  EXPECT_NE(messages().find("E0604 `run` takes a train, and this is"), std::string::npos) << messages();
  EXPECT_EQ(blamed(), "net");
}

TEST_F(PlannerTest, TheExperimentHasAName) {
  elaborate::Project* const project = loadText(recipe());
  ASSERT_NE(project, nullptr);
  EXPECT_EQ(makePlan(*project, "study", {}), nullptr);
  EXPECT_NE(messages().find("has no experiment `study`\n  note it has none"), std::string::npos) << messages();
  EXPECT_NE(messages().find("E1544"), std::string::npos) << messages();
}

TEST_F(PlannerTest, OneOfSeveralIsNamed) {
  const std::string study = " {\n  run: recipe\n  vary lr in [0.1, 0.2]\n  measure m = valid.loss\n}\n";
  elaborate::Project* const project = loadText(recipe() + "experiment a" + study + "experiment b" + study);
  ASSERT_NE(project, nullptr);
  EXPECT_EQ(makePlan(*project, "", {}), nullptr);
  EXPECT_NE(messages().find("E1545"), std::string::npos) << messages();
  EXPECT_NE(messages().find("experiments: a, b"), std::string::npos) << messages();
}

}  // namespace nnc::experiment
