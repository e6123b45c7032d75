// Elementwise ops, views and data movement: exactly what the evaluator gives.
#include <gtest/gtest.h>

#include <bit>

#include "compiled.h"
#include "ir/evaluate.h"

namespace nnc::codegen::test {

using ir::DType;
using ir::Op;
using ir::Type;

static const std::vector<ir::Shape> kShapes = {
    {}, {0}, {3}, {16}, {37}, {5, 7}, {4, 16}, {3, 0, 2}, {2, 3, 4, 5}, {1, 1, 9, 1}, {2, 1, 2, 1, 2, 1, 2, 3}};
static const std::vector<DType> kFloats = {DType::F32, DType::F64, DType::BF16};
static const std::vector<DType> kIntegers = {DType::I8, DType::U8, DType::I32, DType::I64};

static std::vector<DType> allTypes() {
  std::vector<DType> all = kFloats;
  all.insert(all.end(), kIntegers.begin(), kIntegers.end());
  all.push_back(DType::Bool);
  return all;
}

/// All ops of one dtype as results of one program, so that a shape costs one compilation.
static Program allBinary(DType dtype, const ir::Shape& shape) {
  return program([&](ir::Builder& b) {
    const ir::Value x = b.addParameter({dtype, shape}, "x"), y = b.addParameter({dtype, shape}, "y");
    if (dtype != DType::Bool) {
      b.addResult(b.add(x, y), "add");
      b.addResult(b.div(x, y), "div");
      b.addResult(b.rem(x, y), "rem");
      b.addResult(b.neg(x), "neg");
    }
    b.addResult(b.mul(x, y), "mul");
    b.addResult(b.max(x, y), "max");
    if (ir::isFloat(dtype)) {
      b.addResult(b.sqrt(x), "sqrt");
      b.addResult(b.floor(x), "floor");
    }
    for (const auto predicate : {ir::Predicate::Eq, ir::Predicate::Ne, ir::Predicate::Lt, ir::Predicate::Le,
                                 ir::Predicate::Gt, ir::Predicate::Ge}) {
      const ir::Value c = b.compare(predicate, x, y);
      b.addResult(c, "compare");
      b.addResult(b.select(c, x, y), "select");
    }
    b.addResult(b.stopGradient(x), "stop");
  });
}

TEST(Map, ElementwiseOpsOfEveryDtypeAndShape) {
  for (const DType dtype : allTypes())
    for (const ir::Shape& shape : kShapes) {
      // How loops are made depends on the shape alone: all of them for one dtype, a few for the others.
      if (dtype != DType::F32 && shape.size() != 1) continue;
      SCOPED_TRACE(ir::toString(Type{dtype, shape}));
      expectExact(allBinary(dtype, shape), 3, /*special=*/3);
    }
}

TEST(Map, CastsBetweenAllDtypes) {
  for (const DType from : allTypes())
    for (const std::int64_t size : {1, 16, 37}) {
      SCOPED_TRACE(std::string(ir::dtypeName(from)));
      expectExact(program([&](ir::Builder& b) {
                    const ir::Value x = b.addParameter({from, {size}}, "x");
                    const ir::Value large =
                        from == DType::F32 || from == DType::F64 ? b.mul(x, b.constantLike(x, 1e10)) : x;
                    for (const DType to : allTypes()) {
                      b.addResult(b.cast(x, to), "cast");
                      b.addResult(b.cast(large, to), "cast of large numbers");
                    }
                  }),
                  5, /*special=*/3);
    }
}

TEST(Map, Views) {
  for (const DType dtype : {DType::F32, DType::F64, DType::BF16, DType::U8, DType::I64, DType::Bool}) {
    SCOPED_TRACE(std::string(ir::dtypeName(dtype)));
    expectExact(program([&](ir::Builder& b) {
                  const ir::Value x = b.addParameter({dtype, {6, 5, 20}}, "x"),
                                  row = b.addParameter({dtype, {20}}, "row");
                  b.addResult(b.reshape(x, {30, 20}), "merge");
                  b.addResult(b.reshape(x, {600}), "flat");
                  b.addResult(b.reshape(x, {4, 15, 10}), "other");
                  b.addResult(b.transpose(x, {2, 0, 1}), "transpose");
                  b.addResult(b.transpose(x, {1, 0, 2}), "transpose rows");
                  b.addResult(b.reshape(b.transpose(x, {2, 1, 0}), {50, 12}), "reshaped transpose");
                  b.addResult(b.broadcast(row, {3, 20}, {1}), "rows");
                  b.addResult(b.broadcast(row, {20, 3}, {0}), "columns");
                  b.addResult(b.broadcast(x, {6, 2, 5, 20, 3}, {0, 2, 3}), "inner");
                  b.addResult(b.slice(x, {1, 0, 3}, {6, 5, 20}, {2, 1, 1}), "slice");
                  b.addResult(b.slice(x, {0, 4, 0}, {6, 5, 19}, {1, 1, 3}), "strided");
                  b.addResult(b.slice(x, {2, 2, 2}, {2, 5, 20}, {1, 1, 1}), "empty");
                  b.addResult(b.window(x, {{2, 3, 2, 1}, {0, 2, 1, 3}}), "window");
                  b.addResult(b.pad(x, {1, 0, 2}, {0, 3, 1}, {0, 0, 0}, 2.0), "pad");
                  b.addResult(b.pad(x, {0, 0, 17}, {0, 0, 40}, {1, 0, 2}, 1.0), "interior");
                  b.addResult(b.concat({x, x, b.slice(x, {0, 0, 0}, {6, 5, 7}, {1, 1, 1})}, 2), "concat");
                  b.addResult(b.concat({x, x}, 0), "concat rows");
                }),
                7);
  }
}

// Square tiles transposed in registers, with every kind of remainder.
TEST(Map, TransposesOfAllSizes) {
  for (const auto& [rows, columns] :
       {std::pair<int, int>{4, 4}, {16, 16}, {3, 50}, {50, 3}, {37, 53}, {64, 17}, {100, 1}})
    for (const DType dtype : {DType::F32, DType::F64, DType::BF16, DType::U8, DType::I64, DType::Bool})
      expectExact(program([&](ir::Builder& b) {
                    const ir::Value x = b.addParameter({dtype, {rows, columns}}, "x"),
                                    y = b.addParameter({dtype, {columns, rows}}, "y");
                    b.addResult(b.transpose(x, {1, 0}), "t");
                    b.addResult(b.max(b.transpose(x, {1, 0}), y), "t and rows");
                    b.addResult(b.transpose(b.slice(x, {0, 0}, {rows, columns}, {2, 1}), {1, 0}), "every second row");
                    b.addResult(b.reshape(b.transpose(x, {1, 0}), {rows, columns}), "reshaped");
                  }),
                  23);
}

// Lanes that are a few elements apart: everything is loaded and the lanes picked out.
TEST(Map, StridedSlices) {
  for (const std::int64_t step : {2, 3, 4, 7, 8, 9})
    for (const std::int64_t size : {9, 64, 300})
      expectExact(program([&](ir::Builder& b) {
                    const ir::Value x = b.addParameter({DType::F32, {size}}, "x"),
                                    y = b.addParameter({DType::U8, {3, size}}, "y");
                    b.addResult(b.slice(x, {0}, {size}, {step}), "x");
                    b.addResult(b.slice(x, {size % step}, {size}, {step}), "to the end");
                    b.addResult(b.slice(y, {0, 1}, {3, size}, {1, step}), "y");
                  }),
                  29);
}

TEST(Map, ViewsOfViewsInOneKernel) {
  Program p = program([](ir::Builder& b) {
    const ir::Value x = b.addParameter({DType::F32, {8, 6, 6, 3}}, "x");
    b.addResult(x, "unused");
  });
  // The kernel's body is a function of its own.
  const ir::FunctionId body = p.module.addFunction("views");
  {
    ir::Builder b(p.module, body);
    const ir::Value x = b.addParameter({DType::F32, {8, 6, 6, 3}}, "x");
    const ir::Value padded = b.pad(x, {0, 1, 1, 0}, {0, 1, 1, 0}, {0, 0, 0, 0}, 0.0);
    const ir::Value windows = b.window(padded, {{1, 3, 1, 1}, {2, 3, 1, 1}});  // 8 6 6 3 3 3
    const ir::Value rows = b.reshape(b.transpose(windows, {0, 1, 2, 4, 5, 3}), {8 * 36, 27});
    b.addResult(b.max(b.mul(rows, rows), b.constantLike(rows, 0.5)), "rows");
    b.addResult(b.reshape(b.transpose(b.reshape(rows, {8, 36, 27}), {0, 1, 2}), {8 * 36, 27}), "again");
  }
  ir::Function& main = p.module.function(p.function);
  main.results.clear();
  main.resultNames.clear();
  ir::Builder b(p.module, p.function);
  for (const ir::Value result :
       b.call({"views", body, ir::CallKind::Kernel, {}}, {p.module.function(p.function).parameters[0]}))
    b.addResult(result, "y");
  expectExact(std::move(p), 9);
}

// Pools and their gradients: a short innermost axis beside a long one, read from one tensor in order and from others
// with strides, in every width and dtype of a store.
TEST(Map, ShortInnermostAxesAreInterleaved) {
  for (const std::int64_t steps : {2, 3, 4})
    for (const std::int64_t width : {5, 8, 14, 16, 33}) {
      SCOPED_TRACE(testing::Message() << width << " x " << steps);
      for (const DType dtype : {DType::F32, DType::F64, DType::BF16, DType::I8})
        expectExact(program([&](ir::Builder& b) {
                      const ir::Shape shape{3, width, steps};
                      const ir::Value x = b.addParameter({dtype, {3, width * steps}}, "x"),
                                      y = b.addParameter({dtype, {3, width}}, "y");
                      const ir::Value windows = b.window(x, {{1, steps, steps, 1}}),
                                      row = b.broadcast(y, shape, {0, 1});
                      b.addResult(b.add(windows, row), "0");
                      b.addResult(b.compare(ir::Predicate::Lt, windows, row), "1");
                      const ir::Value turned = b.addParameter({dtype, {steps, 3, width}}, "z");
                      b.addResult(b.transpose(turned, {1, 2, 0}), "2");
                    }),
                    static_cast<std::uint64_t>(width));
    }
}

TEST(Map, GatherClampsItsIndex) {
  for (const DType indexType : {DType::I32, DType::I64})
    expectExact(program([&](ir::Builder& b) {
                  const ir::Value x = b.addParameter({DType::F32, {7, 5, 19}}, "x"),
                                  idx = b.addParameter({indexType, {3, 6}}, "idx");
                  const ir::Value bytes = b.addParameter({DType::U8, {21}}, "bytes");
                  b.addResult(b.gather(x, idx, 0), "0");
                  b.addResult(b.gather(x, idx, 1), "1");
                  b.addResult(b.gather(x, idx, 2), "2");
                  b.addResult(b.gather(bytes, idx, 0), "bytes");
                }),
                11);
}

TEST(Map, IotaAndRandomNumbers) {
  for (const ir::Shape& shape : {ir::Shape{5}, ir::Shape{64}, ir::Shape{3, 50}, ir::Shape{2, 3, 4}, ir::Shape{1000}})
    expectExact(program([&](ir::Builder& b) {
                  const ir::Value seed = b.addParameter({DType::I64, {}}, "seed"),
                                  counter = b.addParameter({DType::I64, {}}, "counter");
                  for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
                    b.addResult(b.iota({DType::I32, shape}, axis), "i32");
                    b.addResult(b.iota({DType::I64, shape}, axis), "i64");
                  }
                  for (const DType dtype : {DType::F32, DType::F64, DType::BF16, DType::I32})
                    b.addResult(b.random({dtype, shape}, 0x1234567890ABCDEF, seed, counter), "random");
                }),
                13);
}

