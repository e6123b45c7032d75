// Programs of probes, run by the reference evaluator and compared with numbers computed by hand or by finite
// differences.
#include <cmath>

#include "fixture.h"

namespace nnc::elaborate {

static const char* const kData = R"nn(
data points {
  source: idx("a", "b")
  fields: (a: f32[2], t: f32[1])
  let x = a
  let y = t
}
)nn";

static std::string program(const std::string& network, const std::string& probes, const std::string& more = "",
                           const std::string& loss = "mse") {
  return std::string(kData) + more + "network net(act: fn = relu)(x: f32[B, 2]) -> f32[B, 1] = " + network +
         "\ntrain fit(act: fn = relu) {\n  network: net(act)\n  data: points\n  loss: " + loss +
         "\n  optimizer: sgd(0.1, momentum: 0.9)\n  batch: 3\n  steps: 1\n}\n" + probes;
}

class ProbeTest : public ProjectTest {
 protected:
  /// Elaborates the train and one program, of `names` for a series, for `batch` examples.
  bool elaborate(const std::string& text, const std::vector<std::string>& names, std::int64_t batch = 3,
                 ProbeKind kind = ProbeKind::Series) {
    Project* const project = loadText(text);
    train_ = project != nullptr ? project->train("", {}) : std::nullopt;
    if (!train_) return false;
    ProbeRequest request{kind, batch, {}};
    for (const std::string& name : names) {
      const std::optional<ProbeDefinition> definition = project->findProbe(name);
      if (!definition) return false;
      request.probes.push_back(*definition);
    }
    probe_ = project->probe(*train_, request);
    return probe_.has_value();
  }

  std::vector<ir::Tensor> initial() const { return run(train_->initModule, train_->init, {number(1)}); }

  /// Results on the slots, `points` and what follows.
  std::vector<ir::Tensor> look(const std::vector<ir::Tensor>& slots, const std::vector<ir::Tensor>& fields,
                               const std::vector<ir::Tensor>& inputs = {}) const {
    std::vector<ir::Tensor> arguments;
    for (std::size_t i = 0; i < slots.size(); ++i)
      if (train_->slots[i].kind != SlotKind::OptimizerState) arguments.push_back(slots[i]);
    arguments.insert(arguments.end(), fields.begin(), fields.end());
    arguments.push_back(number(0));
    arguments.push_back(number(1));
    arguments.insert(arguments.end(), inputs.begin(), inputs.end());
    return run(probe_->module, probe_->function, arguments);
  }
  std::vector<ir::Tensor> points(ir::DType dtype = ir::DType::F32) const {
    return {tensor({dtype, {3, 2}}, {1, 2, -1, 0.5, 0.25, -2}), tensor({dtype, {3, 1}}, {1, -2, 0.5})};
  }
  /// Every parameter of the slots by its path.
  ir::Tensor& slot(std::vector<ir::Tensor>& slots, const std::string& path) const {
    for (std::size_t i = 0; i < slots.size(); ++i)
      if (train_->slots[i].path == path) return slots[i];
    ADD_FAILURE() << "no slot " << path;
    return slots[0];
  }

  std::optional<TrainProgram> train_;
  std::optional<ProbeProgram> probe_;
};

