// Lowering keeps what a training step computes, and makes of it what the design promises.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "engine/count_flops.h"
#include "engine/engine.h"
#include "ir/evaluate.h"
#include "mlp_step.h"
#include "passes/check_kernels.h"
#include "passes/check_plan.h"

namespace nnc::tests {

static engine::Options verified() {
  engine::Options options;
  options.verifyEach = true;
  return options;
}

static int count(const ir::Function& function, ir::Op op) {
  int n = 0;
  for (const ir::NodeId id : function.body) n += function.node(id).op == op ? 1 : 0;
  return n;
}

/// The largest difference, relative to the size of the numbers.
static double difference(const ir::Tensor& a, const ir::Tensor& b) {
  double worst = 0.0;
  for (std::int64_t i = 0; i < a.type.elementCount(); ++i)
    worst = std::max(worst, std::abs(a.real(i) - b.real(i)) / (1e-3 + std::abs(b.real(i))));
  return worst;
}

TEST(CountFlops, CountsForwardBackwardAndUpdate) {
  const std::vector<std::int64_t> widths = {784, 256, 256, 10};
  const MlpStep mlp = mlpStep(widths, 128);
  Diagnostics diagnostics;
  const std::optional<double> flops = engine::countFlops(mlp.module, mlp.step, diagnostics);
  ASSERT_TRUE(flops);
  // Three products forward, three for weights, two for inputs: none for the input of the first layer.
  const double products = 2.0 * 128 * (2 * 784 * 256 + 3 * 256 * 256 + 3 * 256 * 10);
  double parameters = 0.0, activations = 0.0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    parameters += static_cast<double>((widths[i] + 1) * widths[i + 1]);
    activations += static_cast<double>(128 * widths[i + 1]);
  }
  // Adam is at least 8 and with its corrections at most 20 operations for each parameter; bias, relu, softmax, sums
  // over the batch and their derivatives at least 4 and at most 20 for each activation.
  EXPECT_GE(*flops - products, 8.0 * parameters + 4.0 * activations);
  EXPECT_LE(*flops - products, 20.0 * (parameters + activations));
}

TEST(CountFlops, StepsAreCountedByTheirParts) {
  const double batch = 128.0;
  const std::vector<std::int64_t> widths = {784, 256, 256, 10};
  const MlpStep mlp = mlpStep(widths, 128);
  Diagnostics diagnostics;
  const std::optional<double> all = engine::countFlops(mlp.module, mlp.step, diagnostics);
  const std::optional<engine::StepCost> cost = engine::countStep(mlp.module, mlp.step, diagnostics);
  ASSERT_TRUE(all && cost);
  EXPECT_EQ(cost->forward + cost->backward + cost->update, *all);
  double weights = 0.0, parameters = 0.0, activations = 0.0, products = 0.0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const double in = static_cast<double>(widths[i]), out = static_cast<double>(widths[i + 1]);
    weights += in * out;
    parameters += (in + 1) * out;
    activations += batch * out;
    // Forward and for the weight; but for the first layer, for its input too. Two operands and a result each.
    products += (i == 0 ? 2.0 : 3.0) * 4.0 * (batch * in + in * out + batch * out);
  }
  const double ofInputs = 2.0 * batch * (weights - 784.0 * 256.0), ofWeights = 2.0 * batch * weights;
  // Bias, relu and softmax, and their derivatives with the sums over the batch: 1 to 10 for each activation.
  EXPECT_GE(cost->forward, ofWeights + activations);
  EXPECT_LE(cost->forward, ofWeights + 10.0 * activations);
  EXPECT_GE(cost->backward, ofWeights + ofInputs + activations);
  EXPECT_LE(cost->backward, ofWeights + ofInputs + 10.0 * activations);
  // Adam.
  EXPECT_GE(cost->update, 8.0 * parameters);
  EXPECT_LE(cost->update, 20.0 * parameters);
  // softmax takes an exp of each output and a log of each example; Adam's corrections are single numbers.
  EXPECT_GE(cost->transcendental, batch * (10.0 + 1.0));
  EXPECT_LE(cost->transcendental, batch * (10.0 + 1.0) + 100.0);
  // Adam reads a parameter, its derivative and two moments and writes three numbers of four bytes; an activation and
  // its derivative are read and written 1 to 10 times besides the products.
  const double updates = 7.0 * 4.0 * parameters;
  EXPECT_GE(cost->bytes, products + updates + 4.0 * activations);
  EXPECT_LE(cost->bytes, products + updates + 40.0 * activations);
}