TEST(Map, ConstantsOfEveryKind) {
  expectExact(program([](ir::Builder& b) {
    ir::ConstAttributes dense;
    dense.type = {DType::F32, {2, 3}};
    dense.reals = {1.5, -2.0, 0.25, 1e-3, 7.0, -0.0};
    const ir::Value table = b.constantDense(dense);
    dense.type = {DType::I8, {6}};
    dense.reals.clear();
    dense.integers = {1, -2, 3, -128, 127, 0};
    const ir::Value bytes = b.constantDense(dense);
    b.addResult(table, "table");
    b.addResult(b.mul(table, b.constant({DType::F32, {2, 3}}, 3.0)), "scaled");
    b.addResult(bytes, "bytes");
    b.addResult(b.constant({DType::BF16, {40}}, 1.0 / 3.0), "splat");
    b.addResult(b.constantInt({DType::Bool, {}}, 1), "bool");
    b.addResult(b.constant({DType::F64, {0}}, 1.0), "empty");
  }));
}

// A chain as deep as an unrolled network makes it: emission must not recurse.
TEST(Map, DeepBody) {
  Program p = program([](ir::Builder& b) { b.addParameter({DType::F32, {37}}, "x"); });
  const ir::FunctionId body = p.module.addFunction("deep");
  {
    ir::Builder b(p.module, body);
    ir::Value x = b.addParameter({DType::F32, {37}}, "x");
    for (int i = 0; i < 5000; ++i)
      x = i % 3 == 0 ? b.add(x, b.constantLike(x, 0.5)) : i % 3 == 1 ? b.mul(x, b.constantLike(x, 0.75)) : b.neg(x);
    b.addResult(x, "y");
  }
  ir::Builder b(p.module, p.function);
  b.addResult(b.call({"deep", body, ir::CallKind::Kernel, {}}, {p.module.function(p.function).parameters[0]})[0], "y");
  expectExact(std::move(p));
}

