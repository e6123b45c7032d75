// What a step does to the parameters: optimizers, precision, freezing, clipping, sums across parameters.
#include <cmath>

#include "step_fixture.h"

namespace nnc::elaborate {

/// By hand: p = x w + b, loss = mean (p - y)^2, d loss / d p = 2 (p - y) / 2.
TEST_F(StepTest, GradientDescentWithMomentumMatchesHandComputation) {
  ASSERT_TRUE(elaborate(linear("optimizer: sgd(0.1, momentum: 0.9)\n  metrics: [mae]"))) << messages();
  std::vector<ir::Tensor> slots = initial();
  double w[2] = {slots[0].real(0), slots[0].real(1)}, b = slots[1].real(0), m[3] = {0, 0, 0};
  EXPECT_EQ(b, 0.0);
  const double x[2][2] = {{1, 2}, {-1, 0.5}}, y[2] = {1, -2};
  for (int step = 1; step <= 3; ++step) {
    double loss = 0, mae = 0, g[3] = {0, 0, 0};
    for (int i = 0; i < 2; ++i) {
      const double e = x[i][0] * w[0] + x[i][1] * w[1] + b - y[i];
      loss += e * e / 2;
      mae += std::abs(e) / 2;
      g[0] += e * x[i][0];
      g[1] += e * x[i][1];
      g[2] += e;
    }
    for (int k = 0; k < 3; ++k) m[k] = 0.9 * m[k] + g[k];
    w[0] -= 0.1 * m[0];
    w[1] -= 0.1 * m[1];
    b -= 0.1 * m[2];
    const std::vector<double> scalars = advance(slots, points(), step);
    // Some ten f32 roundings of numbers near 1.
    expectNear(scalars, {loss, mae}, 4e-6);
    expectNear(reals(slots[0]), {w[0], w[1]}, 4e-6);
    expectNear(reals(slots[1]), {b}, 4e-6);
    expectNear(reals(slots[2]), {m[0], m[1]}, 4e-6);
  }
}

/// Kingma and Ba 2015, algorithm 1, in f64.
TEST_F(StepTest, AdamMatchesHandComputationInF64) {
  ASSERT_TRUE(elaborate(linear("optimizer: adam(0.01)\n  precision: .f64"))) << messages();
  std::vector<ir::Tensor> slots = initial();
  ASSERT_EQ(slots[0].type.dtype, ir::DType::F64);
  double p[3] = {slots[0].real(0), slots[0].real(1), 0}, m[3] = {}, v[3] = {};
  // The constants of the program are f32 numbers.
  const double lr = 0.01f, b1 = 0.9f, b2 = 0.999f, c1 = 0.1f, c2 = 0.001f, eps = 1e-8f;
  const double x[2][2] = {{1, 2}, {-1, 0.5}}, y[2] = {1, -2};
  for (int step = 1; step <= 3; ++step) {
    double g[3] = {};
    for (int i = 0; i < 2; ++i) {
      const double e = x[i][0] * p[0] + x[i][1] * p[1] + p[2] - y[i];
      g[0] += e * x[i][0];
      g[1] += e * x[i][1];
      g[2] += e;
    }
    for (int k = 0; k < 3; ++k) {
      m[k] = b1 * m[k] + c1 * g[k];
      v[k] = b2 * v[k] + c2 * g[k] * g[k];
      p[k] -= lr * (m[k] / (1 - std::pow(0.9, step))) / (std::sqrt(v[k] / (1 - std::pow(0.999, step))) + eps);
    }
    advance(slots, points(ir::DType::F64), step);
    // The logarithms of b1 and b2 in their powers are rounded to f32: relative 6e-8 on a step of 0.01.
    expectNear(reals(slots[0]), {p[0], p[1]}, 1e-8);
    expectNear(reals(slots[1]), {p[2]}, 1e-8);
  }
}

/// Operands of the product are rounded, forward and backward; bias, loss, parameters and momentum are f32.
TEST_F(StepTest, Bf16RoundsTheOperandsOfProductsAlone) {
  ASSERT_TRUE(elaborate(linear("optimizer: sgd(0.1, momentum: 0.9)\n  precision: .bf16"))) << messages();
  for (const Slot& slot : train_->slots) EXPECT_EQ(slot.type.dtype, ir::DType::F32) << slot.path;
  std::vector<ir::Tensor> slots = initial();
  const auto rounded = [](double v) { return ir::bf16ToFloat(ir::floatToBf16(static_cast<float>(v))); };
  std::vector<ir::Tensor> fields = points();
  const double x[2][2] = {{1.2345678, 2.7182818}, {-1.1111111, 0.5772157}}, y[2] = {1, -2};
  for (int i = 0; i < 4; ++i) fields[0].setReal(i, x[i / 2][i % 2]);
  double w[2] = {slots[0].real(0), slots[0].real(1)}, b = 0, m[3] = {};
  for (int step = 1; step <= 3; ++step) {
    double loss = 0, g[3] = {};
    for (int i = 0; i < 2; ++i) {
      const double e = rounded(x[i][0]) * rounded(w[0]) + rounded(x[i][1]) * rounded(w[1]) + b - y[i];
      loss += e * e / 2;
      g[0] += rounded(e) * rounded(x[i][0]);
      g[1] += rounded(e) * rounded(x[i][1]);
      g[2] += e;
    }
    for (int k = 0; k < 3; ++k) m[k] = 0.9 * m[k] + g[k];
    w[0] -= 0.1 * m[0];
    w[1] -= 0.1 * m[1];
    b -= 0.1 * m[2];
    const std::vector<double> scalars = advance(slots, fields, step);
    // Some ten f32 roundings of numbers below 4: were anything else in bf16, it would be off by 1e-3.
    expectNear(scalars, {loss}, 8e-6);
    expectNear(reals(slots[0]), {w[0], w[1]}, 8e-6);
    expectNear(reals(slots[1]), {b}, 8e-6);
    expectNear(reals(slots[2]), {m[0], m[1]}, 8e-6);
  }
}

TEST_F(StepTest, FrozenParametersStay) {
  ASSERT_TRUE(elaborate(linear("optimizer: sgd(0.1)\n  freeze: [net.dense.w]"))) << messages();
  EXPECT_FALSE(train_->slots[0].isTrained);
  EXPECT_TRUE(train_->slots[1].isTrained);
  std::vector<ir::Tensor> slots = initial();
  const std::vector<double> before = reals(slots[0]);
  advance(slots, points(), 1);
  EXPECT_EQ(reals(slots[0]), before);
  EXPECT_NE(slots[1].real(0), 0.0);
}

TEST_F(StepTest, ClippingScalesAllGradientsByOneNumber) {
  ASSERT_TRUE(elaborate(linear("optimizer: sgd(1.0)\n  clip: global_norm(0.25)"))) << messages();
  std::vector<ir::Tensor> slots = initial();
  const std::vector<double> w = reals(slots[0]);
  advance(slots, points(), 1);
  const double d0 = w[0] - slots[0].real(0), d1 = w[1] - slots[0].real(1), d2 = -slots[1].real(0);
  EXPECT_NEAR(std::sqrt(d0 * d0 + d1 * d1 + d2 * d2), 0.25, 1e-6);

  ASSERT_TRUE(elaborate(linear("optimizer: sgd(1.0)"))) << messages();
  std::vector<ir::Tensor> free = initial();
  advance(free, points(), 1);
  const double f0 = w[0] - free[0].real(0), f2 = -free[1].real(0);
  EXPECT_NEAR(d0 / d2, f0 / f2, 1e-5) << "the direction is kept";

  ASSERT_TRUE(elaborate(linear("optimizer: sgd(1.0)\n  clip: global_norm(1000.0)"))) << messages();
  std::vector<ir::Tensor> loose = initial();
  advance(loose, points(), 1);
  EXPECT_EQ(reals(loose[0]), reals(free[0])) << "below the limit nothing is scaled";
}

TEST_F(StepTest, ProjectionRunsAfterTheOptimizer) {
  ASSERT_TRUE(elaborate(linear("optimizer: sgd(0.1)", R"nn(
fn small(limit: real)(w: f32[..s]) -> f32[..s] = min(max(w, -limit), limit)
layer capped(x: f32[B, n]) -> f32[B, 1] {
  param(project: small(0.125)) w: f32[n, 1] = 1.0
  let y[b, o] = sum[i](x[b, i] * w[i, o])
  return y
}
)nn",
                               "capped")))
      << messages();
  std::vector<ir::Tensor> slots = initial();
  EXPECT_EQ(reals(slots[0]), (std::vector<double>{1, 1}));
  advance(slots, points(), 1);
  // The gradient of w is x^T e = [4.5, 4.75] with e = [2, 1.5]: w would be [0.55, 0.525].
  EXPECT_EQ(reals(slots[0]), (std::vector<double>{0.125, 0.125}));
}

