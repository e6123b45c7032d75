// Rewrites that must not happen, and sizes that must work. What does happen is in tests/lit/passes/simplify.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ir/builder.h"
#include "ir/evaluate.h"
#include "passes/cse.h"
#include "passes/inline_calls.h"
#include "passes/remove_dead.h"
#include "passes/simplify.h"

namespace nnc::test {

using ir::DType;
using ir::Value;

/// Evaluates `make(x)` on x, before and after simplify; both results.
template <typename Make>
static std::pair<double, double> beforeAndAfter(double x, Make make) {
  ir::Module module;
  ir::Builder b(module, module.addFunction("main"));
  const Value parameter = b.addParameter({DType::F32, {}}, "x");
  b.addResult(make(b, parameter), "");
  ir::Tensor argument({DType::F32, {}});
  argument.setReal(0, x);
  const double before = ir::evaluate(module, b.functionId(), {argument})[0].real(0);
  Diagnostics diagnostics;
  EXPECT_TRUE(passes::simplify(module, diagnostics));
  return {before, ir::evaluate(module, b.functionId(), {argument})[0].real(0)};
}

TEST(SimplifyKeepsBits, minusZeroPlusZeroIsZero) {
  const auto [before, after] =
      beforeAndAfter(-0.0, [](ir::Builder& b, Value x) { return b.add(x, b.constantLike(x, 0.0)); });
  EXPECT_FALSE(std::signbit(before));
  EXPECT_FALSE(std::signbit(after));
}

TEST(SimplifyKeepsBits, minusZeroPlusMinusZeroIsMinusZero) {
  const auto [before, after] =
      beforeAndAfter(-0.0, [](ir::Builder& b, Value x) { return b.add(x, b.constantLike(x, -0.0)); });
  EXPECT_TRUE(std::signbit(before));
  EXPECT_TRUE(std::signbit(after));
}

TEST(SimplifyKeepsBits, infinityTimesZeroIsNaN) {
  const auto [before, after] =
      beforeAndAfter(INFINITY, [](ir::Builder& b, Value x) { return b.mul(x, b.constantLike(x, 0.0)); });
  EXPECT_TRUE(std::isnan(before));
  EXPECT_TRUE(std::isnan(after));
}

TEST(SimplifyKeepsBits, divisionByThreeStaysADivision) {
  const auto [before, after] =
      beforeAndAfter(0.7, [](ir::Builder& b, Value x) { return b.div(x, b.constantLike(x, 3.0)); });
  EXPECT_EQ(before, after);
}

TEST(SimplifyKeepsBits, aReciprocalThatIsSubnormalIsNotTaken) {
  const auto [before, after] =
      beforeAndAfter(0x1p100, [](ir::Builder& b, Value x) { return b.div(x, b.constantLike(x, 0x1p127)); });
  EXPECT_EQ(before, 0x1p-27);
  EXPECT_EQ(after, 0x1p-27);
}

TEST(SimplifyKeepsBits, aFloatThroughSmallIntegersKeepsItsRounding) {
  const auto [before, after] =
      beforeAndAfter(300.75, [](ir::Builder& b, Value x) { return b.cast(b.cast(x, DType::U8), DType::F32); });
  EXPECT_EQ(before, 255);
  EXPECT_EQ(after, 255);
}

static ir::FunctionId longChain(ir::Module& module, int links) {
  ir::Builder b(module, module.addFunction("main"));
  const Value x = b.addParameter({DType::F32, {4}}, "x");
  Value y = x;
  for (int i = 0; i < links; ++i) y = b.mul(b.add(b.neg(b.neg(y)), x), b.constantLike(x, 1.0));
  b.addResult(y, "");
  return b.functionId();
}

TEST(Scale, twoHundredThousandNodesPassThroughEveryPass) {
  ir::Module module;
  const ir::FunctionId main = longChain(module, 50000);
  ASSERT_GE(module.function(main).body.size(), 200000u);
  Diagnostics diagnostics;
  for (const ir::Pass& pass : {passes::kInlineCalls, passes::kSimplify, passes::kCse, passes::kRemoveDead})
    ASSERT_TRUE(pass.run(module, diagnostics)) << pass.name;
  EXPECT_EQ(module.function(main).body.size(), 50000u);
}

TEST(Scale, aChainOfCallsTenThousandDeep) {
  ir::Module module;
  ir::FunctionId last;
  for (int i = 0; i < 10000; ++i) {
    ir::Builder b(module, module.addFunction("f" + std::to_string(i)));
    const Value x = b.addParameter({DType::F32, {}}, "x");
    b.addResult(i == 0 ? b.neg(x) : b.call({.name = "f", .body = last, .wrt = {}}, {x})[0], "");
    last = b.functionId();
  }
  Diagnostics diagnostics;
  ASSERT_TRUE(passes::inlineCalls(module, diagnostics));
  EXPECT_EQ(module.function(last).body.size(), 1u);
}

}  // namespace nnc::test
