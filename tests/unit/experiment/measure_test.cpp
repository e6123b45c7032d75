// Measures of a run that is written out, by hand.
#include "experiment/measure.h"

#include <gtest/gtest.h>

#include <cmath>

#include "syntax/parse.h"

namespace nnc::experiment {

class MeasureTest : public testing::Test {
 protected:
  MeasureTest() {
    run_.steps = 30;
    run_.examples = 300;
    run_.flops = 3e6;
    run_.trainSeconds = 6.0;
    run_.curves = {{"valid.loss", {10, 20, 30}, {1.0, 0.5, 0.7}},
                   {"valid.accuracy", {10, 20, 30}, {0.5, 0.8, 0.9}},
                   {"test.accuracy", {30}, {0.85}}};
    run_.curveSeconds = {1.0, 3.0, 6.0};
    run_.probes = {{"norms", {"a", "b"}, {0, 30}, {{1.0, 4.0}, {2.0, 16.0}}}, {"rate", {""}, {0, 30}, {{0.5}, {0.25}}}};
    cell_.steps = 30;
    cell_.parameters = 7;
    cell_.values = {{"depth", "5"}, {"act", "relu"}};
  }

  std::variant<study::MeasuredValue, MeasureError> measure(const std::string& text) {
    const FileId file = sources_.add("m.nn", "let m = " + text);
    trees_.push_back(syntax::parse(file, sources_, diagnostics_));
    const syntax::Expr& expr = *std::get<syntax::ConstantDecl>(trees_.back()->declarations[0].node).value;
    return measureRun(expr, run_, {cell_, constants_, measures_, 10});
  }
  double value(const std::string& text) {
    const auto result = measure(text);
    if (const auto* error = std::get_if<MeasureError>(&result)) ADD_FAILURE() << text << ": " << error->what;
    const auto* number = std::get_if<study::MeasuredValue>(&result);
    return number != nullptr ? number->value : std::nan("");
  }
  std::string mistake(const std::string& text) {
    const auto result = measure(text);
    const auto* error = std::get_if<MeasureError>(&result);
    return error != nullptr ? error->what : "none";
  }

