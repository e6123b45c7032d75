// Simplify on what random programs seldom meet: every pair of dtypes, zeros of both signs, infinities, NaN, limits of
// integers, every pair of views. Each expression is evaluated before and after, and the bits are compared.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "ir/builder.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "passes/cse.h"
#include "passes/remove_dead.h"
#include "passes/simplify.h"
#include "random_program.h"

namespace nnc::test {

using ir::Builder;
using ir::DType;
using ir::Op;
using ir::Shape;
using ir::Type;
using ir::Value;
using Make = std::function<Value(Builder&, const std::vector<Value>&)>;

static constexpr DType kDTypes[] = {DType::F32, DType::F64, DType::BF16, DType::I8,
                                    DType::U8,  DType::I32, DType::I64,  DType::Bool};

static std::vector<double> edgeReals() {
  return {0.0,    -0.0,   1.0,        -1.0, 0.5,     2.0,      -4.0,     3.0,       0.1,
          300.75, -129.0, 16777217.0, 3e9,  0x1p126, 0x1p-126, INFINITY, -INFINITY, NAN};
}
static std::vector<std::int64_t> edgeIntegers(DType dtype) {
  switch (dtype) {
    case DType::Bool:
      return {0, 1};
    case DType::U8:
      return {0, 1, 2, 3, 127, 128, 255};
    case DType::I8:
      return {0, 1, -1, 2, -4, 127, -128};
    case DType::I32:
      return {0, 1, -1, 2, 255, -129, 16777217, 2147483647, -2147483648};
    default:
      return {0, 1, -1, 2, 255, -129, 16777217, 4294967296, 9007199254740993, INT64_MAX, INT64_MIN};
  }
}

static ir::Tensor edges(DType dtype) {
  const auto reals = edgeReals();
  const auto integers = edgeIntegers(dtype);
  const bool isReal = ir::isFloat(dtype);
  ir::Tensor tensor({dtype, {static_cast<std::int64_t>(isReal ? reals.size() : integers.size())}});
  for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i) {
    if (isReal)
      tensor.setReal(i, reals[static_cast<std::size_t>(i)]);
    else
      tensor.setInteger(i, integers[static_cast<std::size_t>(i)]);
  }
  return tensor;
}

/// The edge values of a dtype, each as a splat of `shape`.
static std::vector<Value> splats(Builder& b, DType dtype, Shape shape) {
  std::vector<Value> all;
  const ir::Tensor tensor = edges(dtype);
  for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i)
    all.push_back(ir::isFloat(dtype) ? b.constant({dtype, shape}, tensor.real(i))
                                     : b.constantInt({dtype, shape}, tensor.integer(i)));
  return all;
}

/// All results of `build` on `arguments` must keep their bits through the passes.
static void expectSameBits(const std::vector<ir::Tensor>& arguments,
                           const std::function<std::vector<Value>(Builder&, const std::vector<Value>&)>& build) {
  RandomProgram program;
  Builder b(program.module, program.module.addFunction("main"));
  std::vector<Value> parameters;
  for (const ir::Tensor& argument : arguments) parameters.push_back(b.addParameter(argument.type, ""));
  for (const Value result : build(b, parameters)) b.addResult(result, "");
  program.main = b.functionId();
  program.arguments = arguments;
  ASSERT_EQ(ir::verify(program.module), std::vector<std::string>());
  const auto before = evaluateMain(program);
  const std::string text = ir::print(program.module);
  Diagnostics diagnostics;
  for (const ir::Pass& pass : {passes::kSimplify, passes::kCse, passes::kRemoveDead}) {
    ASSERT_TRUE(pass.run(program.module, diagnostics));
    ASSERT_EQ(ir::verify(program.module), std::vector<std::string>());
    const auto after = evaluateMain(program);
    for (std::size_t i = 0; i < before.size(); ++i)
      EXPECT_TRUE(haveSameBits({before[i]}, {after[i]})) << "result " << i << " after " << pass.name << " of\n" << text;
    if (testing::Test::HasFailure()) return;
  }
}

TEST(EdgeValues, castsOfCasts) {
  for (const DType from : kDTypes) {
    expectSameBits({edges(from)}, [](Builder& b, const std::vector<Value>& x) {
      std::vector<Value> results;
      for (const DType between : kDTypes)
        for (const DType to : kDTypes) results.push_back(b.cast(b.cast(x[0], between), to));
      return results;
    });
  }
}

TEST(EdgeValues, binaryOpsWithConstants) {
  for (const DType dtype : kDTypes) {
    const bool isBool = dtype == DType::Bool;
    expectSameBits({edges(dtype)}, [&](Builder& b, const std::vector<Value>& x) {
      std::vector<Value> results;
      const Shape shape = b.type(x[0]).shape;
      for (const Value splat : splats(b, dtype, shape)) {
        for (const Op op : {Op::Add, Op::Mul, Op::Div, Op::Max, Op::Rem}) {
          if (isBool && op != Op::Mul && op != Op::Max) continue;
          results.push_back(b.appendOne(op, {x[0], splat}));
          results.push_back(b.appendOne(op, {splat, x[0]}));
          results.push_back(b.appendOne(op, {x[0], x[0]}));
        }
        if (isBool) continue;
        for (const auto predicate : {ir::Predicate::Eq, ir::Predicate::Ne, ir::Predicate::Lt, ir::Predicate::Ge})
          results.push_back(b.compare(predicate, x[0], splat));
      }
      return results;
    });
  }
}

