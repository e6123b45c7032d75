// Contractions: through the library where they are matrix products, as plain loops elsewhere.
#include <gtest/gtest.h>

#include <cmath>

#include "compiled.h"
#include "ir/evaluate.h"

namespace nnc::codegen::test {

using ir::DType;

/// Sums of n products in f32, each at most 16: n u times the sum of magnitudes, in either order of summation.
static double bound(std::int64_t n) { return static_cast<double>(n) * 16.0 * static_cast<double>(n) * 0x1p-23; }

static Program contraction(DType dtype, ir::Shape a, ir::Shape b, const char* la, const char* lb, const char* ly) {
  return program([&](ir::Builder& builder) {
    const ir::Value x = builder.addParameter({dtype, std::move(a)}, "a"),
                    y = builder.addParameter({dtype, std::move(b)}, "b");
    builder.addResult(builder.contract(x, y, la, lb, ly), "y");
  });
}

TEST(Contract, MatrixProductsInAllTranspositions) {
  for (const DType dtype : {DType::F32, DType::F64}) {
    expectClose(contraction(dtype, {33, 17}, {17, 41}, "mk", "kn", "mn"), 0, bound(17));
    expectClose(contraction(dtype, {17, 33}, {17, 41}, "km", "kn", "mn"), 0, bound(17));
    expectClose(contraction(dtype, {33, 17}, {41, 17}, "mk", "nk", "mn"), 0, bound(17));
    expectClose(contraction(dtype, {17, 33}, {41, 17}, "km", "nk", "mn"), 0, bound(17));
    expectClose(contraction(dtype, {17, 41}, {33, 17}, "kn", "mk", "mn"), 0, bound(17));
    expectClose(contraction(dtype, {5, 3, 7}, {5, 7, 4}, "bmk", "bkn", "bmn"), 0, bound(7));
    expectClose(contraction(dtype, {2, 3, 4, 5}, {4, 5, 6}, "abkl", "kln", "abn"), 0, bound(20));
    expectClose(contraction(dtype, {9}, {9}, "k", "k", ""), 0, bound(9));
    expectClose(contraction(dtype, {6, 9}, {9}, "mk", "k", "m"), 0, bound(9));
    expectClose(contraction(dtype, {6}, {9}, "m", "n", "mn"), 0, bound(1));
  }
}

TEST(Contract, OfNothing) {
  expectExact(contraction(DType::F32, {3, 0}, {0, 4}, "mk", "kn", "mn"));
  expectExact(contraction(DType::F32, {0, 5}, {5, 4}, "mk", "kn", "mn"));
  expectExact(contraction(DType::F64, {3, 5}, {5, 0}, "mk", "kn", "mn"));
  expectExact(contraction(DType::I32, {3, 0}, {0, 4}, "mk", "kn", "mn"));
}

TEST(Contract, OtherFormsAreLoops) {
  // Interleaved groups, a shared batch letter that is not leading, a reversed group.
  expectClose(contraction(DType::F32, {4, 6, 5}, {6, 5, 4}, "bmk", "mkb", "mb"), 0, bound(5));
  expectClose(contraction(DType::F32, {5, 4, 6}, {6, 4, 3}, "mbk", "kbn", "mbn"), 0, bound(6));
  expectClose(contraction(DType::F32, {3, 4, 20}, {4, 3, 20}, "abk", "bak", "ab"), 0, bound(20));
  expectClose(contraction(DType::F64, {3, 4, 20}, {4, 3, 2}, "klm", "lkn", "mn"), 0, bound(12));
}

TEST(Contract, Integers) {
  for (const DType dtype : {DType::I8, DType::U8, DType::I32, DType::I64})
    expectExact(contraction(dtype, {9, 21}, {21, 10}, "mk", "kn", "mn"));
}

// Products of bf16 are exact, and both sides sum k of them in f32: each is off by at most k u sum|a||b|.
TEST(Contract, Bf16) {
  expectClose(contraction(DType::BF16, {9, 21}, {21, 10}, "mk", "kn", "mn"), 0, 2 * 21 * 0x1p-24 * 16 * 21);
  expectClose(contraction(DType::BF16, {9, 22}, {22}, "mk", "k", "m"), 0, 2 * 22 * 0x1p-24 * 16 * 22);
}

}  // namespace nnc::codegen::test
