// Reductions over leading, trailing and mixed axes, in every size of remainder.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compiled.h"
#include "ir/evaluate.h"

namespace nnc::codegen::test {

using ir::DType;

struct Case {
  ir::Shape shape;
  std::vector<int> axes;
};
static const std::vector<Case> kCases = {
    {{7}, {0}},
    {{16}, {0}},
    {{1000}, {0}},
    {{5, 3}, {1}},
    {{5, 70}, {1}},
    {{33, 10}, {0}},
    {{33, 10}, {1}},
    {{128, 256}, {0}},
    {{9, 200}, {0}},
    {{4, 5, 6}, {0, 2}},
    {{4, 5, 6}, {1}},
    {{4, 5, 65}, {0, 1}},
    {{3, 4, 5, 6}, {1, 3}},
    {{1, 8}, {0}},
    {{8, 1}, {1}},
    {{0, 4}, {0}},
    {{4, 0}, {0}},
    {{4, 0}, {1}},
    {{2, 2, 2, 2, 2, 2, 2, 3}, {0, 2, 4, 7}},
    {{3, 300}, {0, 1}},
    // Lanes along an axis that is not the innermost: short last axes, kept and reduced.
    {{100, 3}, {1}},
    {{50, 2, 2}, {1, 2}},
    {{70, 6, 2}, {1}},
    {{40, 5, 2, 2}, {1, 3}},
    {{5, 40, 3}, {0}},
    {{3, 65, 2}, {0, 2}},
};

TEST(Reduce, SumsAndMaximaOfFloats) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(ir::toString(c.shape));
    // A sum of n terms of magnitude at most 4, in any order: n u 4 n.
    const double n = 1000;
    for (const DType dtype : {DType::F32, DType::F64})
      expectClose(program([&](ir::Builder& b) {
                    const ir::Value x = b.addParameter({dtype, c.shape}, "x");
                    b.addResult(b.reduceSum(x, c.axes), "sum");
                  }),
                  0, n * n * 4 * (dtype == DType::F32 ? 0x1p-24 : 0x1p-53));
    for (const DType dtype : {DType::F32, DType::F64, DType::BF16})
      expectExact(program([&](ir::Builder& b) {
        const ir::Value x = b.addParameter({dtype, c.shape}, "x");
        b.addResult(b.reduceMax(x, c.axes), "max");
      }));
  }
}

TEST(Reduce, IntegersAreExact) {
  for (const Case& c : kCases)
    for (const DType dtype : {DType::I8, DType::U8, DType::I32, DType::I64}) {
      SCOPED_TRACE(ir::toString(ir::Type{dtype, c.shape}));
      expectExact(program([&](ir::Builder& b) {
        const ir::Value x = b.addParameter({dtype, c.shape}, "x");
        b.addResult(b.reduceSum(x, c.axes), "sum");
        b.addResult(b.reduceMax(x, c.axes), "max");
      }));
    }
}

TEST(Reduce, MaximumOfNan) {
  for (const std::int64_t place : {0, 3, 17, 39})
    for (const bool leading : {false, true}) {
      Program p = program([&](ir::Builder& b) {
        const ir::Value x = b.addParameter({DType::F32, leading ? ir::Shape{40, 3} : ir::Shape{3, 40}}, "x");
        b.addResult(b.reduceMax(x, {leading ? 0 : 1}), "max");
      });
      std::vector<ir::Tensor> arguments = inputs(p, 3);
      arguments[0].data<float>()[leading ? place * 3 + 1 : 40 + place] = std::numeric_limits<float>::quiet_NaN();
      planTrivially(p.module, p.function);
      const ir::Tensor y = runCompiled(p.module, p.function, arguments)[0];
      EXPECT_FALSE(std::isnan(y.real(0)));
      EXPECT_TRUE(std::isnan(y.real(1)));
      EXPECT_FALSE(std::isnan(y.real(2)));
    }
}

// bf16 sums are kept in f32 and rounded once; the evaluator rounds every step.
TEST(Reduce, Bf16Sums) {
  expectClose(program([](ir::Builder& b) {
                b.addResult(b.reduceSum(b.addParameter({DType::BF16, {5, 40}}, "x"), {1}), "sum");
              }),
              0, 40 * 4 * 40 * 0x1p-9);
}

// Several results over one walk, as batch norm needs them.
TEST(Reduce, KernelWithSeveralResults) {
  for (const std::vector<int>& axes : {std::vector<int>{0}, std::vector<int>{1}, std::vector<int>{0, 1}}) {
    Program p = program([](ir::Builder& b) { b.addParameter({DType::F32, {50, 37}}, "x"); });
    const ir::FunctionId body = p.module.addFunction("stats");
    {
      ir::Builder b(p.module, body);
      const ir::Value x = b.addParameter({DType::F32, {50, 37}}, "x");
      b.addResult(b.reduceSum(x, axes), "sum");
      b.addResult(b.reduceSum(b.mul(x, x), axes), "squares");
      b.addResult(b.reduceMax(b.neg(x), axes), "max");
    }
    ir::Builder b(p.module, p.function);
    for (const ir::Value y :
         b.call({"stats", body, ir::CallKind::Kernel, {}}, {p.module.function(p.function).parameters[0]}))
      b.addResult(y, "y");
    expectClose(std::move(p), 1e-5, 1e-3);
  }
}

TEST(Reduce, UnwindowIsExact) {
  for (const DType dtype : {DType::F32, DType::F64, DType::I32})
    expectExact(program([&](ir::Builder& b) {
      const ir::Value one = b.addParameter({dtype, {3, 9, 4}}, "one"),
                      two = b.addParameter({dtype, {3, 4, 5, 3, 2}}, "two");
      b.addResult(b.unwindow(one, {{1, 4, 1, 1}}, {3, 12}), "dense");
      b.addResult(b.unwindow(b.slice(one, {0, 0, 0}, {3, 5, 3}, {1, 1, 1}), {{1, 3, 2, 2}}, {3, 14}),
                  "strided, dilated");
      b.addResult(b.unwindow(two, {{1, 3, 1, 1}, {2, 2, 2, 1}}, {3, 6, 10}), "two axes");
    }));
}

}  // namespace nnc::codegen::test
