// Errors of exp, log, tanh and sin in units in the last place, and their special values.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "compiled.h"
#include "support/philox.h"

namespace nnc::codegen::test {

using ir::DType;

static constexpr std::int64_t kCount = 1 << 14;

/// One op compiled for kCount elements.
class Compiled {
 public:
  Compiled(ir::Op op, DType dtype) {
    Program p =
        program([&](ir::Builder& b) { b.addResult(b.appendOne(op, {b.addParameter({dtype, {kCount}}, "x")}), "y"); });
    planTrivially(p.module, p.function);
    arenaBytes_ = p.module.function(p.function).plan->arenaBytes;
    std::string error;
    code_ = backend().compile(p.module, {p.function}, {}, nullptr, error);
    EXPECT_NE(code_, nullptr) << error;
  }
  template <typename T>
  void run(std::vector<T>& x, std::vector<T>& y) const {
    std::vector<std::byte> arena(static_cast<std::size_t>(arenaBytes_));
    void* arguments[] = {x.data()};
    void* results[] = {y.data()};
    code_->entry("main")(arguments, results, arena.data());
  }

 private:
  std::unique_ptr<Code> code_;
  std::int64_t arenaBytes_ = 0;
};

/// |y - exact| in spacings of T at `exact`. Denormals count as 0, which is what compiled code makes of them.
template <typename T, typename Wide>
static double errorInUlps(T y, Wide exact) {
  if (std::isnan(exact)) return std::isnan(y) ? 0.0 : 1e9;
  const T rounded = static_cast<T>(exact);
  if (std::isinf(rounded)) return y == rounded ? 0.0 : 1e9;
  if (std::abs(exact) < std::numeric_limits<T>::min()) return std::abs(y) <= std::numeric_limits<T>::min() ? 0.0 : 1e9;
  const int exponent = std::ilogb(exact);
  return static_cast<double>(std::abs(static_cast<Wide>(y) - exact) /
                             std::ldexp(Wide{1}, exponent - std::numeric_limits<T>::digits + 1));
}

template <typename T, typename Wide>
static double largestError(const Compiled& compiled, Wide (*exact)(Wide), const std::vector<T>& inputs) {
  double worst = 0.0;
  std::vector<T> x(kCount), y(kCount);
  for (std::size_t begin = 0; begin < inputs.size(); begin += kCount) {
    for (std::size_t i = 0; i < kCount; ++i) x[i] = inputs[std::min(begin + i, inputs.size() - 1)];
    compiled.run(x, y);
    for (std::size_t i = 0; i < kCount; ++i)
      worst = std::max(worst, errorInUlps<T, Wide>(y[i], exact(static_cast<Wide>(x[i]))));
  }
  return worst;
}

/// Floats spread over all bit patterns (every exponent, both signs, infinities and NaNs), but for denormals.
static std::vector<float> allFloats(float limit = std::numeric_limits<float>::infinity()) {
  constexpr std::uint64_t kStep = 4099;
  std::vector<float> result;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += kStep) {
    const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (std::fpclassify(x) != FP_SUBNORMAL && !(std::abs(x) > limit)) result.push_back(x);
  }
  return result;
}
static std::vector<float> uniformFloats(float low, float high) {
  std::vector<float> result;
  for (std::uint64_t i = 0; i < 500'000; ++i)
    result.push_back(low + (high - low) * uniformFromBits(randomBits(1, 2, i)));
  return result;
}
static std::vector<double> uniformDoubles(double low, double high) {
  std::vector<double> result;
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    const double fine = randomBits(1, 2, 2 * i) * 0x1p-32 + randomBits(1, 2, 2 * i + 1) * 0x1p-64;
    result.push_back(low + (high - low) * fine);
  }
  return result;
}

TEST(VectorMath, ExpOfFloats) {
  const Compiled compiled(ir::Op::Exp, DType::F32);
  EXPECT_LE((largestError<float, double>(compiled, std::exp, allFloats())), 1.0);
  EXPECT_LE((largestError<float, double>(compiled, std::exp, uniformFloats(-88, 89))), 1.0);
  EXPECT_LE((largestError<float, double>(compiled, std::exp, uniformFloats(-1, 1))), 1.0);
}

TEST(VectorMath, LogOfFloats) {
  const Compiled compiled(ir::Op::Log, DType::F32);
  EXPECT_LE((largestError<float, double>(compiled, std::log, allFloats())), 1.0);
  EXPECT_LE((largestError<float, double>(compiled, std::log, uniformFloats(0.5, 2))), 1.0);
}

