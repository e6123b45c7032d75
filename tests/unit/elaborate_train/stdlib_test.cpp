// The stdlib against formulas computed here in f64. Programs run in f32: tolerances are some roundings of 6e-8.
#include <cmath>
#include <functional>
#include <numeric>

#include "fixture.h"

namespace nnc::elaborate {

class StdlibTest : public ProjectTest {
 protected:
  /// The outputs of a network with the body `= expression` (or a block) on `x`, whose first dim is the batch.
  std::vector<double> apply(const std::string& body, const ir::Shape& shape, const std::vector<double>& values,
                            const std::string& type = "f32", const std::string& result = "") {
    std::string dims = "B";
    for (std::size_t i = 1; i < shape.size(); ++i) dims += ", " + std::to_string(shape[i]);
    const bool isBlock = body[0] == '{';
    Project* const project =
        loadText("network n()(x: " + type + "[" + dims + "])" + (result.empty() ? "" : " -> " + result) +
                 (isBlock ? " " : " = ") + body + "\nexport n() as e(B: " + std::to_string(shape[0]) + ")\n");
    if (project == nullptr) {
      ADD_FAILURE() << messages();
      return {};
    }
    const std::optional<ExportProgram> program = project->exported("e");
    if (!program) {
      ADD_FAILURE() << body << "\n" << messages();
      return {};
    }
    std::vector<ir::Tensor> arguments = run(program->initModule, program->init, {number(0)});
    slots_ = arguments;
    arguments.push_back(tensor({*ir::parseDType(type), shape}, values));
    arguments.push_back(number(0));
    const ir::Tensor output = run(program->entries[0].module, program->entries[0].function, arguments)[0];
    outputShape_ = output.type.shape;
    return reals(output);
  }

  /// A scalar function on numbers from -6 to 6.
  void expectElementwise(const std::string& name, const std::function<double(double)>& expected,
                         double tolerance = 2e-6) {
    std::vector<double> x(25), y(25);
    for (std::size_t i = 0; i < 25; ++i) {
      x[i] = (static_cast<double>(i) - 12) / 2;
      y[i] = expected(x[i]);
    }
    SCOPED_TRACE(name);
    expectNear(apply("x |> " + name, {25}, x), y, tolerance);
  }

  ir::Shape outputShape_;
  std::vector<ir::Tensor> slots_;
};

static double sigmoidOf(double x) { return 1 / (1 + std::exp(-x)); }

TEST_F(StdlibTest, Activations) {
  expectElementwise("relu", [](double x) { return std::max(x, 0.0); });
  expectElementwise("leaky_relu(0.25)", [](double x) { return x > 0 ? x : 0.25 * x; });
  expectElementwise("leaky_relu", [](double x) { return x > 0 ? x : 0.01 * x; });
  expectElementwise("relu6", [](double x) { return std::min(std::max(x, 0.0), 6.0); });
  expectElementwise("elu", [](double x) { return x > 0 ? x : std::expm1(x); });
  expectElementwise("selu",
                    [](double x) { return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x)); });
  expectElementwise("sigmoid", sigmoidOf);
  expectElementwise("hard_sigmoid", [](double x) { return std::min(std::max(x / 6 + 0.5, 0.0), 1.0); });
  expectElementwise("softplus", [](double x) { return std::log1p(std::exp(x)); });
  expectElementwise("softsign", [](double x) { return x / (1 + std::abs(x)); });
  expectElementwise("silu", [](double x) { return x * sigmoidOf(x); });
  expectElementwise("mish", [](double x) { return x * std::tanh(std::log1p(std::exp(x))); });
  expectElementwise(
      "gelu", [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); });
  expectElementwise("tanh", [](double x) { return std::tanh(x); });
  expectElementwise("identity", [](double x) { return x; });
  expectElementwise("abs", [](double x) { return std::abs(x); });
  expectElementwise("sign", [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; });
  expectElementwise("cos", [](double x) { return std::cos(x); });
  expectElementwise("square", [](double x) { return x * x; });
}

TEST_F(StdlibTest, ActivationsHaveNoOverflow) {
  for (const char* name : {"sigmoid", "softplus", "silu", "mish", "elu", "selu", "gelu"})
    for (const double y : apply(std::string("x |> ") + name, {4}, {-1000, 1000, -90, 90}))
      EXPECT_TRUE(std::isfinite(y)) << name;
}

