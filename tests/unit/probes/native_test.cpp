// Native probes on networks whose answers can be computed by hand.
#include <cmath>

#include "fixture.h"

namespace nnc::probes {

static const char* const kLine = "x |> dense(1, bias: false)";
static const char* const kTwice = "full([1], 2.0) * cast(i + 1, f32)";  // y = 2 x

/// Loss m (w - 2)^2 with m = mean of x^2 = 7.5: gradient 2 m (w - 2), second derivative 2 m = 15.
TEST_F(BenchTest, SmoothOfAParabola) {
  open(scalarTrain(kLine, kTwice));
  set("net.dense.w", {3});
  const Rows rows = measured("smooth");
  ASSERT_EQ(rows.size(), 4u);
  // At 3 the gradient is 15; steps of 15 / 8 * (1/4, 1/2, 1, 2, 4) lead to w - 2 = 0.53125, 0.0625, -0.875, -2.75,
  // -6.5.
  EXPECT_NEAR(rows[0].values[0], 7.5 * 0.0625 * 0.0625, 1e-6);
  EXPECT_NEAR(rows[1].values[0], 7.5 * 6.5 * 6.5, 1e-3);
  EXPECT_NEAR(rows[2].values[0], 15.0 * 7.5, 1e-3);  // |g' - g| at the farthest point, 7.5 away
  EXPECT_NEAR(rows[3].values[0], 15.0, 1e-4);
}

TEST_F(BenchTest, UpdateRatioIsOfTheRealStep) {
  open(scalarTrain(kLine, kTwice));
  set("net.dense.w", {4});
  const SlotCopy before(*train_, slots_->view());
  set("net.dense.w", {3});
  const Rows rows = measured("update_ratio", &before, 1);
  EXPECT_EQ(rows[0].paths, std::vector<std::string>{"net.dense.w"});
  EXPECT_EQ(rows[0].values, std::vector<double>{0.25});
}

/// z = a b x: dL/db = 2 m (a b - 2) a. The step takes a from 1 to 2, b from 3 to 5; G' has the new a and the old b.
TEST_F(BenchTest, IcsChangesTheLayersInFront) {
  open(scalarTrain("x |> dense(1, bias: false) |> dense(1, bias: false)", kTwice));
  set("net.dense.w", {1});
  set("net.dense_2.w", {3});
  const SlotCopy before(*train_, slots_->view());
  set("net.dense.w", {2});
  set("net.dense_2.w", {5});
  const Rows rows = measured("ics", &before, 1);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].series, "ics.cos");
  EXPECT_EQ(rows[0].values, (std::vector<double>{1.0, 1.0}));
  // G = 15 (3 - 2) 1 = 15, G' = 15 (6 - 2) 2 = 120. In front of the first layer nothing changes.
  EXPECT_NEAR(rows[1].values[1], 105.0 / 15.0, 1e-5);
  EXPECT_NEAR(rows[2].values[1], 105.0, 1e-3);
  EXPECT_EQ(rows[2].values[0], 0.0);
}

/// Rows 0 and 1 want w = 2; then so do rows 2 and 3, or they want w = -2: at w = 0 the gradients agree or oppose.
TEST_F(BenchTest, GradNoiseComparesTheHalves) {
  for (const double sign : {1.0, -1.0}) {
    open(scalarTrain(kLine, std::string("full([1], 2.0) * cast(i + 1, f32) * select(i < 2, 1.0, ") +
                                (sign > 0 ? "1.0" : "-1.0") + ")"));
    set("net.dense.w", {0});
    const Rows rows = measured("grad_noise");
    EXPECT_EQ(rows[0].paths, std::vector<std::string>{"net.dense.w"});
    EXPECT_EQ(rows[0].values, std::vector<double>{sign});
  }
}