TEST(EdgeValues, signsInProductsAndQuotients) {
  for (const DType dtype : {DType::F32, DType::F64, DType::BF16, DType::I8, DType::I32, DType::I64}) {
    expectSameBits({edges(dtype), edges(dtype)}, [&](Builder& b, const std::vector<Value>& x) {
      std::vector<Value> results = {b.neg(b.neg(x[0])), b.mul(b.neg(x[0]), b.neg(x[1])), b.mul(b.neg(x[0]), x[1]),
                                    b.div(b.neg(x[0]), b.neg(x[1]))};
      for (const Value splat : splats(b, dtype, b.type(x[0]).shape)) {
        results.push_back(b.neg(b.mul(x[0], splat)));
        results.push_back(b.neg(b.mul(splat, x[0])));
      }
      return results;
    });
  }
}

TEST(EdgeValues, floors) {
  for (const DType dtype : kDTypes) {
    expectSameBits({edges(dtype)}, [&](Builder& b, const std::vector<Value>& x) {
      const Value real = b.cast(x[0], DType::F64);
      return std::vector<Value>{b.floor(real), b.floor(b.floor(real)), b.floor(b.cast(x[0], DType::BF16))};
    });
  }
}

TEST(EdgeValues, selects) {
  ir::Tensor condition({DType::Bool, {4}}), a({DType::Bool, {4}}), c({DType::Bool, {4}});
  for (std::int64_t i = 0; i < 4; ++i) condition.setInteger(i, i % 2), a.setInteger(i, i / 2), c.setInteger(i, i == 3);
  expectSameBits({condition, a, c}, [](Builder& b, const std::vector<Value>& x) {
    std::vector<Value> results = {b.select(x[0], x[1], x[1]), b.select(x[0], x[1], x[2])};
    for (const std::int64_t first : {0, 1}) {
      const Value constant = b.constantInt({DType::Bool, {4}}, first);
      results.push_back(b.select(constant, x[1], x[2]));
      results.push_back(b.select(x[0], constant, x[1]));
      results.push_back(b.select(x[0], x[1], constant));
      for (const std::int64_t second : {0, 1})
        results.push_back(b.select(x[0], constant, b.constantInt({DType::Bool, {4}}, second)));
    }
    return results;
  });
}

TEST(EdgeValues, reductionsOfConstants) {
  for (const DType dtype : {DType::F32, DType::F64, DType::BF16, DType::I8, DType::I64}) {
    expectSameBits({}, [&](Builder& b, const std::vector<Value>&) {
      std::vector<Value> results;
      for (const std::int64_t count : {0, 1, 3, 300, 5000}) {
        for (const Value splat : splats(b, dtype, {2, count})) {
          results.push_back(b.reduceSum(splat, {1}));
          results.push_back(b.reduceMax(splat, {1}));
        }
      }
      return results;
    });
  }
}

TEST(EdgeValues, reductionsOverOneElement) {
  for (const DType dtype : {DType::F32, DType::BF16, DType::I32}) {
    expectSameBits({edges(dtype)}, [&](Builder& b, const std::vector<Value>& x) {
      const Value column = b.reshape(x[0], {b.type(x[0]).shape[0], 1});
      return std::vector<Value>{b.reduceSum(column, {1}), b.reduceMax(column, {1}), b.reduceSum(x[0], {}),
                                b.reduceMax(b.slice(x[0], {0}, {0}, {1}), {0})};
    });
  }
}

