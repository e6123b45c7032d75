// The builder: what it infers, leaves out, copies and refuses.
#include "ir/builder.h"

#include <gtest/gtest.h>

#include "ir/evaluate.h"
#include "ir/verify.h"
#include "text_module.h"

namespace nnc::ir {
namespace {

TEST(Builder, LeavesOutWhatDoesNothing) {
  Module module;
  Builder b(module, module.addFunction("f"));
  const Value x = b.addParameter({DType::F32, {2, 3}}, "x");
  EXPECT_EQ(b.transpose(x, {0, 1}), x);
  EXPECT_EQ(b.reshape(x, {2, 3}), x);
  EXPECT_EQ(b.broadcast(x, {2, 3}, {0, 1}), x);
  EXPECT_EQ(b.cast(x, DType::F32), x);
  EXPECT_EQ(b.reduceSum(x, {}), x);
  EXPECT_EQ(b.reduceMax(x, {}), x);
  EXPECT_TRUE(module.functions[0].nodes.empty());
  EXPECT_EQ(b.type(b.transpose(x, {1, 0})), (Type{DType::F32, {3, 2}}));
  EXPECT_EQ(b.type(b.splat(b.constant({DType::F32, {}}, 1.0), {4})), (Type{DType::F32, {4}}));
}

TEST(Builder, RoundsConstantsToTheirDtype) {
  Module module;
  Builder b(module, module.addFunction("f"));
  b.addResult(b.constant({DType::F32, {}}, 0.1), "");
  b.addResult(b.constant({DType::BF16, {}}, 1.01), "");
  b.addResult(b.constant({DType::I32, {}}, -3.0), "");
  b.addResult(b.constantInt({DType::F64, {}}, 7), "");
  b.addResult(b.constant({DType::Bool, {}}, 1.0), "");
  EXPECT_TRUE(verify(module).empty());
  EXPECT_EQ(print(module),
            "func @f() -> (f32, bf16, i32, f64, bool) {\n  %0 = const 0.1 : f32\n  %1 = const 1.0078125 : bf16\n"
            "  %2 = const -3 : i32\n  %3 = const 7 : f64\n  %4 = const true : bool\n  return %0, %1, %2, %3, %4\n}\n");
}

TEST(Builder, CopiesBodiesWithTheirPlacesAndPaths) {
  Module module = testing::moduleOf(R"(
func @square(%x: f32) -> (f32, f32) {
  %y = mul(%x, %x) : f32  scope "inner"
  %z = neg(%y) : f32
  return %z, %x
})");
  module.functions[0].nodes[1].span = {};
  Builder b(module, module.addFunction("f"));
  const Value a = b.addParameter({DType::F32, {}}, "a");
  b.setLocation({FileId{7}, 1, 2}, module.scope("outer"));
  const std::vector<Value> results = b.inlineCall(FunctionId(0), {a});
  EXPECT_EQ(results[1], a);
  b.addResult(results[0], "");
  EXPECT_EQ(print(module, FunctionId(1)),
            "func @f(%0: f32 \"a\") -> (f32) {\n  %1 = mul(%0, %0) : f32  scope \"inner\"\n  %2 = neg(%1) : f32  scope "
            "\"outer\"\n  return %2\n}\n");
  EXPECT_EQ(module.functions[1].nodes[1].span, (Span{FileId{7}, 1, 2}));
  EXPECT_EQ(b.span(), (Span{FileId{7}, 1, 2}));
}

TEST(Builder, AppendingDropsTheMemoryPlan) {
  Module module;
  Builder b(module, module.addFunction("f"));
  const Value x = b.addParameter({DType::F32, {}}, "x");
  b.function().plan.emplace();
  b.neg(x);
  EXPECT_FALSE(b.function().plan.has_value());
}

TEST(BuilderDeathTest, StopsOnAWrongNode) {
  Module module;
  Builder b(module, module.addFunction("f"));
  const Value x = b.addParameter({DType::F32, {2}}, "x"), y = b.addParameter({DType::F32, {3}}, "y");
  EXPECT_DEATH(b.add(x, y), "internal error: add\\(f32\\[2\\], f32\\[3\\]\\): axis 0: 2 and 3 differ");
}

}  // namespace
}  // namespace nnc::ir