// In place: the result has the operand's storage, and reads it at the same index only.
TEST(Map, InPlace) {
  Program p = program([](ir::Builder& b) { b.addParameter({DType::F32, {333}}, "x"); });
  const ir::FunctionId body = p.module.addFunction("update");
  {
    ir::Builder b(p.module, body);
    const ir::Value x = b.addParameter({DType::F32, {333}}, "x");
    b.addResult(b.add(b.mul(x, x), b.constantLike(x, 1.0)), "y");
  }
  ir::Builder b(p.module, p.function);
  b.addResult(b.call({"update", body, ir::CallKind::Kernel, {}}, {p.module.function(p.function).parameters[0]})[0],
              "y");
  p.module.function(p.function).aliases = {{0, 0}};
  const std::vector<ir::Tensor> arguments = inputs(p, 17);
  const std::vector<ir::Tensor> expected = ir::evaluate(p.module, p.function, arguments);
  planTrivially(p.module, p.function);
  ir::Function& main = p.module.function(p.function);
  main.plan->storage[static_cast<std::size_t>(main.results[0].index)] = {ir::StorageKind::Argument, 0, 0};
  expectSame(runCompiled(p.module, p.function, arguments)[0], expected[0], "in place");
}

TEST(Map, BitsDoNotDependOnThePlace) {
  const auto make = [](std::int64_t n) {
    return program([&](ir::Builder& b) {
      const ir::Value x = b.addParameter({DType::F32, {n}}, "x");
      b.addResult(b.exp(x), "exp");
      b.addResult(b.tanh(x), "tanh");
      b.addResult(b.log(x), "log");
      b.addResult(b.sin(x), "sin");
    });
  };
  Program whole = make(77);
  planTrivially(whole.module, whole.function);
  const std::vector<ir::Tensor> arguments = inputs(whole, 21);
  const std::vector<ir::Tensor> all = runCompiled(whole.module, whole.function, arguments);
  Program single = make(1);
  planTrivially(single.module, single.function);
  for (const std::int64_t i : {0, 15, 16, 63, 64, 76}) {
    ir::Tensor one(Type{DType::F32, {1}});
    one.data<float>()[0] = arguments[0].data<float>()[i];
    const std::vector<ir::Tensor> result = runCompiled(single.module, single.function, {one});
    for (std::size_t r = 0; r < all.size(); ++r)
      EXPECT_EQ(std::bit_cast<std::uint32_t>(result[r].data<float>()[0]),
                std::bit_cast<std::uint32_t>(all[r].data<float>()[i]));
  }
}

}  // namespace nnc::codegen::test
