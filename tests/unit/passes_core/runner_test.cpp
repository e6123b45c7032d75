// The runner of passes: what it runs, what it refuses, whom it blames.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "ir/builder.h"
#include "passes/pipeline.h"
#include "passes/runner.h"

namespace nnc::test {

using ir::DType;
using ir::Value;

/// add(neg(neg x), dead) with a name for everything.
static ir::Module smallModule() {
  ir::Module module;
  ir::Builder b(module, module.addFunction("main"));
  const Value x = b.addParameter({DType::F32, {2}}, "x");
  b.addResult(b.neg(b.neg(x)), "y");
  return module;
}

static std::size_t nodesOf(const ir::Module& module) { return module.functions[0].body.size(); }

static std::string readBack(std::FILE* file) {
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

static constexpr std::array kTwo = {passes::kSimplify, passes::kRemoveDead};

TEST(Runner, runsPassesInOrderAndTimesThem) {
  ir::Module module = smallModule();
  Diagnostics diagnostics;
  Timings timings;
  passes::RunOptions options;
  options.timings = &timings;
  options.verifyEach = true;
  ASSERT_TRUE(passes::runPasses(module, kTwo, options, diagnostics));
  EXPECT_EQ(nodesOf(module), 0u);
  ASSERT_EQ(timings.entries.size(), 2u);
  EXPECT_EQ(timings.entries[0].first, "pass simplify");
  EXPECT_EQ(timings.entries[1].first, "pass remove_dead");
}

TEST(Runner, stopsAfterAPass) {
  ir::Module module = smallModule();
  Diagnostics diagnostics;
  passes::RunOptions options;
  options.stopAfter = "simplify";
  ASSERT_TRUE(passes::runPasses(module, kTwo, options, diagnostics));
  EXPECT_EQ(nodesOf(module), 1u);
}

TEST(Runner, leavesOutADisabledPass) {
  ir::Module module = smallModule();
  Diagnostics diagnostics;
  passes::RunOptions options;
  options.disabled = {"simplify"};
  ASSERT_TRUE(passes::checkRunOptions(options, diagnostics));
  ASSERT_TRUE(passes::runPasses(module, kTwo, options, diagnostics));
  EXPECT_EQ(nodesOf(module), 2u);
}

TEST(Runner, refusesToDisableARequiredPass) {
  Diagnostics diagnostics;
  passes::RunOptions options;
  options.disabled = {"differentiate"};
  EXPECT_FALSE(passes::checkRunOptions(options, diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 1u);
  EXPECT_EQ(diagnostics.all()[0].message, "the pass `differentiate` is required and cannot be disabled");
}

TEST(Runner, suggestsTheNameThatWasMeant) {
  Diagnostics diagnostics;
  passes::RunOptions options;
  options.printAfter = {"simplfy"};
  EXPECT_FALSE(passes::checkRunOptions(options, diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 1u);
  EXPECT_EQ(diagnostics.all()[0].message, "there is no pass `simplfy`");
  EXPECT_EQ(diagnostics.all()[0].help, (std::vector<std::string>{"did you mean `simplify`?"}));
}

TEST(Runner, bisectsOverOptionalPasses) {
  ir::Module module = smallModule();
  Diagnostics diagnostics;
  passes::RunOptions options;
  options.bisectLimit = 1;
  options.output = std::tmpfile();
  static constexpr std::array kThree = {passes::kSimplify, autodiff::kDifferentiate, passes::kRemoveDead};
  ASSERT_TRUE(passes::runPasses(module, kThree, options, diagnostics));
  EXPECT_EQ(nodesOf(module), 1u);
  EXPECT_EQ(readBack(options.output), "bisect: running pass (1) simplify\nbisect: not running pass (2) remove_dead\n");
}

TEST(Runner, printsAfterAPass) {
  ir::Module module = smallModule();
  Diagnostics diagnostics;
  passes::RunOptions options;
  options.printAfter = {"remove_dead"};
  options.output = std::tmpfile();
  ASSERT_TRUE(passes::runPasses(module, kTwo, options, diagnostics));
  const std::string text = readBack(options.output);
  EXPECT_TRUE(text.starts_with("// after remove_dead\n")) << text;
  EXPECT_NE(text.find("@main"), std::string::npos) << text;
}

/// Makes the result of the first node of another type than its op gives.
static bool breakTypes(ir::Module& module, Diagnostics&) {
  ir::Function& function = module.functions[0];
  function.values[function.node(function.body[0]).results[0].index].type.shape = {3};
  return true;
}

TEST(Runner, namesThePassThatBrokeTheModule) {
  ir::Module module = smallModule();
  Diagnostics diagnostics;
  passes::RunOptions options;
  options.verifyEach = true;
  static constexpr std::array kBroken = {passes::kCse, ir::Pass{.name = "saboteur", .summary = "", .run = breakTypes},
                                         passes::kRemoveDead};
  EXPECT_FALSE(passes::runPasses(module, kBroken, options, diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 1u);
  EXPECT_EQ(diagnostics.all()[0].code, "E9901");
  EXPECT_TRUE(diagnostics.all()[0].message.starts_with("internal error: the pass `saboteur` broke the module: "))
      << diagnostics.all()[0].message;
}

TEST(Runner, aModuleThatIsWrongFromTheStartIsNobodysFault) {
  ir::Module module = smallModule();
  Diagnostics diagnostics;
  breakTypes(module, diagnostics);
  passes::RunOptions options;
  options.verifyEach = true;
  EXPECT_FALSE(passes::runPasses(module, kTwo, options, diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 1u);
  EXPECT_EQ(diagnostics.all()[0].code, "E1020");
  EXPECT_TRUE(diagnostics.all()[0].message.starts_with("invalid IR: ")) << diagnostics.all()[0].message;
}

TEST(Pipeline, wrongOrdersAreFound) {
  static constexpr std::array kWrong = {passes::kInlineCalls, autodiff::kDifferentiate};
  EXPECT_FALSE(ir::isWellOrdered(kWrong));
  EXPECT_TRUE(ir::isWellOrdered(passes::kTraining));
}

TEST(Pipeline, namesAreUniqueAndDescribed) {
  for (const ir::Pass& pass : passes::kAll) {
    EXPECT_FALSE(pass.summary.empty()) << pass.name;
    EXPECT_EQ(
        std::count_if(passes::kAll.begin(), passes::kAll.end(), [&](const ir::Pass& p) { return p.name == pass.name; }),
        1);
  }
}

}  // namespace nnc::test
