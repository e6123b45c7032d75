// How lengths of derivatives change with depth at initial values, against the closed forms: per layer
// gain(act) * sqrt(fan_out * Var W), the gain being the root mean square of the derivative of the activation.
#include <cmath>

#include "fixture.h"

namespace nnc::probes {

/// 11 hidden layers of 128 units on 500 examples of 64 normal numbers.
static std::string deep(const std::string& act, const std::string& init, const std::string& norm = "identity") {
  return "network net(x: f32[B, 64]) -> f32[B, 10] = x |> repeat 11 { dense(128, init: " + init + ") |> " + norm +
         " |> " + act + R"( } |> dense(10)
fn narrow(shape: dims, key: key) -> f32[..shape] {
  let bound = 1.0 / sqrt(fan_in(shape))
  return uniform(-bound, bound)(shape, key)
}
fn example(i: i32, key: key) -> (x: f32[64], y: i32) = (x: random_normal(key, [64]), y: i % 10)
train fit {
  network: net
  data: generate(500, example)
  loss: cross_entropy
  optimizer: sgd(0.1)
  batch: 100
  steps: 1
})";
}

class ClosedFormsTest : public BenchTest {
 protected:
  /// Mean of depth_rate over five seeds.
  double rate(const std::string& program) {
    double sum = 0.0;
    open(program);
    for (std::int64_t seed = 1; seed <= 5; ++seed) {
      tensors_ = training::initialTensors(train_->initModule, train_->init, seed);
      keepSlots();
      sum += measured("depth_rate")[0].values[0] / 5.0;
    }
    return sum;
  }
};

// Tolerances: 4 %, sigmoid 7 % (its mean is not 0). A random matrix of 128 units changes a length by a factor with
// deviation about sqrt(5 / 128) / 2 = 0.1 in one layer; the slope over 11 layers and 5 seeds keeps 0.1 / sqrt(110 * 5)
// of it per layer, 0.4 %.
TEST_F(ClosedFormsTest, ReluWithThreeInitialisers) {
  EXPECT_NEAR(rate(deep("relu", "narrow")), std::sqrt(1.0 / 6.0), 0.04 * std::sqrt(1.0 / 6.0));
  EXPECT_NEAR(rate(deep("relu", "glorot_uniform")), std::sqrt(0.5), 0.04 * std::sqrt(0.5));
  EXPECT_NEAR(rate(deep("relu", "he_normal")), 1.0, 0.04);
}

TEST_F(ClosedFormsTest, TanhShrinksWithTheUniformInitialiser) {
  // Activations shrink by 1 / sqrt 3 per layer, so the derivative of tanh is near 1 from the second layer on.
  EXPECT_NEAR(rate(deep("tanh", "narrow")), std::sqrt(1.0 / 3.0), 0.04 * std::sqrt(1.0 / 3.0));
}

TEST_F(ClosedFormsTest, SigmoidLosesThreeQuarters) {
  EXPECT_NEAR(rate(deep("sigmoid", "glorot_uniform")), 0.25, 0.07 * 0.25);
}

/// sqrt(pi / (pi - 1)) = 1.211 for large batches. Yang et al. 2019.
TEST_F(ClosedFormsTest, BatchNormExplodes) {
  const double measured = rate(deep("relu", "he_normal", "batch_norm()"));
  EXPECT_GT(measured, 1.15);
  EXPECT_LT(measured, 1.24);
}

}  // namespace nnc::probes
