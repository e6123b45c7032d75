// Generated matrix products: tails of every kind, packed and transposed panels, rows that do not depend on each other.
#include <gtest/gtest.h>

#include <cstring>

#include "compiled.h"

namespace nnc::codegen::test {

using ir::DType;

namespace {

Program product(DType dtype, std::int64_t m, std::int64_t n, std::int64_t k, bool transposeLeft, bool transposeRight) {
  return program([&](ir::Builder& builder) {
    const ir::Shape left = transposeLeft ? ir::Shape{k, m} : ir::Shape{m, k};
    const ir::Shape right = transposeRight ? ir::Shape{n, k} : ir::Shape{k, n};
    const ir::Value a = builder.addParameter({dtype, left}, "a"), b = builder.addParameter({dtype, right}, "b");
    builder.addResult(builder.contract(a, b, transposeLeft ? "km" : "mk", transposeRight ? "nk" : "kn", "mn"), "y");
  });
}

/// Both sides sum k products of magnitude at most 16, one fused and one not: each is off by at most k u sum|a||b|.
double bound(std::int64_t k, DType dtype) {
  const double unit = dtype == DType::F64 ? 0x1p-53 : 0x1p-24;
  return 2.0 * static_cast<double>(k) * unit * 16.0 * static_cast<double>(k);
}

}  // namespace

// Around every boundary: one lane, a vector, a tile, two panels; rows below, at and above the tile; k below a vector.
TEST(Gemm, TailsInAllTranspositions) {
  for (const DType dtype : {DType::F32, DType::F64, DType::BF16})
    for (const std::int64_t m : {1, 14, 29})
      for (const std::int64_t n : {1, 10, 16, 33, 70})
        for (const std::int64_t k : {1, 19, 48})
          for (const bool left : {false, true})
            for (const bool right : {false, true}) {
              SCOPED_TRACE(testing::Message()
                           << m << "x" << n << "x" << k << (left ? " t" : " n") << (right ? "t" : "n"));
              // Every combination of tails for f32; for f64 one k is enough.
              if (dtype == DType::F64 && k != 19) continue;
              expectClose(product(dtype, m, n, k, left, right), 0, bound(k, dtype),
                          static_cast<std::uint64_t>(m * 1000 + n));
            }
}

TEST(Gemm, LongRowsArePacked) {
  expectClose(product(DType::F32, 40, 1030, 50, false, false), 0, bound(50, DType::F32));
  expectClose(product(DType::F32, 40, 1030, 50, true, false), 0, bound(50, DType::F32));
  expectClose(product(DType::F64, 33, 515, 20, false, true), 0, bound(20, DType::F64));
  for (const std::int64_t k : {49, 50, 5000})
    for (const bool left : {false, true})
      for (const bool right : {false, true})
        expectClose(product(DType::BF16, 40, 70, k, left, right), 0, bound(k, DType::BF16));
}

TEST(Gemm, ProductsTooDeepForAPanelGoToTheLibrary) {
  expectClose(product(DType::F32, 3, 5, 5000, false, true), 0, bound(5000, DType::F32));
}

// What `nnc eval` and an application with other batches rely on.
static void expectRowsAlone(DType dtype, std::int64_t depth, bool right) {
  constexpr std::int64_t kRows = 61, kColumns = 37;
  const Program all = product(dtype, kRows, kColumns, depth, false, right),
                one = product(dtype, 1, kColumns, depth, false, right);
  const auto compile = [](Program program, const std::vector<ir::Tensor>& arguments) {
    planTrivially(program.module, program.function);
    return runCompiled(program.module, program.function, arguments)[0];
  };
  const std::vector<ir::Tensor> arguments = inputs(all, 3);
  const ir::Tensor y = compile(all, arguments);
  for (const std::int64_t row : {std::int64_t{0}, std::int64_t{14}, kRows - 1}) {
    ir::Tensor x({dtype, {1, depth}});
    std::memcpy(x.bytes.data(), arguments[0].bytes.data() + row * static_cast<std::int64_t>(x.bytes.size()),
                x.bytes.size());
    const ir::Tensor alone = compile(one, {x, arguments[1]});
    EXPECT_EQ(std::memcmp(alone.data<float>(), y.data<float>() + row * kColumns, alone.bytes.size()), 0)
        << "row " << row;
  }
}

TEST(Gemm, ARowDoesNotDependOnTheNumberOfRows) {
  for (const bool right : {false, true}) {
    expectRowsAlone(DType::F32, 53, right);
    expectRowsAlone(DType::BF16, 53, right);
    expectRowsAlone(DType::BF16, 54, right);
  }
}

}  // namespace nnc::codegen::test