/// Views of a value of any shape with rank 1 or 2: name and maker. Those that do not fit give an invalid value.
static std::vector<Make> viewsOf() {
  std::vector<Make> makers;
  const auto add = [&](Make make) { makers.push_back(std::move(make)); };
  for (const std::int64_t lo : {0, 1, 2}) {
    for (const std::int64_t cut : {0, 1, 2}) {
      for (const std::int64_t step : {1, 2, 3}) {
        add([=](Builder& b, const std::vector<Value>& x) {
          Shape l, h, s;
          for (const std::int64_t size : b.type(x[0]).shape) {
            if (lo + cut > size) return Value();
            l.push_back(lo), h.push_back(size - cut), s.push_back(step);
          }
          return b.slice(x[0], l, h, s);
        });
      }
    }
  }
  for (const std::int64_t lo : {0, 1}) {
    for (const std::int64_t hi : {0, 2}) {
      for (const std::int64_t interior : {0, 1}) {
        for (const double value : {0.0, -0.0, 1.0}) {
          add([=](Builder& b, const std::vector<Value>& x) {
            const std::size_t rank = b.type(x[0]).shape.size();
            return b.pad(x[0], Shape(rank, lo), Shape(rank, hi), Shape(rank, interior), value);
          });
        }
      }
    }
  }
  add([](Builder& b, const std::vector<Value>& x) { return b.concat({x[0], x[0]}, 0); });
  add([](Builder& b, const std::vector<Value>& x) { return b.concat({x[0], b.constantLike(x[0], 1.0)}, 0); });
  add([](Builder& b, const std::vector<Value>& x) { return b.concat({b.constantLike(x[0], -0.0), x[0]}, 0); });
  add([](Builder& b, const std::vector<Value>& x) { return b.concat({x[0]}, 0); });
  add([](Builder& b, const std::vector<Value>& x) { return b.reshape(x[0], {b.type(x[0]).elementCount()}); });
  add([](Builder& b, const std::vector<Value>& x) { return b.reshape(x[0], {1, b.type(x[0]).elementCount()}); });
  add([](Builder& b, const std::vector<Value>& x) {
    return b.type(x[0]).rank() == 2 ? b.transpose(x[0], {1, 0}) : Value();
  });
  for (const std::int64_t stride : {1, 2}) {
    for (const std::int64_t size : {1, 2}) {
      add([=](Builder& b, const std::vector<Value>& x) {
        if (b.type(x[0]).shape[0] < size) return Value();
        return b.window(x[0], {{0, size, stride, 1}});
      });
    }
  }
  add([](Builder& b, const std::vector<Value>& x) {
    const Shape shape = b.type(x[0]).shape;
    return shape.size() == 1 ? b.broadcast(x[0], {2, shape[0]}, {1})
                             : b.broadcast(x[0], {shape[0], 2, shape[1]}, {0, 2});
  });
  add([](Builder& b, const std::vector<Value>& x) {
    const Shape shape = b.type(x[0]).shape;
    return shape.size() == 1 ? b.broadcast(x[0], {shape[0], 1}, {0}) : Value();
  });
  return makers;
}

static void checkViewPairs(const Shape& shape, const std::function<Value(Builder&, Value)>& start) {
  ir::Tensor argument({DType::F32, shape});
  for (std::int64_t i = 0; i < argument.type.elementCount(); ++i)
    argument.setReal(i, i == 2 ? -0.0 : static_cast<double>(i) - 3);
  const std::vector<Make> makers = viewsOf();
  for (const Make& first : makers) {
    expectSameBits({argument}, [&](Builder& b, const std::vector<Value>& x) {
      std::vector<Value> results;
      const Value one = first(b, {start(b, x[0])});
      if (!one.isValid() || b.type(one).rank() > 2 || b.type(one).rank() == 0) return results;
      for (const Make& second : makers)
        if (const Value two = second(b, {one}); two.isValid()) results.push_back(two);
      return results;
    });
    if (testing::Test::HasFailure()) return;
  }
}

TEST(EdgeValues, viewsOfViewsOfAVector) {
  checkViewPairs({5}, [](Builder&, Value x) { return x; });
}
TEST(EdgeValues, viewsOfViewsOfAMatrix) {
  checkViewPairs({4, 3}, [](Builder&, Value x) { return x; });
}
TEST(EdgeValues, viewsOfViewsOfASplat) {
  for (const double value : {0.0, -0.0, 1.0})
    checkViewPairs({5}, [=](Builder& b, Value x) { return b.constantLike(x, value); });
}

TEST(EdgeValues, splatsTooLargeToFoldElementByElement) {
  expectSameBits({}, [](Builder& b, const std::vector<Value>&) {
    std::vector<Value> results;
    for (const double inner : {0.0, -0.0, 1.0}) {
      const Value splat = b.constant({DType::F32, {5000}}, inner);
      for (const double outer : {0.0, -0.0, 1.0}) {
        results.push_back(b.pad(splat, {1}, {2}, {1}, outer));
        results.push_back(b.concat({splat, b.constant({DType::F32, {3}}, outer)}, 0));
        results.push_back(b.scatter(splat, b.iota({DType::I32, {2}}, 0), b.constant({DType::F32, {2}}, outer), 0,
                                    ir::ScatterMode::Set));
      }
      results.push_back(b.gather(splat, b.iota({DType::I32, {6000}}, 0), 0));
    }
    return results;
  });
}

TEST(EdgeValues, divisionsByEveryPowerOfTwo) {
  for (const DType dtype : {DType::F32, DType::F64, DType::BF16}) {
    expectSameBits({edges(dtype)}, [&](Builder& b, const std::vector<Value>& x) {
      std::vector<Value> results;
      for (int exponent = -140; exponent <= 140; ++exponent)
        results.push_back(b.div(x[0], b.constantLike(x[0], std::ldexp(1.0, exponent))));
      return results;
    });
  }
}

}  // namespace nnc::test