TEST_F(ProbeTest, SeesParametersOutputsAndTheirDerivatives) {
  ASSERT_TRUE(elaborate(program("x |> dense(1)", R"(
probe g = l2(grad(loss, p)) for p in params(net)
probe d = [average(z), "delta": l2(grad(loss, z))] for z in outputs(net, dense)
probe value = loss
)"),
                        {"g", "d", "value"}))
      << messages();
  std::vector<ir::Tensor> slots = initial();
  slot(slots, "net.dense.w") = tensor({ir::DType::F32, {2, 1}}, {1, 2});
  slot(slots, "net.dense.b") = tensor({ir::DType::F32, {1}}, {0.5});
  // z = x w + b = (5.5, 0.5, -3.25), errors z - y = (4.5, 2.5, -3.75), loss = mean of squares = 40.5625 / 3.
  const std::vector<ir::Tensor> results = look(slots, points());
  ASSERT_EQ(probe_->series.size(), 4u);
  EXPECT_EQ(probe_->series[0].paths, (std::vector<std::string>{"net.dense.w", "net.dense.b"}));
  EXPECT_EQ(probe_->series[1].name, "d.v0");
  EXPECT_EQ(probe_->series[2].name, "d.delta");
  EXPECT_EQ(probe_->series[2].paths, std::vector<std::string>{"net.dense"});
  // dL/dz = 2/3 (4.5, 2.5, -3.75); dL/dw = x^T dL/dz = 2/3 (1.0625, 17.75); dL/db = 2/3 * 3.25.
  // The forward pass is in f32, whose results here are exact up to 2/3: 4 roundings of 6e-8.
  expectNear(reals(results[0]), {2.0 / 3.0 * std::hypot(1.0625, 17.75), 2.0 / 3.0 * 3.25}, 4e-6);
  expectNear(reals(results[1]), {2.75 / 3.0}, 1e-6);
  expectNear(reals(results[2]), {2.0 / 3.0 * std::sqrt(40.5625)}, 4e-6);
  expectNear(reals(results[3]), {40.5625 / 3.0}, 4e-6);
  EXPECT_EQ(results[0].type.dtype, ir::DType::F64);
}

TEST_F(ProbeTest, AgreesWithFiniteDifferences) {
  std::string text = program("x |> dense(4) |> tanh |> dense(4) |> tanh |> dense(1)",
                             "probe g = sum[i, j](grad(loss, w)[i, j]) for w in weights(net)\n");
  text.replace(text.find("  steps: 1"), 10, "  steps: 1\n  precision: .f64");
  ASSERT_TRUE(elaborate(text, {"g"})) << messages();
  const std::vector<ir::Tensor> slots = initial(), fields = points(ir::DType::F64);
  const std::vector<double> sums = reals(look(slots, fields)[0]);
  ASSERT_TRUE(elaborate(text, {}, 3, ProbeKind::Loss)) << messages();
  std::size_t k = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (train_->slots[i].kind != SlotKind::Parameter || train_->slots[i].type.rank() < 2) continue;
    constexpr double kStep = 1e-4;
    double moved[2];
    for (int side = 0; side < 2; ++side) {
      std::vector<ir::Tensor> other = slots;
      for (std::int64_t e = 0; e < other[i].type.elementCount(); ++e)
        other[i].setReal(e, other[i].real(e) + (side == 0 ? kStep : -kStep));
      moved[side] = look(other, fields)[0].real(0);
    }
    // The third derivative, below 1e3 here, times h^2 / 6 = 2e-9; rounding of the losses is 1e-15 / h.
    EXPECT_NEAR(sums[k], (moved[0] - moved[1]) / (2.0 * kStep), 2e-6) << k;
    ++k;
  }
  EXPECT_EQ(k, sums.size());
}

TEST_F(ProbeTest, BatchNormUsesTheBatchAndNoiseIsOff) {
  const std::string noise = R"(
layer jitter()(x: f32[..s]) -> f32[..s] {
  if mode != .train { return x }
  return x + random_normal(shape(x))
}
)";
  ASSERT_TRUE(elaborate(program("x |> dense(4) |> batch_norm() |> act |> dropout(0.5) |> jitter() |> dense(1)",
                                "probe m = average(y) for y in outputs(net, batch_norm)\n"
                                "probe v = total(y ** 2) / count(y) for y in outputs(net, batch_norm)\n"
                                "probe same = total(abs(a)) for a in outputs(net, act)\n"
                                "probe off = total(abs(a)) for a in outputs(net, dropout)\n"
                                "probe still = total(abs(a)) for a in outputs(net, jitter)\n",
                                noise),
                        {"m", "v", "same", "off", "still"}))
      << messages();
  std::vector<ir::Tensor> slots = initial();
  // Running averages that would show.
  slot(slots, "net.batch_norm.mu") = tensor({ir::DType::F32, {4}}, {100, 100, 100, 100});
  const std::vector<ir::Tensor> results = look(slots, points());
  expectNear(reals(results[0]), {0.0}, 1e-6);       // of the batch: mean 0
  expectNear(reals(results[1]), {1.0}, 1e-2);       // variance 1, less eps / variance = 1e-5 / 1e-3
  EXPECT_EQ(reals(results[2]), reals(results[3]));  // nothing dropped, nothing scaled
  EXPECT_EQ(reals(results[3]), reals(results[4]));
}