/// The optimizer clips by the norm over all parameters, as `clip: global_norm(1.0)` does.
TEST_F(StepTest, AcrossParamsSumsOverAllThatAreTrained) {
  const std::string optimizer =
      "optimizer clipped(lr: real)(p: f32[..s], g: f32[..s]) -> f32[..s] {\n"
      "  let norm = sqrt(across_params(total(g ** 2)))\n  state seen: f32 = 0.0\n  update seen = norm\n"
      "  return p - lr * g / max(norm, 1.0)\n}\n";
  ASSERT_TRUE(elaborate(linear("optimizer: sgd(0.1)\n  clip: global_norm(1.0)"))) << messages();
  std::vector<ir::Tensor> expected = initial();
  advance(expected, points(), 1);
  ASSERT_TRUE(elaborate(linear("optimizer: clipped(0.1)", optimizer))) << messages();
  std::vector<ir::Tensor> slots = initial(), start = slots;
  advance(slots, points(), 1);
  double square = 0;
  for (int k = 0; k < 3; ++k) {
    const auto value = [k](const std::vector<ir::Tensor>& s) { return k < 2 ? s[0].real(k) : s[1].real(0); };
    EXPECT_NEAR(value(slots), value(expected), 1e-6);  // one step in f32
    square += std::pow((value(start) - value(slots)) / 0.1, 2);
  }
  EXPECT_NEAR(square, 1.0, 1e-5);  // the norm of what is applied
  EXPECT_GT(slots[slot("net.dense.b/seen")].real(0), 1.0);
  EXPECT_EQ(slots[slot("net.dense.b/seen")].real(0), slots[slot("net.dense.w/seen")].real(0));
}