TEST_F(StdlibTest, FunctionsAlongAnIndex) {
  const std::vector<double> x = {1, 2, 4, 8, 0.5, -1, 0, 3};
  expectNear(apply("mean(x)", {2, 4}, x), {3.75, 0.625}, 1e-6);
  expectNear(apply("variance(x)", {2, 4}, x),
             {(7.5625 + 3.0625 + 0.0625 + 18.0625) / 4, (0.015625 + 2.640625 + 0.390625 + 5.640625) / 4}, 2e-6);
  expectNear(apply("deviation(x)", {2, 4}, x), {std::sqrt(28.75 / 4), std::sqrt(8.6875 / 4)}, 2e-6);
  const double s0 = std::exp(1.) + std::exp(2.) + std::exp(4.) + std::exp(8.),
               s1 = std::exp(.5) + std::exp(-1.) + 1 + std::exp(3.);
  expectNear(apply("logsumexp(x)", {2, 4}, x), {std::log(s0), std::log(s1)}, 2e-6);
  std::vector<double> soft, logSoft;
  for (std::size_t i = 0; i < 8; ++i) {
    soft.push_back(std::exp(x[i]) / (i < 4 ? s0 : s1));
    logSoft.push_back(std::log(soft.back()));
  }
  expectNear(apply("softmax(x)", {2, 4}, x), soft, 1e-6);
  expectNear(apply("log_softmax(x)", {2, 4}, x), logSoft, 2e-6);
  expectNear(apply("argmax(x)", {2, 4}, {1, 5, 5, 2, -1, -2, -3, -4}), {1, 0}, 0);
}

TEST_F(StdlibTest, SumsOfWholeTensors) {
  const auto scalar = [&](const std::string& name) {
    return apply("{ let t = " + name + "(x)  let y[b] = t + 0.0 * x[b, 0]  return y }", {1, 4}, {1, -2, 2, 4})[0];
  };
  EXPECT_NEAR(scalar("total"), 5, 1e-6);
  EXPECT_NEAR(scalar("average"), 1.25, 1e-6);
  EXPECT_NEAR(scalar("l2"), 5, 1e-6);
}

TEST_F(StdlibTest, Losses) {
  const std::vector<double> z = {1, 2, 4, 0.5, -1, 3};
  const auto logSum = [](double a, double b, double c) { return std::log(std::exp(a) + std::exp(b) + std::exp(c)); };
  const double l0 = logSum(1, 2, 4), l1 = logSum(0.5, -1, 3);
  const std::string labels = "{ let y[b: B] = cast(b + 1, i32)  return ";
  expectNear(apply(labels + "cross_entropy(x, y) }", {2, 3}, z), {l0 - 2, l1 - 3}, 2e-6);
  expectNear(apply(labels + "smoothed_cross_entropy(0.3)(x, y) }", {2, 3}, z),
             {l0 - 0.7 * 2 - 0.3 * 7 / 3, l1 - 0.7 * 3 - 0.3 * 2.5 / 3}, 3e-6);
  expectNear(apply(labels + "hinge()(x, y) }", {2, 3}, z), {0 + 1 + 3 - 1, 0 + 0 + 1 - 1}, 2e-6);
  expectNear(apply("{ let y[b: B] = cast(b, i32)  return binary_cross_entropy(x, y) }", {2}, {0.7, -1.5}),
             {std::log1p(std::exp(0.7)), std::log1p(std::exp(1.5))}, 1e-6);
  const std::string target = "{ let y[b, i] = 0.5 * x[b, i] - 1.0  return ";
  expectNear(apply(target + "mse(x, y) }", {2, 3}, z), {(2.25 + 4 + 9) / 3, (1.25 * 1.25 + 0.25 + 6.25) / 3}, 2e-6);
  expectNear(apply(target + "mae(x, y) }", {2, 3}, z), {(1.5 + 2 + 3) / 3, (1.25 + 0.5 + 2.5) / 3}, 2e-6);
  expectNear(apply(target + "huber(2.0)(x, y) }", {2, 3}, z),
             {(1.125 + 2 + 2 * (3 - 1.0)) / 3, (0.78125 + 0.125 + 2 * (2.5 - 1)) / 3}, 2e-6);
  expectNear(apply("mse(x, 0.5 * x)", {3}, {2, 4, 6}), {1, 4, 9}, 1e-6);
}