TEST_F(ProbeTest, NamesApplicationsByTheirPlace) {
  ASSERT_TRUE(
      elaborate(program("x |> dense(2) |> act |> repeat 2 { block(act) } |> tail",
                        "probe a = average(u) for u in outputs(net, act)\n"
                        "probe z = average(u) for u in outputs(net, .weight_layer)\n"
                        "probe inner = average(u) for u in outputs(net.block[1], act)\n"
                        "probe last = average(u) for u in last(inputs(net, .activation))\n"
                        "probe kind = (if u.function == relu then 1.0 else 0.0) for u in outputs(net, .activation)\n",
                        "layer block(act: fn)(x: f32[B, 2]) -> f32[B, 2] = x |> dense(2) |> act\n"
                        "layer tail()(x: f32[B, 2]) -> f32[B, 1] { sub d = dense(1) let y = d(x)"
                        " let z = d(tanh(x)) return y + z }\n"),
                {"a", "z", "inner", "last", "kind"}))
      << messages();
  EXPECT_EQ(probe_->series[0].paths, (std::vector<std::string>{"net.relu", "net.block[0].relu", "net.block[1].relu"}));
  EXPECT_EQ(probe_->series[1].paths, (std::vector<std::string>{"net.dense", "net.block[0].dense", "net.block[1].dense",
                                                               "net.tail.d", "net.tail.d_2"}));
  EXPECT_EQ(probe_->series[2].paths, std::vector<std::string>{"net.block[1].relu"});
  EXPECT_EQ(probe_->series[3].paths, std::vector<std::string>{"net.tail.z.tanh"});
  const std::vector<ir::Tensor> results = look(initial(), points());
  EXPECT_EQ(reals(results[4]), (std::vector<double>{1, 1, 1, 0}));
}

/// Lengths far below the range of f32 squares: 1e-30 squared is 1e-60.
TEST_F(ProbeTest, LengthsDoNotUnderflow) {
  ASSERT_TRUE(elaborate(program("x |> dense(1)", ""), {"grad_norm", "delta_norm"})) << messages();
  std::vector<ir::Tensor> slots = initial();
  slot(slots, "net.dense.w") = tensor({ir::DType::F32, {2, 1}}, {0, 0});
  const std::vector<ir::Tensor> fields = {tensor({ir::DType::F32, {3, 2}}, {1, 1, 1, 1, 1, 1}),
                                          tensor({ir::DType::F32, {3, 1}}, {1e-30, 1e-30, 1e-30})};
  const std::vector<ir::Tensor> results = look(slots, fields);
  // dL/dz = -2/3 1e-30 for each of three examples; dL/dw = -2e-30 twice. Rounded to f32: 2^-24 relative.
  EXPECT_NEAR(results[0].real(0) / (std::sqrt(2.0) * 2e-30), 1.0, 1e-6);
  EXPECT_NEAR(results[1].real(0) / (2.0 / std::sqrt(3.0) * 1e-30), 1.0, 1e-6);
}