TEST_F(StepTest, AcrossParamsLeavesOutWhatIsFrozen) {
  const std::string optimizer =
      "optimizer counted(k: real = 1.0)(p: f32[..s], g: f32[..s]) -> f32[..s] {\n"
      "  let n = across_params(k)\n"
      "  return 0.0 * (p + g) + n + 10.0 * across_params(across_params(n))\n}\n";
  ASSERT_TRUE(elaborate(linear("optimizer: counted()", optimizer))) << messages();
  std::vector<ir::Tensor> slots = initial();
  advance(slots, points(), 1);
  EXPECT_EQ(slots[0].real(0), 2.0 + 10.0 * 8.0);  // n = 2, the sum of n is 4, the sum of that 8
  EXPECT_EQ(slots[1].real(0), 82.0);
  ASSERT_TRUE(elaborate(linear("optimizer: counted()\n  freeze: [net.dense.w]", optimizer))) << messages();
  slots = initial();
  advance(slots, points(), 1);
  EXPECT_EQ(slots[1].real(0), 11.0);
}

/// A loss that holds a derivative: the penalty pulls the slope w of p = w x to length 1. Every step goes through the
/// second derivative.
TEST_F(StepTest, AGradientPenaltyTrains) {
  const std::string network =
      "network slope(x: f32[B, 2]) {\n  sub a = dense(1)\n  let p = a(x)\n  let g = grad(total(p), x)\n"
      "  let length[n] = sqrt(sum[i](g[n, i] ** 2) + 1e-12)\n  return (p: p, length: length)\n}\n"
      "fn penalty(z: (p: f32[B, 1], length: f32[B]), y: f32[B, 1]) -> f32[B] = (z.length - 1.0) ** 2\n";
  const std::string text = std::string(kData) + network +
                           "train fit {\n  network: slope\n  data: points\n  loss: penalty\n  batch: 2\n  steps: 1\n"
                           "  optimizer: sgd(0.1)\n}\n";
  ASSERT_TRUE(elaborate(text)) << messages();
  std::vector<ir::Tensor> slots = initial();
  slots[0].setReal(0, 1.5);
  slots[0].setReal(1, -2.0);
  for (int step = 1; step <= 60; ++step) advance(slots, points(), step);
  // The distance to 1 shrinks by 1 - 2 * 0.1 a step: 1.5 * 0.8^60 is 2e-6. The direction stays.
  EXPECT_NEAR(std::hypot(slots[0].real(0), slots[0].real(1)), 1.0, 1e-5);
  EXPECT_NEAR(slots[0].real(0) / slots[0].real(1), -0.75, 1e-5);
}

}  // namespace nnc::elaborate