TEST_F(StdlibTest, Metrics) {
  const std::vector<double> z = {1, 2, 4, 0.5, -1, 3, 5, 1, 1};
  const std::string labels = "{ let y[b: B] = cast(b, i32)  return ";
  expectNear(apply(labels + "accuracy(x, y) }", {3, 3}, z), {0, 0, 0}, 0);
  expectNear(apply("{ let y[b: B] = cast(2 - b, i32)  return accuracy(x, y) }", {3, 3}, z), {1, 0, 1}, 0);
  expectNear(apply(labels + "top_k(2)(x, y) }", {3, 3}, z), {0, 0, 1}, 0);
  expectNear(apply(labels + "top_k(3)(x, y) }", {3, 3}, z), {1, 1, 1}, 0);
  expectNear(apply(labels + "binary_accuracy(x, y) }", {2}, {0.5, 0.5}), {0, 1}, 0);
}

/// Draws of 4096 numbers: the deviation of a sample's variance is about 2 % of it (normal) and less (uniform).
TEST_F(StdlibTest, Initialisers) {
  const auto moments = [&](const std::string& init) {
    apply("dense(64, init: " + init + ", bias: false)(x)", {1, 64}, std::vector<double>(64, 1.0));
    const std::vector<double> w = reals(slots_[0]);
    const double mean = std::accumulate(w.begin(), w.end(), 0.0) / 4096;
    double variance = 0, largest = 0;
    for (const double v : w) {
      variance += (v - mean) * (v - mean) / 4096;
      largest = std::max(largest, std::abs(v));
    }
    return std::array<double, 3>{mean, variance, largest};
  };
  for (const auto& [init, variance] : std::vector<std::pair<std::string, double>>{{"normal(0.5)", 0.25},
                                                                                  {"uniform(-0.3, 0.3)", 0.03},
                                                                                  {"he_normal", 2.0 / 64},
                                                                                  {"he_uniform", 2.0 / 64},
                                                                                  {"glorot_normal", 2.0 / 128},
                                                                                  {"glorot_uniform", 2.0 / 128},
                                                                                  {"lecun_normal", 1.0 / 64}}) {
    const std::array<double, 3> m = moments(init);
    EXPECT_NEAR(m[0], 0.0, 4 * std::sqrt(variance / 4096)) << init;
    EXPECT_NEAR(m[1] / variance, 1.0, 0.1) << init;
    const bool isUniform = init.find("uniform") != std::string::npos;
    EXPECT_EQ(m[2] <= std::sqrt(3 * variance) * (1 + 1e-6), isUniform) << init;
  }
}

TEST_F(StdlibTest, Schedules) {
  const auto at = [&](const std::string& schedule, const std::vector<double>& steps) {
    return apply("{ let y[b] = " + schedule + "(x[b])  return y }", {static_cast<std::int64_t>(steps.size())}, steps);
  };
  expectNear(at("constant(0.5)", {1, 100}), {0.5, 0.5}, 0);
  expectNear(at("step_decay(0.5, factor: 0.1, at: [10, 20])", {1, 9, 10, 19, 20, 30}),
             {0.5, 0.5, 0.05, 0.05, 0.005, 0.005}, 1e-7);
  expectNear(at("exponential_decay(1.0, 0.5, 10)", {0, 10, 25}), {1, 0.5, std::pow(0.5, 2.5)}, 1e-6);
  expectNear(at("warmup(2.0, 4)", {1, 2, 4, 9}), {0.5, 1, 2, 2}, 1e-6);
  expectNear(at("linear(1.0, 10, 110, last: 0.2)", {5, 10, 60, 110, 200}), {0.5, 1, 0.6, 0.2, 0.2}, 1e-6);
  expectNear(at("cosine(1.0, 10, 110)", {5, 10, 60, 110, 200}), {0.5, 1, 0.5, 0, 0}, 1e-6);
  expectNear(at("cosine(1.0, 0, 100, floor_: 0.5)", {50, 100}), {0.75, 0.5}, 1e-6);
  expectNear(at("inverse_sqrt(1.0, 100)", {50, 100, 400}), {0.5, 1, 0.5}, 1e-6);
  expectNear(at("triangle(0.1, 1.1, 8)", {0, 2, 4, 6, 8}), {1.1, 0.6, 0.1, 0.6, 1.1}, 1e-6);
}