TEST_F(ProbeTest, StatisticsOfActivations) {
  const std::vector<std::string> names = {"act_mean", "act_std", "signal_std", "sat_frac", "dead_frac", "corr"};
  ASSERT_TRUE(elaborate(program("x |> act |> dense(1)", ""), names)) << messages();
  const std::vector<ir::Tensor> fields = {tensor({ir::DType::F32, {3, 2}}, {1, -2, 2, -1, 3, -3}), points()[1]};
  const std::vector<ir::Tensor> results = look(initial(), fields);
  // a = ((1, 0), (2, 0), (3, 0)): mean 1, mean of squares 14/6; unit 0 has deviation sqrt(2/3), unit 1 none.
  expectNear(reals(results[0]), {1.0}, 1e-12);
  expectNear(reals(results[1]), {std::sqrt(14.0 / 6.0 - 1.0)}, 1e-12);
  expectNear(reals(results[2]), {std::sqrt(2.0 / 3.0) / 2.0}, 1e-12);
  expectNear(reals(results[3]), {0.5}, 1e-12);
  expectNear(reals(results[4]), {0.5}, 1e-12);
  expectNear(reals(results[5]), {1.0}, 1e-12);  // all on one ray
  EXPECT_EQ(probe_->series[0].paths, std::vector<std::string>{"net.relu"});
}

TEST_F(ProbeTest, SaturationKnowsTheFunction) {
  for (const auto& [act, expected] : {std::pair("sigmoid", 4.0 / 6.0), std::pair("tanh", 5.0 / 6.0)}) {
    std::string text = program("x |> act |> dense(1)", "");
    text.replace(text.find("train fit(act: fn = relu)"), 25, std::string("train fit(act: fn = ") + act + ")");
    ASSERT_TRUE(elaborate(text, {"sat_frac"})) << messages();
    // sigmoid(3) = 0.953, sigmoid(2) = 0.88; tanh(2) = 0.964, tanh(1) = 0.76.
    const std::vector<ir::Tensor> fields = {tensor({ir::DType::F32, {3, 2}}, {1, -2, 3, -3, 4, -4}), points()[1]};
    expectNear(reals(look(initial(), fields)[0]), {expected}, 1e-12);
  }
}

TEST_F(ProbeTest, PercentilesAreOfTheNearestRank) {
  ASSERT_TRUE(elaborate(program("x |> act |> dense(1)", ""), {"ics_pctl"}, 10)) << messages();
  std::vector<double> x;
  for (int i = 0; i < 10; ++i) {
    x.push_back((7 * i) % 10);         // 0..9 in some order
    x.push_back(((3 * i) % 10) * 10);  // 0, 10, .., 90
  }
  const std::vector<ir::Tensor> fields = {tensor({ir::DType::F32, {10, 2}}, x),
                                          tensor({ir::DType::F32, {10, 1}}, std::vector<double>(10, 0.0))};
  const std::vector<ir::Tensor> results = look(initial(), fields);
  // Ranks ceil(1.5) = 2, 5, ceil(8.5) = 9 of 10: values 1, 4, 8 and 10, 40, 80.
  const double expected[] = {5.5, 22.0, 44.0, 1.0, 4.0, 8.0};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(reals(results[i]), std::vector<double>{expected[i]}) << i;
  EXPECT_EQ(probe_->series[3].name, "ics_pctl.unit0_p15");
}

TEST_F(ProbeTest, CosineOfExamples) {
  ASSERT_TRUE(elaborate(program("x |> act |> dense(1)", ""), {"corr"})) << messages();
  const std::vector<ir::Tensor> fields = {tensor({ir::DType::F32, {3, 2}}, {1, 0, 0, 2, 3, 3}), points()[1]};
  // Angles of 90, 45 and 45 degrees.
  expectNear(reals(look(initial(), fields)[0]), {2.0 * std::sqrt(0.5) / 3.0}, 1e-12);
}

