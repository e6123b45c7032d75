// Steps, evaluations, data and initial values as programs, run by the reference evaluator.
#include <cmath>

#include "step_fixture.h"

namespace nnc::elaborate {

TEST_F(StepTest, HasTheSignatureOfTheContract) {
  ASSERT_TRUE(elaborate(linear("optimizer: sgd(0.1, momentum: 0.9)\n  metrics: [mae]"))) << messages();
  const ir::Function& function = step_->module.function(step_->function);
  EXPECT_EQ(function.parameterNames, (std::vector<std::string>{"net.dense.w", "net.dense.b", "net.dense.w/m",
                                                               "net.dense.b/m", "x", "y", "seed", "step"}));
  EXPECT_EQ(function.resultNames,
            (std::vector<std::string>{"net.dense.w", "net.dense.b", "net.dense.w/m", "net.dense.b/m", "loss", "mae"}));
  ASSERT_EQ(function.aliases.size(), 4u);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(function.aliases[static_cast<std::size_t>(i)].result, i);
    EXPECT_EQ(function.aliases[static_cast<std::size_t>(i)].parameter, i);
  }
  EXPECT_EQ(step_->fields, (std::vector<std::string>{"x", "y"}));
  ASSERT_EQ(train_->slots.size(), 4u);
  EXPECT_EQ(train_->slots[0].kind, SlotKind::Parameter);
  EXPECT_TRUE(train_->slots[0].decay);
  EXPECT_FALSE(train_->slots[1].decay);
  EXPECT_EQ(train_->slots[2].kind, SlotKind::OptimizerState);
  EXPECT_EQ(train_->metrics, std::vector<std::string>{"mae"});
}

TEST_F(StepTest, BatchNormKeepsRunningStatistics) {
  ASSERT_TRUE(elaborate(linear("optimizer: sgd(0.0)", "", "batch_norm(momentum: 0.75) |> dense(1)"))) << messages();
  std::vector<std::string> paths;
  for (const Slot& s : train_->slots) paths.push_back(s.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"net.batch_norm.gamma", "net.batch_norm.beta", "net.dense.w",
                                             "net.dense.b", "net.batch_norm.mu", "net.batch_norm.var"}));
  EXPECT_EQ(train_->slots[4].kind, SlotKind::NetworkState);
  std::vector<ir::Tensor> slots = initial();
  advance(slots, points(), 1);
  // Columns [1, -1] and [2, 0.5]: means 0 and 1.25, variances (divided by n - 1) 2 and 1.125.
  expectNear(reals(slots[4]), {0.0, 0.25 * 1.25}, 1e-6);
  expectNear(reals(slots[5]), {0.75 + 0.25 * 2.0, 0.75 + 0.25 * 1.125}, 1e-6);
}

/// Central differences of the whole network's loss against the step's own gradients: with sgd(1.0), w' = w - g.
TEST_F(StepTest, GradientsOfAWholeNetworkMatchFiniteDifferencesInF64) {
  ASSERT_TRUE(elaborate(R"nn(
data pictures {
  source: idx("a", "b")
  fields: (a: f32[1, 6, 6], label: u8)
  let x = a
  let y = cast(label, i32)
}
network small(x: f32[B, 1, 6, 6]) -> f32[B, 3] {
  let h = x |> conv2d(2, 3) |> batch_norm() |> tanh |> avg_pool(2)
  let h = h |> flatten |> layer_norm() |> dropout(0.25)
  return h |> dense(5) |> gelu |> dense(3)
}
train fit { network: small  data: pictures  loss: cross_entropy  optimizer: sgd(1.0)  batch: 4  steps: 1  precision: .f64 }
)nn",
                        4))
      << messages();
  std::vector<ir::Tensor> slots = initial(3);
  std::vector<ir::Tensor> fields = {ir::Tensor({ir::DType::F64, {4, 1, 6, 6}}),
                                    tensor({ir::DType::I32, {4}}, {0, 2, 1, 2})};
  for (std::int64_t i = 0; i < fields[0].type.elementCount(); ++i)
    fields[0].setReal(i, std::sin(1.7 * static_cast<double>(i * i + 1)));
  std::vector<ir::Tensor> after = slots;
  advance(after, fields, 1, 3);
  int checked = 0;
  for (std::size_t s = 0; s < slots.size(); ++s) {
    if (train_->slots[s].kind != SlotKind::Parameter) continue;
    for (std::int64_t i = 0; i < slots[s].type.elementCount(); i += 3) {
      const double value = slots[s].real(i), h = 1e-5;
      std::vector<ir::Tensor> up = slots, down = slots;
      up[s].setReal(i, value + h);
      down[s].setReal(i, value - h);
      const double numeric = (advance(up, fields, 1, 3)[0] - advance(down, fields, 1, 3)[0]) / (2 * h);
      // Central differences in f64: truncation h^2, rounding 1e-16 / h.
      EXPECT_NEAR(value - after[s].real(i), numeric, 1e-8) << train_->slots[s].path << " element " << i;
      ++checked;
    }
  }
  EXPECT_GT(checked, 30);
}

