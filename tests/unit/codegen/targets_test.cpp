// Code for older CPUs, run on this one: narrow vectors, no masks, no gathers, no FMA, no rounding instruction.
#include <gtest/gtest.h>

#include <string>

#include "compiled.h"

namespace nnc::codegen::test {

using ir::DType;

class Targets : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const bool isRecent = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (std::string(GetParam()) == "x86-64-v3" && !isRecent) GTEST_SKIP() << "this CPU cannot run x86-64-v3";
  }
  Options options() const {
    Options result;
    result.cpu = GetParam();
    return result;
  }
};

TEST_P(Targets, ElementwiseIsExact) {
  for (const DType dtype : {DType::F32, DType::F64, DType::BF16, DType::I8, DType::I32, DType::I64}) {
    SCOPED_TRACE(std::string(ir::dtypeName(dtype)));
    expectExact(
        program([&](ir::Builder& b) {
          const ir::Value x = b.addParameter({dtype, {37}}, "x"), y = b.addParameter({dtype, {37}}, "y");
          b.addResult(b.add(b.mul(x, y), x), "no contraction");
          b.addResult(b.div(x, y), "div");
          b.addResult(b.rem(x, y), "rem");
          b.addResult(b.max(x, y), "max");
          b.addResult(b.select(b.compare(ir::Predicate::Lt, x, y), x, y), "select");
          if (ir::isFloat(dtype)) b.addResult(b.floor(x), "floor");
          if (ir::isFloat(dtype)) b.addResult(b.sqrt(x), "sqrt");
          for (const DType to : {DType::F32, DType::F64, DType::BF16, DType::U8, DType::I32, DType::I64, DType::Bool})
            b.addResult(b.cast(x, to), "cast");
        }),
        3, /*special=*/3, options());
  }
}

TEST_P(Targets, DataMovementIsExact) {
  for (const DType dtype : {DType::F32, DType::U8, DType::F64})
    expectExact(program([&](ir::Builder& b) {
                  const ir::Value x = b.addParameter({dtype, {6, 5, 21}}, "x"),
                                  i = b.addParameter({DType::I32, {3, 6}}, "i");
                  b.addResult(b.transpose(x, {2, 0, 1}), "transpose");
                  b.addResult(b.slice(x, {0, 0, 1}, {6, 5, 20}, {1, 2, 3}), "slice");
                  b.addResult(b.pad(x, {1, 0, 2}, {0, 3, 1}, {0, 0, 1}, 2.0), "pad");
                  b.addResult(b.concat({x, x}, 2), "concat");
                  b.addResult(b.gather(x, i, 2), "gather");
                  b.addResult(b.gather(x, i, 0), "rows");
                  b.addResult(b.scatter(x, b.slice(b.reshape(i, {18}), {0}, {5}, {1}),
                                        b.slice(b.transpose(x, {0, 1, 2}), {0, 0, 0}, {5, 5, 21}, {1, 1, 1}), 0,
                                        ir::ScatterMode::Add),
                              "scatter");
                }),
                5, 0, options());
}

TEST_P(Targets, RandomNumbersAreExact) {
  expectExact(program([](ir::Builder& b) {
                const ir::Value seed = b.addParameter({DType::I64, {}}, "seed"),
                                counter = b.addParameter({DType::I64, {}}, "counter");
                for (const ir::Shape& shape : {ir::Shape{100}, ir::Shape{3, 50}})
                  b.addResult(b.random({DType::F32, shape}, 99, seed, counter), "r");
              }),
              7, 0, options());
}

TEST_P(Targets, SumsAndProducts) {
  expectClose(program([](ir::Builder& b) {
                const ir::Value x = b.addParameter({DType::F32, {33, 50}}, "x"),
                                y = b.addParameter({DType::F32, {50, 19}}, "y");
                b.addResult(b.reduceSum(x, {0}), "columns");
                b.addResult(b.reduceSum(x, {1}), "rows");
                b.addResult(b.reduceMax(x, {1}), "max");
                b.addResult(b.contract(x, y, "mk", "kn", "mn"), "product");
                const ir::Value a = b.cast(x, DType::BF16), c = b.cast(y, DType::BF16);
                b.addResult(b.contract(a, c, "mk", "kn", "mn"), "product of bf16, widened");
                b.addResult(b.contract(b.transpose(a, {1, 0}), b.transpose(c, {1, 0}), "km", "nk", "mn"), "turned");
              }),
              1e-5, 1e-4, 9, options());
}

// Without FMA the reductions of the arguments round more often: a few ulp instead of one or two.
TEST_P(Targets, Transcendentals) {
  expectClose(program([](ir::Builder& b) {
                for (const DType dtype : {DType::F32, DType::F64}) {
                  const ir::Value x = b.addParameter({dtype, {203}}, "x");
                  for (const ir::Op op : {ir::Op::Exp, ir::Op::Log, ir::Op::Tanh, ir::Op::Sin})
                    b.addResult(b.appendOne(op, {x}), "y");
                }
              }),
              8 * 0x1p-24, 1e-7, 11, options());
}

INSTANTIATE_TEST_SUITE_P(X86, Targets, ::testing::Values("x86-64", "x86-64-v2", "x86-64-v3"));

}  // namespace nnc::codegen::test