TEST_F(StdlibTest, DenseAndEmbedding) {
  const std::vector<double> y = apply("dense(3)(x)", {2, 2}, {1, 2, 3, 4});
  const std::vector<double> w = reals(slots_[0]);
  std::vector<double> expected;
  for (int b = 0; b < 2; ++b)
    for (int o = 0; o < 3; ++o)
      expected.push_back((2 * b + 1) * w[static_cast<std::size_t>(o)] +
                         (2 * b + 2) * w[static_cast<std::size_t>(3 + o)]);
  expectNear(y, expected, 4e-6);
  ASSERT_EQ(slots_.size(), 2u);
  apply("dense(3, bias: false)(x)", {2, 5, 2}, std::vector<double>(20, 1.0));
  EXPECT_EQ(slots_.size(), 1u);
  EXPECT_EQ(outputShape_, (ir::Shape{2, 5, 3}));
  const std::vector<double> rows = apply("embedding(4, 2)(x)", {2, 2}, {3, 0, 1, 1}, "i32");
  const std::vector<double> table = reals(slots_[0]);
  EXPECT_EQ(rows,
            (std::vector<double>{table[6], table[7], table[0], table[1], table[2], table[3], table[2], table[3]}));
}

TEST_F(StdlibTest, Convolution) {
  std::vector<double> x(2 * 2 * 5 * 4);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(i * i));
  const std::vector<double> y = apply("conv2d(3, 3, stride: 2)(x)", {2, 2, 5, 4}, x);
  EXPECT_EQ(outputShape_, (ir::Shape{2, 3, 3, 2}));
  const std::vector<double> k = reals(slots_[0]);  // [c, size, size, out]
  std::vector<double> expected;
  for (int b = 0; b < 2; ++b)
    for (int o = 0; o < 3; ++o)
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 2; ++j) {
          double sum = 0;
          for (int q = 0; q < 2; ++q)
            for (int u = 0; u < 3; ++u)
              for (int v = 0; v < 3; ++v) {
                const int r = 2 * i + u - 1, c = 2 * j + v - 1;
                if (r < 0 || r >= 5 || c < 0 || c >= 4) continue;
                sum += x[static_cast<std::size_t>(((b * 2 + q) * 5 + r) * 4 + c)] *
                       k[static_cast<std::size_t>(((q * 3 + u) * 3 + v) * 3 + o)];
              }
          expected.push_back(sum);
        }
  expectNear(y, expected, 5e-6);
}

TEST_F(StdlibTest, Pooling) {
  const std::vector<double> x = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  expectNear(apply("max_pool(2)(x)", {1, 1, 4, 4}, x), {6, 8, 14, 16}, 0);
  expectNear(apply("max_pool(3, stride: 1)(x)", {1, 1, 4, 4}, x), {11, 12, 15, 16}, 0);
  expectNear(apply("avg_pool(2)(x)", {1, 1, 4, 4}, x), {3.5, 5.5, 11.5, 13.5}, 1e-6);
  expectNear(apply("global_avg_pool(x)", {1, 2, 2, 4}, x), {4.5, 12.5}, 1e-6);
  EXPECT_EQ(apply("flatten(x)", {1, 2, 2, 4}, x), x);
  EXPECT_EQ(outputShape_, (ir::Shape{1, 16}));
}