/// J from the first to the second layer is twice the identity for each example: every singular value is 2.
TEST_F(BenchTest, JacobianOfAScaledIdentity) {
  open(
      "network net(x: f32[B, 2]) -> f32[B, 1] = x |> dense(2) |> dense(2) |> dense(1)\n"
      "train fit {\n  network: net\n  data: generate(4, fn (i, key) => (x: random_normal(key, [2]), y: full([1], "
      "1.0)))\n"
      "  loss: mse\n  optimizer: sgd(0.1)\n  batch: 4\n  steps: 1\n}\n");
  set("net.dense_2.w", {2, 0, 0, 2});
  set("net.dense_3.w", {3, 4});
  const Rows rows = measured("jac_sv");
  EXPECT_EQ(rows[0].series, "jac_sv.rms");
  EXPECT_EQ(rows[0].paths, (std::vector<std::string>{"net.dense", "net.dense_2"}));
  EXPECT_NEAR(rows[0].values[0], 2.0, 1e-6);
  EXPECT_NEAR(rows[1].values[0], 2.0, 1e-6);
  // From two units to one: the one singular value of each example is |(3, 4)| = 5.
  EXPECT_NEAR(rows[0].values[1], 5.0, 1e-6);
  EXPECT_NEAR(rows[1].values[1], 5.0, 1e-5);
}

/// The derivative of a line does not depend on the point.
TEST_F(BenchTest, ALinearNetworkDoesNotShatter) {
  open(R"(network net(x: f32[B, 3]) -> f32[B, 2] = x |> dense(4) |> dense(2)
train fit {
  network: net
  data: generate(20, fn (i, key) => (x: random_normal(key, [3]), y: cast(i % 2, i32)))
  loss: cross_entropy
  optimizer: sgd(0.1)
  batch: 4
  steps: 1
})");
  const Rows rows = measured("grad_shatter");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2].series, "grad_shatter.lag16");
  for (const Row& row : rows) EXPECT_NEAR(row.values[0], 1.0, 1e-12);
}

/// Along a direction the loss of a line is a parabola: second differences are all alike.
TEST_F(BenchTest, SliceOfAParabola) {
  open(scalarTrain(kLine, kTwice));
  set("net.dense.w", {3});
  const Rows rows = measured("slice");
  ASSERT_EQ(rows[2].values.size(), 21u);
  EXPECT_EQ(rows[2].paths[0], "-1.0");
  EXPECT_EQ(rows[2].paths[10], "0.0");
  EXPECT_NEAR(rows[2].values[10], 7.5, 1e-5);
  // The direction is as long as the weight, +-3: f = 7.5 (1 +- 3 a)^2.
  const double sign = rows[2].values[20] > rows[2].values[0] ? 1.0 : -1.0;
  for (int i = 0; i < 21; ++i) {
    const double a = -1.0 + 0.1 * i;
    EXPECT_NEAR(rows[2].values[static_cast<std::size_t>(i)], 7.5 * (1.0 + sign * 3.0 * a) * (1.0 + sign * 3.0 * a),
                1e-3);
  }
  EXPECT_NEAR(rows[0].values[0], 7.5 * 9.0 / 4.0, 1e-3);  // sharp: 7.5 * 9 * (1/2)^2
  EXPECT_EQ(rows[1].values[0], 0.0);                      // one minimum
}

/// x is (1, 0) or (0, 1) as often, y = 3 or 4: the loss is |w - (3, 4)|^2 / 2.
static const char* const kBowl = R"(network net(x: f32[B, 2]) -> f32[B, 1] = x |> dense(1, bias: false)
fn example(i: i32, key: key) -> (x: f32[2], y: f32[1]) {
  let x[j: 2] = select(i % 2 == j, 1.0, 0.0)
  return (x: x, y: full([1], select(i % 2 == 0, 3.0, 4.0)))
}
train fit {
  network: net
  data: generate(4, example)
  loss: mse
  optimizer: sgd(0.125)
  batch: 4
  steps: 1
})";