TEST(VectorMath, TanhOfFloats) {
  const Compiled compiled(ir::Op::Tanh, DType::F32);
  EXPECT_LE((largestError<float, double>(compiled, std::tanh, allFloats())), 2.0);
  EXPECT_LE((largestError<float, double>(compiled, std::tanh, uniformFloats(-10, 10))), 2.0);
}

TEST(VectorMath, SinOfFloats) {
  const Compiled compiled(ir::Op::Sin, DType::F32);
  EXPECT_LE((largestError<float, double>(compiled, std::sin, allFloats(0x1p30f))), 2.0);
  EXPECT_LE((largestError<float, double>(compiled, std::sin, uniformFloats(-1e5f, 1e5f))), 2.0);
  EXPECT_LE((largestError<float, double>(compiled, std::sin, uniformFloats(-7, 7))), 2.0);
}

// Multiples of pi as floats: what is left after the reduction is far below the argument's spacing.
TEST(VectorMath, SinNextToMultiplesOfPi) {
  std::vector<float> inputs;
  for (int n = 1; n < 100'000; ++n) inputs.push_back(static_cast<float>(n * 3.14159265358979323846));
  EXPECT_LE((largestError<float, double>(Compiled(ir::Op::Sin, DType::F32), std::sin, inputs)), 2.0);
}

TEST(VectorMath, Doubles) {
  const Compiled exponential(ir::Op::Exp, DType::F64), logarithm(ir::Op::Log, DType::F64),
      tangent(ir::Op::Tanh, DType::F64);
  const Compiled sine(ir::Op::Sin, DType::F64);
  EXPECT_LE((largestError<double, long double>(exponential, std::exp, uniformDoubles(-746, 711))), 1.0);
  EXPECT_LE((largestError<double, long double>(exponential, std::exp, uniformDoubles(-1, 1))), 1.0);
  EXPECT_LE((largestError<double, long double>(logarithm, std::log, uniformDoubles(0, 1e6))), 1.0);
  EXPECT_LE((largestError<double, long double>(logarithm, std::log, uniformDoubles(0.6, 1.6))), 1.0);
  EXPECT_LE((largestError<double, long double>(tangent, std::tanh, uniformDoubles(-20, 20))), 3.0);
  EXPECT_LE((largestError<double, long double>(tangent, std::tanh, uniformDoubles(-0.5, 0.5))), 3.0);
  EXPECT_LE((largestError<double, long double>(sine, std::sin, uniformDoubles(-0x1p20, 0x1p20))), 3.0);
  EXPECT_LE((largestError<double, long double>(sine, std::sin, uniformDoubles(-7, 7))), 3.0);
}

template <typename T>
static void checkSpecialValues(DType dtype) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const std::vector<T> inputs{
      T{0}, -T{0}, inf, -inf, nan, T{1}, T{-1}, std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest()};
  const auto valuesOf = [&](ir::Op op) {
    std::vector<T> x(kCount, T{0}), y(kCount);
    std::copy(inputs.begin(), inputs.end(), x.begin());
    Compiled(op, dtype).run(x, y);
    return y;
  };
  const std::vector<T> e = valuesOf(ir::Op::Exp), l = valuesOf(ir::Op::Log), t = valuesOf(ir::Op::Tanh),
                       s = valuesOf(ir::Op::Sin);
  EXPECT_EQ(e[0], T{1});
  EXPECT_EQ(e[2], inf);
  EXPECT_EQ(e[3], T{0});
  EXPECT_TRUE(std::isnan(e[4]));
  EXPECT_EQ(e[7], inf);
  EXPECT_EQ(e[8], T{0});
  EXPECT_EQ(l[0], -inf);
  EXPECT_EQ(l[1], -inf);
  EXPECT_EQ(l[2], inf);
  EXPECT_TRUE(std::isnan(l[3]));
  EXPECT_TRUE(std::isnan(l[4]));
  EXPECT_EQ(l[5], T{0});
  EXPECT_TRUE(std::isnan(l[6]));
  EXPECT_TRUE(t[1] == 0 && std::signbit(t[1]));
  EXPECT_EQ(t[2], T{1});
  EXPECT_EQ(t[3], T{-1});
  EXPECT_TRUE(std::isnan(t[4]));
  EXPECT_EQ(t[5], -t[6]);
  EXPECT_TRUE(s[1] == 0 && std::signbit(s[1]));
  EXPECT_TRUE(std::isnan(s[2]) && std::isnan(s[3]) && std::isnan(s[4]));
  EXPECT_LE(std::abs(s[7]), T{1});
}

TEST(VectorMath, SpecialValues) {
  checkSpecialValues<float>(DType::F32);
  checkSpecialValues<double>(DType::F64);
}

}  // namespace nnc::codegen::test
