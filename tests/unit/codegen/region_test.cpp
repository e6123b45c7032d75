// Scatter and scan, and compiling as such.
#include <gtest/gtest.h>

#include <future>

#include "compiled.h"
#include "ir/evaluate.h"

namespace nnc::codegen::test {

using ir::DType;

TEST(Scatter, AddsAndSetsInOrder) {
  for (const DType dtype : {DType::F32, DType::F64, DType::BF16, DType::I32, DType::U8})
    for (const auto mode : {ir::ScatterMode::Add, ir::ScatterMode::Set})
      expectExact(program([&](ir::Builder& b) {
        const ir::Value base = b.addParameter({dtype, {4, 7, 37}}, "base"),
                        idx = b.addParameter({DType::I32, {3, 5}}, "idx");
        const ir::Value idx64 = b.addParameter({DType::I64, {9}}, "idx64");
        b.addResult(b.scatter(base, idx, b.addParameter({dtype, {4, 3, 5, 37}}, "rows"), 1, mode), "rows");
        b.addResult(b.scatter(base, idx64, b.addParameter({dtype, {4, 7, 9}}, "last"), 2, mode), "last");
        b.addResult(b.scatter(base, idx64, b.addParameter({dtype, {9, 7, 37}}, "first"), 0, mode), "first");
      }));
}

/// h' = h * 0.5 + x[t] + c; y = h * x
static Program recurrence(std::int64_t length, bool reverse) {
  Program p = program([&](ir::Builder& b) {
    b.addParameter({DType::F32, {5}}, "h");
    b.addParameter({DType::F32, {length, 5}}, "xs");
    b.addParameter({DType::F32, {5}}, "c");
  });
  const ir::FunctionId body = p.module.addFunction("step");
  {
    ir::Builder b(p.module, body);
    const ir::Value h = b.addParameter({DType::F32, {5}}, "h"), x = b.addParameter({DType::F32, {5}}, "x");
    const ir::Value c = b.addParameter({DType::F32, {5}}, "c");
    b.addResult(b.add(b.add(b.mul(h, b.constantLike(h, 0.5)), x), c), "h");
    b.addResult(b.mul(h, x), "y");
  }
  ir::Builder b(p.module, p.function);
  for (const ir::Value y : b.scan({body, 1, 1, length, reverse}, p.module.function(p.function).parameters))
    b.addResult(y, "y");
  return p;
}

TEST(Scan, RunsForwardsAndBackwards) {
  for (const std::int64_t length : {0, 1, 2, 3, 8})
    for (const bool reverse : {false, true}) {
      SCOPED_TRACE(length);
      expectExact(recurrence(length, reverse));
    }
}

// A program large enough to be divided among compile threads, compiled by several threads at once: the same bits.
TEST(Compile, ManyKernelsFromManyThreads) {
  Program p = program([](ir::Builder& b) {
    ir::Value x = b.addParameter({DType::F32, {70}}, "x");
    for (std::int64_t i = 1; i <= 40; ++i) {
      x = b.tanh(b.reshape(b.pad(x, {0}, {i % 3}, {0}, 0.5), {70 + i % 3}));
      x = b.slice(b.mul(b.exp(x), b.constantLike(x, 1.0 / static_cast<double>(i))), {i % 3}, {70 + i % 3}, {1});
    }
    b.addResult(x, "y");
  });
  planTrivially(p.module, p.function);
  const std::vector<ir::Tensor> arguments = inputs(p, 31);
  std::vector<std::future<std::vector<ir::Tensor>>> runs;
  for (int i = 0; i < 3; ++i)
    runs.push_back(std::async(std::launch::async, [&] { return runCompiled(p.module, p.function, arguments); }));
  const std::vector<ir::Tensor> first = runs[0].get();
  ASSERT_EQ(first.size(), 1u);
  for (std::size_t i = 1; i < runs.size(); ++i) expectSame(runs[i].get()[0], first[0], "another thread");
}

TEST(Compile, RefusesWhatItCannotDo) {
  Program p = program([](ir::Builder& b) { b.addResult(b.neg(b.addParameter({DType::F32, {3}}, "x")), "y"); });
  std::string error;
  EXPECT_EQ(backend().compile(p.module, {p.function}, {}, nullptr, error), nullptr);
  EXPECT_EQ(error, "function @main has no memory plan");
  planTrivially(p.module, p.function);
  Options options;
  options.sanitizeAddress = true;
  error.clear();
  EXPECT_EQ(backend().compile(p.module, {p.function}, options, nullptr, error), nullptr);
  EXPECT_EQ(error, "code generation with AddressSanitizer is not supported");
}

}  // namespace nnc::codegen::test