TEST_F(StdlibTest, Normalisation) {
  const std::vector<double> x = {1, 2, 3, 6, -1, 0.5, 2, 2.5};
  const auto normalised = [](const std::vector<double>& v, double eps) {
    const double n = static_cast<double>(v.size()), mean = std::accumulate(v.begin(), v.end(), 0.0) / n;
    double variance = 0;
    for (const double e : v) variance += (e - mean) * (e - mean) / n;
    std::vector<double> result;
    for (const double e : v) result.push_back((e - mean) / std::sqrt(variance + eps));
    return result;
  };
  std::vector<double> expected = normalised({1, 2, 3, 6}, 1e-5), second = normalised({-1, 0.5, 2, 2.5}, 1e-5);
  expected.insert(expected.end(), second.begin(), second.end());
  expectNear(apply("layer_norm()(x)", {2, 4}, x), expected, 4e-6);
  // Two groups of one channel with two pixels each.
  expected.clear();
  for (const std::vector<double>& pair : {std::vector<double>{1, 2}, {3, 6}, {-1, 0.5}, {2, 2.5}})
    for (const double e : normalised(pair, 1e-5)) expected.push_back(e);
  expectNear(apply("group_norm(2)(x)", {2, 2, 1, 2}, x), expected, 4e-6);
  const double r0 = std::sqrt(50.0 / 4 + 1e-5), r1 = std::sqrt((1 + 0.25 + 4 + 6.25) / 4 + 1e-5);
  expectNear(apply("rms_norm()(x)", {2, 4}, x), {1 / r0, 2 / r0, 3 / r0, 6 / r0, -1 / r1, 0.5 / r1, 2 / r1, 2.5 / r1},
             2e-6);
  EXPECT_EQ(apply("dropout(0.5)(x)", {2, 4}, x), x) << "in mode eval";
}

static std::string trainWith(const std::string& network, const std::string& optimizer) {
  return "data d { source: idx(\"a\", \"b\")  fields: (a: f32[3, 2], t: f32[2])  let x = a  let y = t }\n"
         "train fit { network: " +
         network + "  data: d  loss: mse  optimizer: " + optimizer + "  batch: 2  steps: 1  precision: .f64 }\n";
}

/// Every layer trains: a step in f64 runs and its gradients move every parameter.
TEST_F(StdlibTest, EveryLayerAndOptimizerMakesAStep) {
  std::vector<std::pair<std::string, std::string>> cases;
  for (const char* layer : {"dense(2)", "batch_norm()", "layer_norm()", "rms_norm()"})
    cases.emplace_back("fn_last(" + std::string(layer) + ")", "sgd(0.1)");
  for (const char* optimizer : {"sgd(0.1)", "sgd(0.1, momentum: 0.9, nesterov: true, decay: 0.01)", "adagrad",
                                "rmsprop", "adadelta", "adam", "adam(decay: 0.1)", "nadam", "lion(0.01)", "lamb",
                                "lamb(decay: 0.1)", "sgd(cosine(0.1, 10, 100))", "adam(step_decay(0.1, 0.5, [10]))"})
    cases.emplace_back("fn_last(dense(2))", optimizer);
  for (const auto& [network, optimizer] : cases) {
    SCOPED_TRACE(network + " " + optimizer);
    Project* const project = loadText(
        "layer fn_last(inner: layer)(x: f32[B, 3, 2]) -> f32[B, 2] {\n  let h = x |> inner\n  let y[b, i] = h[b, 2, "
        "i]\n  return y\n}\n" +
        trainWith(network, optimizer));
    ASSERT_NE(project, nullptr) << messages();
    const std::optional<TrainProgram> train = project->train("", {});
    ASSERT_TRUE(train.has_value()) << messages();
    const std::optional<BatchProgram> step = project->step(*train, 2);
    ASSERT_TRUE(step.has_value()) << messages();
    std::vector<ir::Tensor> arguments = run(train->initModule, train->init, {number(1)});
    const std::vector<ir::Tensor> before = arguments;
    ir::Tensor x({ir::DType::F64, {2, 3, 2}});
    for (std::int64_t i = 0; i < 12; ++i) x.setReal(i, std::cos(static_cast<double>(3 * i)));
    arguments.push_back(x);
    arguments.push_back(tensor({ir::DType::F64, {2, 2}}, {0.5, -1, 2, 0.25}));
    arguments.push_back(number(0));
    arguments.push_back(number(1));
    const std::vector<ir::Tensor> after = run(step->module, step->function, arguments);
    for (std::size_t i = 0; i < before.size(); ++i) {
      for (const double value : reals(after[i])) EXPECT_TRUE(std::isfinite(value)) << train->slots[i].path;
      if (train->slots[i].kind != SlotKind::Parameter) continue;
      EXPECT_NE(reals(after[i]), reals(before[i])) << train->slots[i].path;
    }
  }
}

}  // namespace nnc::elaborate