/// At the minimum a quadratic loss is a quadratic form of (a, b): its levels are ellipses. Both directions are as long
/// as the weights, 5, so that it is 25 / 2 at the end of either.
TEST_F(BenchTest, PlaneOfABowlHasEllipses) {
  open(kBowl);
  set("net.dense.w", {3, 4});
  const Rows rows = measured("slice_2d");
  ASSERT_EQ(rows.size(), 1u);
  ASSERT_EQ(rows[0].values.size(), 441u);
  EXPECT_EQ(rows[0].paths[0], "-1.0,-1.0");
  EXPECT_EQ(rows[0].paths[1], "-0.9,-1.0");
  EXPECT_EQ(rows[0].paths[220], "0.0,0.0");
  const auto at = [&](int i, int j) { return rows[0].values[static_cast<std::size_t>(21 * (j + 10) + i + 10)]; };
  EXPECT_NEAR(at(10, 0), 12.5, 1e-4);
  EXPECT_NEAR(at(0, 10), 12.5, 1e-4);
  const double mixed = (at(10, 10) - at(10, 0) - at(0, 10)) / 2.0;
  EXPECT_LT(std::abs(mixed), 12.4);  // 12.5: parallel; below it the form is definite
  for (int j = -10; j <= 10; ++j)
    for (int i = -10; i <= 10; ++i) {
      const double a = i / 10.0, b = j / 10.0;
      // f32 residuals of up to 10 are off by some 1e-6, their squares by 1e-5.
      EXPECT_NEAR(at(i, j), 12.5 * (a * a + b * b) + 2.0 * mixed * a * b, 1e-4) << a << " " << b;
    }
}

/// Where the second direction does not count the plane is the slice, to the bit.
TEST_F(BenchTest, PlaneHoldsTheSlice) {
  open(R"(network net(x: f32[B, 3]) -> f32[B, 2] = x |> dense(4) |> batch_norm() |> relu |> dense(2)
train fit {
  network: net
  data: generate(1200, fn (i, key) => (x: random_normal(key, [3]), y: cast(i % 2, i32)))
  loss: cross_entropy
  optimizer: sgd(0.1)
  batch: 4
  steps: 1
})");
  const Rows slice = measured("slice"), plane = measured("slice_2d");
  const auto middle = plane[0].values.begin() + 10 * 21;
  EXPECT_EQ(std::vector<double>(middle, middle + 21), slice[2].values);
  EXPECT_NE(plane[0].values[10], slice[2].values[0]);  // the other direction is another one
}

TEST_F(BenchTest, WhatCannotBeMeasuredSaysWhy) {
  open(
      "network net(t: i32[B, 3]) -> f32[B, 3, 2] = t |> embedding(5, 2)\n"
      "train fit {\n  network: net\n  data: generate(4, fn (i, key) => (t: cast(floor(random_uniform(key, [3]) * 5), "
      "i32),"
      " y: random_normal(key, [3, 2])))\n"
      "  loss: fn (a, y) => average(a - y)\n  optimizer: still\n  batch: 4\n  steps: 1\n}\n"
      "optimizer still(p: f32[..s], g: f32[..s]) -> f32[..s] = p - 0.1 * g\n");
  Rows rows;
  const Moment moment{slots_->view(), 0, nullptr};
  EXPECT_FALSE(measureNative("grad_shatter", *bench_, moment, rows));
  EXPECT_FALSE(measureNative("smooth", *bench_, moment, rows));
  EXPECT_EQ(messages(),
            "E1805 `grad_shatter` needs a network that takes floats, and `t` is i32[256, 3]\n"
            "E1807 `smooth` needs the learning rate as a number, and the optimizer of the train has no `lr`\n");
}

TEST_F(BenchTest, HalvesNeedTwoExamples) {
  std::string text = scalarTrain(kLine, kTwice);
  text.replace(text.find("generate(4"), 10, "generate(1");
  open(text);
  Rows rows;
  EXPECT_FALSE(measureNative("grad_noise", *bench_, {slots_->view(), 0, nullptr}, rows));
  EXPECT_EQ(messages(), "E1806 `grad_noise` needs 2 examples, and there is one\n");
}

}  // namespace nnc::probes