/// J of z2 = relu(z1) W2 + b by z1 is diag(z1 > 0) W2, for each example.
TEST_F(ProbeTest, JacobiansBothWays) {
  ASSERT_TRUE(
      elaborate(program("x |> dense(2) |> act |> dense(2) |> act |> dense(1)", ""), {}, 3, ProbeKind::LayerJacobians))
      << messages();
  EXPECT_EQ(probe_->outputs, (std::vector<std::string>{"net.dense", "net.dense", "net.dense_2", "net.dense_2"}));
  std::vector<ir::Tensor> slots = initial();
  slot(slots, "net.dense.w") = tensor({ir::DType::F32, {2, 2}}, {1, 0, 0, 1});
  slot(slots, "net.dense_2.w") = tensor({ir::DType::F32, {2, 2}}, {1, 2, 3, 4});
  const ir::Tensor v = tensor({ir::DType::F32, {3, 2}}, {1, 0, 0, 1, 1, 1});
  const ir::Tensor u = tensor({ir::DType::F32, {3, 2}}, {1, 1, 1, 1, 1, 1});
  const ir::Tensor v2 = tensor({ir::DType::F32, {3, 1}}, {1, 1, 1});
  const std::vector<ir::Tensor> results = look(slots, points(), {v, u, v2, u});
  // z1 = x: positive at (1, 1), (0, 1), (1, 0). J^T v = mask * (v W2^T).
  expectNear(reals(results[0]), {1, 3, 0, 4, 3, 0}, 1e-6);
  // J u = (mask * u) W2 = (4, 6), (3, 4), (1, 2); then J^T of that: mask * (Ju W2^T).
  expectNear(reals(results[1]), {16, 36, 0, 25, 5, 0}, 1e-5);
}

TEST_F(ProbeTest, GradientsCarryTheLearningRate) {
  ASSERT_TRUE(elaborate(program("x |> dense(1)", ""), {}, 3, ProbeKind::Gradients)) << messages();
  EXPECT_EQ(probe_->outputs, (std::vector<std::string>{"loss", "net.dense.w", "net.dense.b", "lr"}));
  EXPECT_NEAR(look(initial(), points())[3].real(0), 0.1, 1e-8);
}

TEST_F(ProbeTest, DerivativeByTheInput) {
  ASSERT_TRUE(elaborate(program("x |> dense(1)", ""), {}, 3, ProbeKind::InputGradient)) << messages();
  std::vector<ir::Tensor> slots = initial();
  slot(slots, "net.dense.w") = tensor({ir::DType::F32, {2, 1}}, {2, -3});
  const std::vector<ir::Tensor> results = look(slots, points(), {tensor({ir::DType::F32, {3, 1}}, {1, 0, 2})});
  expectNear(reals(results[0]), {2, -3, 0, 0, 4, -6}, 1e-6);
  EXPECT_EQ(probe_->outputs[0], "x");
}

TEST_F(ProbeTest, Mistakes) {
  const auto says = [&](const std::string& probes, const std::vector<std::string>& names) {
    diagnostics_ = Diagnostics();
    EXPECT_FALSE(elaborate(program("x |> dense(1)", probes), names));
    return messages();
  };
  EXPECT_TRUE(says("", {"grad_nrom"}).starts_with("E1801 there is no probe `grad_nrom`\n")) << messages();
  EXPECT_NE(messages().find("did you mean `grad_norm`?"), std::string::npos) << messages();
  EXPECT_TRUE(
      says("probe p = loss for w in weight(net)", {"p"}).starts_with("E1803 probe `p`: there is no range `weight`"))
      << messages();
  EXPECT_EQ(blamed(), "weight");
  EXPECT_TRUE(says("probe p = loss for w in params(nett)", {"p"})
                  .starts_with("E1803 probe `p`: `nett` is not the network `net` or a part of it"))
      << messages();
  EXPECT_TRUE(says("probe p = average(a) for a in outputs(net, gelu)", {"p"})
                  .starts_with("E1803 probe `p`: the network of the train has nothing like that"))
      << messages();
  EXPECT_TRUE(says("probe p = relu for w in params(net)", {"p"}).starts_with("E1804 probe `p` gives the fn relu"))
      << messages();
  EXPECT_EQ(blamed(), "relu");
  EXPECT_TRUE(says("probe p = loss\nprobe p = loss", {"p"}).starts_with("E0117 `p` is declared twice")) << messages();
}

TEST_F(ProbeTest, WithoutActivationsThereIsNothingToSee) {
  ASSERT_TRUE(elaborate(program("x |> dense(1)", ""), {"act_mean", "grad_norm"})) << messages();
  ASSERT_EQ(probe_->series.size(), 1u);
  EXPECT_EQ(probe_->series[0].name, "grad_norm");
}

}  // namespace nnc::elaborate
