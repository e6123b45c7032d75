// Optimisation never changes the answer: random programs before and after each pass, bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "autodiff/differentiate.h"
#include "ir/call_graph.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "passes/cse.h"
#include "passes/inline_calls.h"
#include "passes/remove_dead.h"
#include "passes/simplify.h"
#include "random_program.h"

namespace nnc::test {

static constexpr std::uint64_t kPrograms = 1000;

struct Case {
  std::string name;
  std::vector<ir::Pass> pipeline;
  bool withGradient = false;
};

class SameAnswers : public testing::TestWithParam<Case> {};

static void runOn(RandomProgram& program, const std::vector<ir::Pass>& pipeline) {
  Diagnostics diagnostics;
  for (const ir::Pass& pass : pipeline) {
    ASSERT_TRUE(pass.run(program.module, diagnostics));
    ASSERT_EQ(ir::verify(program.module), std::vector<std::string>()) << "after " << pass.name << "\n"
                                                                      << ir::print(program.module);
  }
}

TEST_P(SameAnswers, bitForBit) {
  for (std::uint64_t seed = 0; seed < kPrograms; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomProgram program = randomProgram(seed, {.nodes = 40, .withGradient = GetParam().withGradient});
    ASSERT_EQ(ir::verify(program.module), std::vector<std::string>());
    if (GetParam().withGradient) runOn(program, {autodiff::kDifferentiate});
    const std::string before = ir::print(program.module);
    const std::vector<ir::Tensor> expected = evaluateMain(program);
    runOn(program, GetParam().pipeline);
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_TRUE(haveSameBits(expected, evaluateMain(program))) << before << "\nbecame\n" << ir::print(program.module);
  }
}

using passes::kCse, passes::kInlineCalls, passes::kRemoveDead, passes::kSimplify;
INSTANTIATE_TEST_SUITE_P(
    Passes, SameAnswers,
    testing::Values(Case{"simplify", {kSimplify}}, Case{"cse", {kCse}}, Case{"remove_dead", {kRemoveDead}},
                    Case{"inline_calls", {kInlineCalls}}, Case{"all", {kInlineCalls, kSimplify, kCse, kRemoveDead}},
                    Case{"all_twice", {kInlineCalls, kSimplify, kCse, kRemoveDead, kSimplify, kCse, kRemoveDead}},
                    Case{"gradient_simplify", {kInlineCalls, kSimplify}, true},
                    Case{"gradient_all", {kInlineCalls, kSimplify, kCse, kRemoveDead}, true}),
    [](const auto& test) { return test.param.name; });

TEST(Simplify, beforeDifferentiateKeepsDerivatives) {
  // Not bit for bit: a simpler program adds its contributions in another order. In f64 that leaves about 1e-15 of the
  // largest intermediate; programs whose derivatives are not finite have nothing to compare.
  int compared = 0;
  for (std::uint64_t seed = 0; seed < kPrograms; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomProgram plain = randomProgram(seed, {.nodes = 25, .onlyF64 = true, .withGradient = true});
    RandomProgram simple = plain;
    runOn(plain, {autodiff::kDifferentiate});
    runOn(simple, {kSimplify, autodiff::kDifferentiate});
    const auto expected = evaluateMain(plain), actual = evaluateMain(simple);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      for (std::int64_t k = 0; k < expected[i].type.elementCount(); ++k) {
        const double a = expected[i].real(k), b = actual[i].real(k);
        if (!std::isfinite(a) || !std::isfinite(b)) continue;
        EXPECT_NEAR(a, b, 1e-9 * std::max(1.0, std::fabs(a))) << "result " << i;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 20000);
}

TEST(Simplify, aSecondRunFindsLittle) {
  // One walk meets definitions before uses, so what it leaves are shapes that only dead code or cse would open up.
  std::size_t before = 0, after = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    RandomProgram program = randomProgram(seed);
    runOn(program, {kSimplify, kRemoveDead});
    for (const ir::Function& function : program.module.functions) before += function.body.size();
    runOn(program, {kSimplify, kRemoveDead});
    for (const ir::Function& function : program.module.functions) after += function.body.size();
  }
  EXPECT_GE(after * 100, before * 99);
}

TEST(RemoveDead, leavesOnlyNodesThatAResultNeeds) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    RandomProgram program = randomProgram(seed);
    runOn(program, {kRemoveDead});
    const ir::Function& main = program.module.function(program.main);
    std::vector<bool> used(main.values.size(), false);
    for (const ir::NodeId id : main.body)
      for (const ir::Value operand : main.node(id).operands) used[operand.index] = true;
    for (const ir::Value result : main.results) used[result.index] = true;
    for (const ir::NodeId id : main.body) {
      bool any = false;
      for (const ir::Value result : main.node(id).results) any = any || used[result.index];
      EXPECT_TRUE(any) << "seed " << seed << ": " << ir::opInfo(main.node(id).op).name;
    }
  }
}

TEST(InlineCalls, leavesNoCompositeCall) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    RandomProgram program = randomProgram(seed);
    runOn(program, {kInlineCalls});
    for (const ir::Function& function : program.module.functions)
      for (const ir::NodeId id : function.body) EXPECT_NE(function.node(id).op, ir::Op::Call);
  }
}

}  // namespace nnc::test