TEST(Lower, OneKernelPerParameterUpdate) {
  MlpStep mlp = mlpStep({784, 256, 256, 10}, 128);
  Diagnostics diagnostics;
  ASSERT_TRUE(engine::lower(mlp.module, mlp.step, verified(), diagnostics));
  const ir::Function& step = mlp.module.function(mlp.step);
  // Three products forward, three for weights, two for inputs; the input gradient of the first layer is not computed.
  EXPECT_EQ(count(step, ir::Op::Contract), 8);
  EXPECT_EQ(count(step, ir::Op::Transpose), 0);
  int updates = 0, others = 0;
  for (const ir::NodeId id : step.body) {
    const ir::Node& node = step.node(id);
    if (node.op == ir::Op::Contract) continue;
    ASSERT_EQ(node.op, ir::Op::Call) << ir::opInfo(node.op).name;
    const bool isUpdate = node.results.size() == 3;
    (isUpdate ? updates : others)++;
    if (!isUpdate) continue;
    for (const ir::Value result : node.results)
      EXPECT_EQ(step.plan->storage[result.index].kind, ir::StorageKind::Argument) << "updates are in place";
  }
  EXPECT_EQ(updates, 6);
  EXPECT_LE(others, 16);
  // The gradient of the largest weight and one layer of activations, with room for the small ones.
  EXPECT_LE(step.plan->arenaBytes, 784 * 256 * 4 + 128 * 256 * 4 + 4096);
}

TEST(Lower, UpdatesOfOneShapeHaveEqualBodies) {
  MlpStep mlp = mlpStep({64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 10}, 32);
  Diagnostics diagnostics;
  ASSERT_TRUE(engine::lower(mlp.module, mlp.step, verified(), diagnostics));
  const ir::Function* first = nullptr;
  int updates = 0;
  const ir::Function& step = mlp.module.function(mlp.step);
  for (const ir::NodeId id : step.body) {
    const ir::Node& node = step.node(id);
    if (node.results.size() != 3 || step.type(node.results[0]).shape != ir::Shape{64, 64}) continue;
    ++updates;
    const ir::Function& body = mlp.module.function(std::get<ir::CallAttributes>(node.attributes).body);
    if (first == nullptr) first = &body;
    ASSERT_EQ(body.body.size(), first->body.size());
    for (std::size_t i = 0; i < body.body.size(); ++i) {
      EXPECT_EQ(body.node(body.body[i]).op, first->node(first->body[i]).op);
      EXPECT_EQ(body.node(body.body[i]).operands, first->node(first->body[i]).operands);
      EXPECT_EQ(body.node(body.body[i]).attributes, first->node(first->body[i]).attributes);
    }
  }
  EXPECT_EQ(updates, 10);
}

TEST(Lower, KeepsWhatTheStepComputes) {
  const MlpStep original = mlpStep({20, 16, 10}, 8);
  const std::vector<ir::Tensor> arguments = mlpArguments(original, 1);
  engine::Options plain = verified();
  plain.disabledPasses = {"simplify", "cse", "assign_layouts", "fuse", "schedule"};
  MlpStep reference = original, lowered = original;
  Diagnostics diagnostics;
  ASSERT_TRUE(engine::lower(reference.module, reference.step, plain, diagnostics));
  ASSERT_TRUE(engine::lower(lowered.module, lowered.step, verified(), diagnostics));
  const auto expected = ir::evaluate(reference.module, reference.step, arguments);
  const auto actual = ir::evaluate(lowered.module, lowered.step, arguments);
  ASSERT_EQ(actual.size(), expected.size());
  // simplify folds constants in double and drops additions of zero: a few roundings of f32 (6e-8) each.
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_LT(difference(actual[i], expected[i]), 1e-4) << "result " << i;
}

TEST(Lower, FusionSchedulingAndPlanningKeepEveryBit) {
  const MlpStep original = mlpStep({20, 16, 10}, 8);
  const std::vector<ir::Tensor> arguments = mlpArguments(original, 2);
  std::vector<ir::Tensor> expected;
  for (const std::vector<std::string>& disabled :
       {std::vector<std::string>{}, {"fuse"}, {"schedule"}, {"fuse", "schedule"}}) {
    engine::Options options = verified();
    options.disabledPasses = disabled;
    MlpStep mlp = original;
    Diagnostics diagnostics;
    ASSERT_TRUE(engine::lower(mlp.module, mlp.step, options, diagnostics));
    std::vector<ir::Tensor> actual = ir::evaluate(mlp.module, mlp.step, arguments);
    if (expected.empty()) expected = actual;
    for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_EQ(actual[i].bytes, expected[i].bytes) << "result " << i;
  }
}

TEST(Lower, EmptiesWhatTheFunctionDoesNotReach) {
  MlpStep mlp = mlpStep({20, 16, 10}, 8);
  const ir::FunctionId other = mlp.module.addFunction("other");
  Diagnostics diagnostics;
  ASSERT_TRUE(engine::lower(mlp.module, mlp.step, verified(), diagnostics));
  EXPECT_TRUE(mlp.module.function(other).body.empty());
  EXPECT_FALSE(mlp.module.function(mlp.step).body.empty());
}

TEST(Lower, UnknownPassesAreReported) {
  MlpStep mlp = mlpStep({20, 16, 10}, 8);
  engine::Options options;
  options.disabledPasses = {"fusion"};
  Diagnostics diagnostics;
  EXPECT_FALSE(engine::lower(mlp.module, mlp.step, options, diagnostics));
  ASSERT_EQ(diagnostics.errorCount(), 1);
  EXPECT_EQ(diagnostics.all()[0].code, "E1521");
}

}  // namespace nnc::tests
