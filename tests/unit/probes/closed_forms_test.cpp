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
  double theory(const std::string& program) {
    open(program);
    return measured("depth_theory")[0].values[0];
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

/// Initialisers count by the variance that they give, the user's own among them. Tolerance: of 10 matrices of 128^2
/// numbers, whose mean square has a relative deviation below sqrt(2 / (10 * 128^2)) = 0.35 %, half of it in the root.
TEST_F(ClosedFormsTest, TheoryKnowsWhatIsBound) {
  EXPECT_NEAR(theory(deep("relu", "narrow")), std::sqrt(1.0 / 6.0), 0.01 * std::sqrt(1.0 / 6.0));
  EXPECT_NEAR(theory(deep("relu", "glorot_uniform")), std::sqrt(0.5), 0.01);
  EXPECT_NEAR(theory(deep("relu", "he_normal")), 1.0, 0.01);
  EXPECT_NEAR(theory(deep("tanh", "narrow")), std::sqrt(1.0 / 3.0), 0.01);
  EXPECT_NEAR(theory(deep("sigmoid", "glorot_uniform")), 0.25, 0.0025);
  EXPECT_DOUBLE_EQ(theory(deep("relu", "he_normal", "batch_norm()")), std::sqrt(M_PI / (M_PI - 1.0)));
}

/// Under other names: parameters of the train, and of layers of one's own.
TEST_F(ClosedFormsTest, TheoryDoesNotReadNames) {
  const std::string program = R"(layer unit(squash: fn, start: init)(x: f32[B, n]) -> f32[B, 32] {
  return x |> dense(32, init: start) |> squash
}
network net(squash: fn, start: init)(x: f32[B, 8]) -> f32[B, 10] = x |> repeat 4 { unit(squash, start) } |> dense(10)
fn act(x: f32[..s]) -> f32[..s] = 2.0 * x
fn example(i: i32, key: key) -> (x: f32[8], y: i32) = (x: random_normal(key, [8]), y: i % 10)
train fit(squash: fn = SQUASH, start: init = normal(0.25)) {
  network: net(squash, start)
  data: generate(50, example)
  loss: cross_entropy
  optimizer: sgd(0.1)
  batch: 10
  steps: 1
})";
  const auto with = [&](const std::string& squash) {
    std::string text = program;
    return text.replace(text.find("SQUASH"), 6, squash);
  };
  EXPECT_NEAR(theory(with("relu")), std::sqrt(0.5 * 32.0 / 16.0), 0.03);  // 3 matrices of 32^2: 1.3 % of 1
  EXPECT_TRUE(std::isnan(theory(with("act"))));                           // no activation of the stdlib
  EXPECT_TRUE(std::isnan(theory(with("gelu"))));                          // no closed form
}

/// Where a layer's output goes anywhere but through its activation into the next one there is no closed form here.
TEST_F(ClosedFormsTest, TheoryIsOfPlainChainsAlone) {
  const auto with = [](const std::string& body) {
    return "layer twice(x: f32[B, n]) -> f32[B, n] { return x + (x |> dense(16) |> relu |> dense(16)) }\n"
           "network net(x: f32[B, 16]) -> f32[B, 10] = x |> " +
           body +
           " |> dense(10)\n"
           "fn example(i: i32, key: key) -> (x: f32[16], y: i32) = (x: random_normal(key, [16]), y: i % 10)\n"
           "train fit {\n  network: net\n  data: generate(50, example)\n  loss: cross_entropy\n  optimizer: sgd(0.1)\n"
           "  batch: 10\n  steps: 1\n}\n";
  };
  EXPECT_FALSE(std::isnan(theory(with("dense(16) |> relu |> dropout(0.5) |> dense(16) |> relu"))));  // noise is off
  EXPECT_TRUE(std::isnan(theory(with("twice() |> relu |> twice() |> relu"))));
  EXPECT_TRUE(std::isnan(theory(with("dense(16) |> relu |> dense(16) |> tanh |> dense(16) |> relu"))));
  EXPECT_TRUE(std::isnan(theory(with("dense(16) |> layer_norm() |> relu |> dense(16) |> layer_norm() |> relu"))));
  EXPECT_TRUE(std::isnan(theory(with("dense(16) |> relu |> batch_norm() |> dense(16) |> relu"))));
  EXPECT_TRUE(std::isnan(theory(with("dense(16) |> relu |> dense(8) |> relu |> dense(16) |> relu"))));
  EXPECT_TRUE(std::isnan(theory(with("dense(16) |> relu"))));  // one hidden layer has no next one
}

}  // namespace nnc::probes