TEST_F(StepTest, DropoutDrawsAnewEachStepAndTheSameForASeed) {
  ASSERT_TRUE(elaborate(linear("optimizer: sgd(0.0)", "", "dropout(0.5) |> dense(1)"))) << messages();
  const std::vector<ir::Tensor> slots = initial();
  std::vector<double> losses;
  for (const auto& [step, seed] :
       std::vector<std::pair<int, int>>{{1, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {1, 1}, {2, 1}}) {
    std::vector<ir::Tensor> state = slots;
    losses.push_back(advance(state, points(), step, seed)[0]);
  }
  EXPECT_EQ(losses[0], losses[1]);
  bool differs = false;
  for (std::size_t i = 2; i < losses.size(); ++i) differs = differs || losses[i] != losses[0];
  EXPECT_TRUE(differs);
}

TEST_F(StepTest, AnInitialValueDependsOnItsOwnPathAlone) {
  const auto weights = [&](const std::string& network, const std::string& path) {
    if (!elaborate(linear("optimizer: sgd(0.1)", "network n(x: f32[B, 2]) -> f32[B, 1] {\n" + network + "\n}\n", "n")))
      ADD_FAILURE() << messages();
    return reals(initial(7)[slot(path)]);
  };
  const std::vector<double> plain = weights("let h = x |> dense(8) |> relu\n return h |> dense(1)", "net.h.dense.w");
  EXPECT_EQ(plain, weights("let h = x |> dense(8) |> batch_norm() |> relu |> dropout(0.1)\n return h |> dense(1)",
                           "net.h.dense.w"));
  EXPECT_EQ(plain, weights("let g = x |> dense(2)\n let h = g |> dense(8)\n return h |> dense(1)", "net.h.dense.w"));
  EXPECT_NE(plain, weights("let g = x |> dense(8)\n return g |> dense(1)", "net.g.dense.w"));
  double mean = 0, variance = 0;
  for (const double w : plain) mean += w / 16;
  for (const double w : plain) variance += (w - mean) * (w - mean) / 16;
  EXPECT_GT(variance, 0.1) << "he_normal: variance 2 / fan_in = 1 over 16 draws";
  EXPECT_LT(variance, 4.0);
}

TEST_F(StepTest, EvaluationGivesOneNumberPerExample) {
  ASSERT_TRUE(elaborate(
      linear("optimizer: sgd(0.1, momentum: 0.9)\n  metrics: [mae]", "", "batch_norm() |> dropout(0.5) |> dense(1)")))
      << messages();
  const std::optional<BatchProgram> evaluation = project_->evaluation(*train_, 2);
  ASSERT_TRUE(evaluation.has_value()) << messages();
  const ir::Function& function = evaluation->module.function(evaluation->function);
  EXPECT_EQ(function.parameterNames,
            (std::vector<std::string>{"net.batch_norm.gamma", "net.batch_norm.beta", "net.dense.w", "net.dense.b",
                                      "net.batch_norm.mu", "net.batch_norm.var", "x", "y", "seed", "step"}));
  EXPECT_EQ(function.resultNames, (std::vector<std::string>{"loss", "mae", "output"}));
  EXPECT_EQ(evaluation->outputs, std::vector<std::string>{"output"});
  std::vector<ir::Tensor> arguments;
  const std::vector<ir::Tensor> slots = initial();
  for (std::size_t i = 0; i < 6; ++i) arguments.push_back(slots[i]);
  arguments[2] = tensor(slots[2].type, {2, -1});
  arguments[3] = tensor(slots[3].type, {0.5});
  for (const ir::Tensor& field : points()) arguments.push_back(field);
  arguments.push_back(number(0));
  arguments.push_back(number(1));
  const std::vector<ir::Tensor> results = run(evaluation->module, evaluation->function, arguments);
  // Running statistics are mean 0, variance 1: x / sqrt(1 + 1e-5). Outputs 0.5 + 2 x0 - x1 and so on.
  const double r = 1 / std::sqrt(1 + 1e-5), p0 = 0.5 + r * (2 * 1 - 2), p1 = 0.5 + r * (2 * -1 - 0.5);
  expectNear(reals(results[2]), {p0, p1}, 1e-6);
  expectNear(reals(results[0]), {(p0 - 1) * (p0 - 1), (p1 + 2) * (p1 + 2)}, 2e-6);
  expectNear(reals(results[1]), {std::abs(p0 - 1), std::abs(p1 + 2)}, 1e-6);
}

TEST_F(StepTest, ALossOfOneNumberIsSpreadOverTheExamples) {
  const std::string whole = "fn whole(p: f32[B, 1], y: f32[B, 1]) -> f32 = average((p - y) ** 2)\n";
  ASSERT_TRUE(elaborate(linear("optimizer: sgd(0.1)"))) << messages();
  std::vector<ir::Tensor> slots = initial();
  const std::vector<double> meanOfExamples = advance(slots, points(), 1);
  std::string text = linear("optimizer: sgd(0.1)", whole);
  ASSERT_TRUE(elaborate(text.replace(text.find("loss: mse"), 9, "loss: whole"))) << messages();
  slots = initial();
  expectNear(advance(slots, points(), 1), meanOfExamples, 1e-6);
  const std::optional<BatchProgram> evaluation = project_->evaluation(*train_, 3);
  ASSERT_TRUE(evaluation.has_value()) << messages();
  const ir::Function& function = evaluation->module.function(evaluation->function);
  EXPECT_EQ(function.type(function.results[0]).shape, (ir::Shape{3}));
}

TEST_F(StepTest, OtherBatchSizesHaveTheSameSlots) {
  ASSERT_TRUE(elaborate(linear("optimizer: adam"), 5)) << messages();
  const ir::Function& function = step_->module.function(step_->function);
  EXPECT_EQ(step_->batch, 5);
  EXPECT_EQ(function.type(function.parameters[6]).shape, (ir::Shape{5, 2}));
  for (std::size_t i = 0; i < train_->slots.size(); ++i)
    EXPECT_EQ(function.type(function.parameters[i]), train_->slots[i].type);
}

TEST_F(StepTest, LabelsAreBoundByWhatTheyIndex) {
  ASSERT_TRUE(elaborate(R"nn(
data d { source: idx("a", "b")  fields: (a: f32[4], label: u8)  let x = a  let y = cast(label, i32) }
network n(x: f32[B, 4]) -> f32[B, 7] = x |> dense(7)
train fit { network: n  data: d  loss: cross_entropy  metrics: [accuracy]  optimizer: sgd(0.1)  batch: 2  steps: 1 }
)nn")) << messages();
  const std::vector<std::pair<std::string, std::int64_t>> bounds = {{"y", 7}};
  EXPECT_EQ(train_->data.labelBounds, bounds);
}

// ------------------------------------------------------------------ data

TEST_F(StepTest, DataComputesTheFieldsOfOneRow) {
  ASSERT_TRUE(elaborate(R"nn(
let scale = 2.0
data d {
  source: idx("images", "labels")
  test: idx("t-images", "t-labels")
  fields: (pixels: u8[2, 2], label: u8)
  let raw = cast(pixels, f32)
  let x = reshape(raw / 255.0 * scale, [4])
  let z[i: 4] = x[3 - i]
  let z[i] = z[i] + 1.0
  let y = cast(label, i32)
  split: random(valid: 0.25, seed: 4)
  shuffle: false
}
network n(x: f32[B, 4], z: f32[B, 4]) -> f32[B, 7] = (x + z) |> dense(7)
train fit { network: n  data: d.take(100)  loss: cross_entropy  optimizer: sgd(0.1)  batch: 2  epochs: 3 }
)nn")) << messages();
  const DataProgram& data = train_->data;
  EXPECT_EQ(data.name, "d");
  const auto& files = std::get<IdxSource>(data.source.node).files;
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].name, "images");
  EXPECT_EQ(files[1].name, "labels");
  EXPECT_EQ(sources_.text(files[1].span), "\"labels\"");
  ASSERT_TRUE(data.test.has_value());
  EXPECT_EQ(std::get<IdxSource>(data.test->node).files[1].name, "t-labels");
  EXPECT_EQ(data.source.baseDirectory, folder_.string());
  ASSERT_EQ(data.raw.size(), 2u);
  EXPECT_EQ(data.raw[0].type, (ir::Type{ir::DType::U8, {2, 2}}));
  std::string fields;
  for (const Field& field : data.fields) fields += field.name + " ";
  EXPECT_EQ(fields, "raw x z y pixels label ") << "what `let` defines, then what the files hold";
  ASSERT_EQ(data.split.size(), 1u);
  EXPECT_EQ(data.split[0].name, "valid");
  EXPECT_EQ(data.split[0].randomFraction, 0.25);
  EXPECT_EQ(data.splitSeed, 4);
  EXPECT_EQ(data.take, 100);
  EXPECT_FALSE(data.shuffle);
  EXPECT_EQ(step_->fields, (std::vector<std::string>{"x", "z", "y"})) << "only what the train uses";
  const std::vector<ir::Tensor> results = run(
      data.module, data.map, {tensor({ir::DType::U8, {2, 2}}, {0, 51, 102, 255}), tensor({ir::DType::U8, {}}, {6})});
  expectNear(reals(results[1]), {0, 0.4, 0.8, 2}, 1e-6);
  expectNear(reals(results[2]), {3, 1.8, 1.4, 1}, 1e-6);
  EXPECT_EQ(results[3].type, (ir::Type{ir::DType::I32, {}}));
  EXPECT_EQ(reals(results[3]), std::vector<double>{6});
}

TEST_F(StepTest, DataBlocksTakeParameters) {
  ASSERT_TRUE(elaborate(R"nn(
data d(scale: real = 1.0) { source: idx("a", "b")  fields: (a: f32[2], t: f32[1])  let x = a * scale  let y = t }
train fit(big: bool = true) { network: dense(1)  data: if big then d(scale: 8.0) else d  loss: mse  optimizer: sgd(0.1)  batch: 2  steps: 4 }
)nn")) << messages();
  const std::vector<ir::Tensor> results =
      run(train_->data.module, train_->data.map,
          {tensor({ir::DType::F32, {2}}, {1, 2}), tensor({ir::DType::F32, {1}}, {3})});
  EXPECT_EQ(reals(results[0]), (std::vector<double>{8, 16}));
  EXPECT_EQ(train_->steps, 4);
  EXPECT_FALSE(train_->epochs.has_value());
}

TEST_F(StepTest, InF64TheFilesKeepTheirTypes) {
  ASSERT_TRUE(elaborate(linear("optimizer: sgd(0.1)\n  precision: .f64"))) << messages();
  EXPECT_EQ(train_->precision, ir::DType::F64);
  EXPECT_EQ(train_->data.raw[0].type.dtype, ir::DType::F32);
  EXPECT_EQ(train_->data.fields[0].type.dtype, ir::DType::F64);
  const std::vector<ir::Tensor> results =
      run(train_->data.module, train_->data.map,
          {tensor({ir::DType::F32, {2}}, {0.1, 2}), tensor({ir::DType::F32, {1}}, {3})});
  EXPECT_EQ(reals(results[0]), (std::vector<double>{static_cast<double>(0.1f), 2}));
  const std::optional<BatchProgram> evaluation = project_->evaluation(*train_, 2);
  ASSERT_TRUE(evaluation.has_value()) << messages();
}

}  // namespace nnc::elaborate