  SourceManager sources_;
  Diagnostics diagnostics_;
  std::vector<std::optional<syntax::File>> trees_;
  study::Run run_;
  study::Cell cell_;
  std::map<std::string, double> constants_{{"width", 64.0}};
  std::map<std::string, study::MeasuredValue> measures_{{"earlier", {2.0, true}}};
};

TEST_F(MeasureTest, MetricsAtSteps) {
  EXPECT_EQ(value("valid.accuracy"), 0.9);
  EXPECT_EQ(value("valid.accuracy.at(.last)"), 0.9);
  EXPECT_EQ(value("valid.accuracy.at(.first)"), 0.5);
  EXPECT_EQ(value("valid.accuracy.at(.best)"), 0.8) << "where the validation loss was least";
  EXPECT_EQ(value("test.accuracy"), 0.85);
  EXPECT_EQ(value("max(valid.accuracy)"), 0.9);
  EXPECT_DOUBLE_EQ(value("mean(valid.loss)"), 2.2 / 3.0);
}

TEST_F(MeasureTest, TargetsOnEveryClock) {
  EXPECT_EQ(value("steps_to(valid.accuracy >= 0.8)"), 20.0);
  EXPECT_EQ(value("examples_to(valid.accuracy >= 0.8)"), 200.0);
  EXPECT_EQ(value("flops_to(valid.loss <= 0.5)"), 2e6);
  EXPECT_EQ(value("seconds_to(valid.loss <= 0.5)"), 3.0);
  const auto never = std::get<study::MeasuredValue>(measure("steps_to(valid.accuracy >= 0.95)"));
  EXPECT_TRUE(never.isCensored);
  EXPECT_EQ(never.value, 30.0);
  EXPECT_TRUE(std::get<study::MeasuredValue>(measure("seconds_to(valid.loss <= 0.5)")).isClock);
  EXPECT_FALSE(std::get<study::MeasuredValue>(measure("steps_to(valid.loss <= 0.5)")).isClock);
}

TEST_F(MeasureTest, CostsOfAStepByItsParts) {
  EXPECT_TRUE(std::isnan(value("bytes_per_step"))) << "not counted";
  EXPECT_TRUE(std::isnan(value("transcendentals")));
  cell_.flopsPerStep = 1e5;
  cell_.stepCost = {30000.0, 60000.0, 10000.0, 500.0, 8000.0};
  EXPECT_EQ(value("forward_flops_per_step"), 30000.0);
  EXPECT_EQ(value("backward_flops_per_step"), 60000.0);
  EXPECT_EQ(value("update_flops_per_step"), 10000.0);
  EXPECT_EQ(value("flops_per_step / bytes_per_step"), 12.5);
  EXPECT_EQ(value("transcendentals_per_step"), 500.0);
  EXPECT_EQ(value("bytes"), 30 * 8000.0);
  EXPECT_EQ(value("transcendentals"), 30 * 500.0);
  // Of steps with fewer examples less: by what the run computed.
  run_.flops = 2.5e6;
  EXPECT_EQ(value("bytes"), 25 * 8000.0);
}

TEST_F(MeasureTest, ConditionsAreOneOrZero) {
  EXPECT_EQ(value("test.accuracy >= 0.85"), 1.0);
  EXPECT_EQ(value("test.accuracy > 0.85"), 0.0);
  EXPECT_EQ(value("valid.loss <= 0.5"), 0.0);
  EXPECT_EQ(value("valid.loss < valid.accuracy"), 1.0);
  EXPECT_TRUE(std::isnan(value("bytes <= 1e9"))) << "of what is not known nothing holds";
  run_.status = study::Status::Diverged;
  EXPECT_EQ(value("test.accuracy >= 0.5"), 0.0) << "it guesses";
}

// Of 0.5, 0.8 and 0.9 at steps 10, 20 and 30; after ten steps of 10 / ln 2 a value counts half.
TEST_F(MeasureTest, AveragesWeighByAgeInSteps) {
  EXPECT_NEAR(value("ema(valid.accuracy, 10 / log(2))"), 0.5 * (0.5 * (0.5 + 0.8) + 0.9), 1e-15);
  EXPECT_EQ(value("first(ema(valid.accuracy, 5))"), 0.5);
  EXPECT_EQ(value("steps_to(ema(valid.accuracy, 10 / log(2)) >= 0.65)"), 20.0);
  EXPECT_EQ(value("steps_to(ema(valid.accuracy, 10 / log(2)) >= 0.66)"), 30.0);
  EXPECT_EQ(mistake("ema(valid.accuracy)"), "`ema` takes a curve and a number of steps: `ema(train.accuracy, 30)`");
  EXPECT_EQ(mistake("ema(norms, 5)"), "`ema` smooths a curve over the steps, such as `train.accuracy`");
  EXPECT_EQ(mistake("ema(valid.accuracy, 0)"), "`ema` averages over a positive number of steps");
}

TEST_F(MeasureTest, ProbesByLayerAndStep) {
  EXPECT_EQ(value("last(norms.first) / last(norms.final)"), 0.125);
  EXPECT_EQ(value("last(mean(norms))"), 9.0);
  EXPECT_EQ(value("mean(last(norms))"), 9.0);
  EXPECT_EQ(value("max(first(norms))"), 4.0);
  EXPECT_EQ(value("first(rate)"), 0.5) << "a probe without layers is a curve";
}

TEST_F(MeasureTest, ArithmeticAndNames) {
  EXPECT_EQ(value("-2 + 3 * 4.0 / 2 ** 2"), 1.0);
  EXPECT_EQ(value("flops / steps + parameters"), 1e5 + 7.0);
  EXPECT_EQ(value("width * depth"), 320.0);
  EXPECT_DOUBLE_EQ(value("log(exp(sqrt(abs(-9.0))))"), 3.0);
  EXPECT_EQ(value("seconds_per_step"), 0.2);
  EXPECT_TRUE(std::get<study::MeasuredValue>(measure("earlier * 2")).isCensored);
}

TEST_F(MeasureTest, ADivergedRunGuesses) {
  run_.status = study::Status::Diverged;
  EXPECT_EQ(value("valid.accuracy.at(.best)"), 0.1);
  EXPECT_DOUBLE_EQ(value("valid.loss"), std::log(10.0));
  EXPECT_TRUE(std::get<study::MeasuredValue>(measure("steps_to(valid.accuracy >= 0.05)")).isCensored);
}

TEST_F(MeasureTest, MistakesSayWhatIsThere) {
  EXPECT_NE(mistake("valid.f1").find("there is no result `valid.f1`; there are valid.loss"), std::string::npos);
  EXPECT_NE(mistake("test.accuracy.at(.best)").find("evaluated once"), std::string::npos);
  EXPECT_NE(mistake("norms").find("layers of a probe"), std::string::npos);
  EXPECT_NE(mistake("act + 1").find("is relu, not a number"), std::string::npos);
  EXPECT_NE(mistake("erlier").find("did you mean `earlier`?"), std::string::npos);
  EXPECT_NE(mistake("sin(valid.loss)").find("`sin` is no function of measures"), std::string::npos);
}

TEST_F(MeasureTest, WhatAMeasureIsCalled) {
  const auto describe = [&](const std::string& text) {
    (void)measure(text);
    return describeMeasure("m", text, *std::get<syntax::ConstantDecl>(trees_.back()->declarations[0].node).value);
  };
  EXPECT_EQ(describe("valid.accuracy.at(.best)").scale, study::Measure::Scale::Fraction);
  EXPECT_TRUE(describe("steps_to(valid.loss <= 1)").isTimeToTarget);
  EXPECT_EQ(describe("ema(test.accuracy, 10)").scale, study::Measure::Scale::Fraction);
  EXPECT_EQ(describe("seconds").scale, study::Measure::Scale::Seconds);
  EXPECT_EQ(describe("valid.loss <= 1").scale, study::Measure::Scale::Fraction) << "a share of the runs";
}

TEST_F(MeasureTest, ADirectionFollowsArithmetic) {
  using Better = study::Measure::Better;
  study::Measure error;
  error.name = "err";
  error.better = Better::Lower;
  const std::vector<study::Measure> earlier{error};
  const auto betterIs = [&](const std::string& text) {
    (void)measure(text);
    const syntax::Expr& expr = *std::get<syntax::ConstantDecl>(trees_.back()->declarations[0].node).value;
    return describeMeasure("m", text, expr, earlier, {{"two", 2.0}, {"below", -1.0}}).better;
  };
  for (const char* const text :
       {"valid.accuracy", "valid.accuracy.at(.best)", "test.accuracy - 0.5", "1.0 - err", "-valid.loss", "-steps",
        "log(valid.accuracy)", "valid.accuracy / steps", "1.0 / seconds", "two * valid.accuracy", "below * valid.loss",
        "valid.accuracy - valid.loss", "max(valid.accuracy)", "valid.accuracy ** 2", "steps ** below",
        "test.accuracy >= 0.5", "valid.loss < two", "0.5 > err"})
    EXPECT_EQ(betterIs(text), Better::Higher) << text;
  for (const char* const text :
       {"valid.loss", "ema(valid.loss, 10)", "1.0 - test.accuracy", "2.0 * test.loss", "err", "err * 3",
        "steps_to(valid.loss <= 1) / 10.0", "steps", "flops_per_step", "valid.loss - valid.accuracy",
        "0.5 ** valid.accuracy", "log(valid.loss)", "steps * flops_per_step", "abs(steps)", "test.accuracy <= 0.5",
        "bytes_per_step", "err >= 0.1"})
    EXPECT_EQ(betterIs(text), Better::Lower) << text;
  // A gap is neither, and what a probe should be is not known.
  for (const char* const text :
       {"test.loss - train.loss", "train.accuracy - test.accuracy", "last(norms.first)", "abs(valid.loss - 1.0)",
        "flops / steps", "valid.accuracy * valid.loss", "width", "1.0 / valid.loss", "3.0"})
    EXPECT_EQ(betterIs(text), Better::Unknown) << text;
}

}  // namespace nnc::experiment
