#include "mlp_step.h"

#include <cmath>
#include <random>
#include <string>
#include <utility>

#include "ir/builder.h"

namespace nnc::tests {

using ir::Builder;
using ir::DType;
using ir::Shape;
using ir::Type;
using ir::Value;

/// -log softmax(z)[y], per example.
static Value crossEntropy(Builder& b, Value z, Value labels) {
  const Shape shape = b.type(z).shape;
  const Value top = b.stopGradient(b.reduceMax(z, {1}));
  const Value shifted = b.sub(z, b.broadcast(top, shape, {0}));
  const Value logSum = b.log(b.reduceSum(b.exp(shifted), {1}));
  const Value isClass = b.compare(ir::Predicate::Eq, b.broadcast(labels, shape, {0}), b.iota({DType::I32, shape}, 1));
  const Value picked = b.reduceSum(b.select(isClass, shifted, b.constantLike(shifted, 0.0)), {1});
  return b.sub(logSum, picked);
}

/// (w, b.., x, labels) -> (mean loss)
static ir::FunctionId lossFunction(ir::Module& module, const std::vector<std::int64_t>& widths, std::int64_t batch) {
  const ir::FunctionId id = module.addFunction("loss");
  Builder b(module, id);
  std::vector<Value> weights;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    weights.push_back(b.addParameter({DType::F32, {widths[i], widths[i + 1]}}, ""));
    weights.push_back(b.addParameter({DType::F32, {widths[i + 1]}}, ""));
  }
  Value h = b.addParameter({DType::F32, {batch, widths[0]}}, "x");
  const Value labels = b.addParameter({DType::I32, {batch}}, "labels");
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    b.setLocation({}, module.scope("net.h" + std::to_string(i + 1)));
    const Value product = b.contract(h, weights[2 * i], "bi", "io", "bo");
    h = b.add(product, b.broadcast(weights[2 * i + 1], b.type(product).shape, {1}));
    if (i + 2 < widths.size()) h = b.max(h, b.constantLike(h, 0.0));
  }
  b.setLocation({}, module.scope("loss"));
  const Value losses = crossEntropy(b, h, labels);
  b.addResult(b.mul(b.reduceSum(losses, {0}), b.constant({DType::F32, {}}, 1.0 / static_cast<double>(batch))), "loss");
  return id;
}

static Value spread(Builder& b, Value scalar, Value like) { return b.splat(scalar, b.type(like).shape); }

MlpStep mlpStep(const std::vector<std::int64_t>& widths, std::int64_t batch) {
  MlpStep mlp;
  mlp.widths = widths;
  mlp.batch = batch;
  const ir::FunctionId loss = lossFunction(mlp.module, widths, batch);
  mlp.step = mlp.module.addFunction("step");
  Builder b(mlp.module, mlp.step);
  const std::size_t count = 2 * (widths.size() - 1);
  const auto parameterType = [&](std::size_t i) {
    return mlp.module.function(loss).type(mlp.module.function(loss).parameters[i]);
  };
  const auto name = [](std::size_t i) { return "net.h" + std::to_string(i / 2 + 1) + (i % 2 == 0 ? ".w" : ".b"); };
  std::vector<Value> p, m, v;
  for (std::size_t i = 0; i < count; ++i) p.push_back(b.addParameter(parameterType(i), name(i)));
  for (std::size_t i = 0; i < count; ++i) m.push_back(b.addParameter(parameterType(i), name(i) + "/m"));
  for (std::size_t i = 0; i < count; ++i) v.push_back(b.addParameter(parameterType(i), name(i) + "/v"));
  const Value x = b.addParameter(parameterType(count), "x");
  const Value labels = b.addParameter(parameterType(count + 1), "labels");
  const Value step = b.cast(b.addParameter({DType::I64, {}}, "step"), DType::F32);

  std::vector<Value> operands = p;
  operands.push_back(x);
  operands.push_back(labels);
  ir::CallAttributes gradient;
  gradient.name = "loss";
  gradient.body = loss;
  gradient.kind = ir::CallKind::Gradient;
  for (std::size_t i = 0; i < count; ++i) gradient.wrt.push_back(static_cast<int>(i));
  const std::vector<Value> lossAndGradients = b.call(gradient, operands);

  constexpr double kRate = 0.001, kB1 = 0.9, kB2 = 0.999, kEps = 1e-8;
  const Value one = b.constant({DType::F32, {}}, 1.0);
  const auto correction = [&](double decay) {
    return b.sub(one, b.exp(b.mul(step, b.constant({DType::F32, {}}, std::log(decay)))));
  };
  std::vector<Value> p1, m1, v1;
  for (std::size_t i = 0; i < count; ++i) {
    b.setLocation({}, mlp.module.scope(name(i)));
    const Value g = lossAndGradients[i + 1];
    m1.push_back(b.add(b.mul(b.constantLike(g, kB1), m[i]), b.mul(b.constantLike(g, 1.0 - kB1), g)));
    v1.push_back(b.add(b.mul(b.constantLike(g, kB2), v[i]), b.mul(b.constantLike(g, 1.0 - kB2), b.mul(g, g))));
    const Value mh = b.div(m1[i], spread(b, correction(kB1), g)), vh = b.div(v1[i], spread(b, correction(kB2), g));
    const Value move = b.div(mh, b.add(b.sqrt(vh), b.constantLike(g, kEps)));
    p1.push_back(b.sub(p[i], b.mul(b.constantLike(g, kRate), move)));
  }
  int result = 0;
  for (const std::vector<Value>* values : {&p1, &m1, &v1})
    for (std::size_t i = 0; i < count; ++i, ++result) {
      b.addResult((*values)[i], "");
      mlp.module.function(mlp.step).aliases.push_back({result, result});
    }
  b.addResult(lossAndGradients[0], "loss");
  return mlp;
}

std::vector<ir::Tensor> mlpArguments(const MlpStep& mlp, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  const ir::Function& step = mlp.module.function(mlp.step);
  std::vector<ir::Tensor> arguments;
  const std::size_t weights = 2 * (mlp.widths.size() - 1);
  for (std::size_t i = 0; i < step.parameters.size(); ++i) {
    ir::Tensor tensor(step.type(step.parameters[i]));
    const std::int64_t count = tensor.type.elementCount();
    const bool isWeight = i < weights && i % 2 == 0, isImages = step.parameterNames[i] == "x";
    const double scale = isWeight ? std::sqrt(2.0 / static_cast<double>(tensor.type.shape[0])) : 1.0;
    for (std::int64_t k = 0; k < count; ++k) {
      if (isWeight || isImages)
        tensor.setReal(k, scale * normal(random));
      else if (step.parameterNames[i] == "labels")
        tensor.setInteger(k, static_cast<std::int64_t>(random() % 10));
      else if (step.parameterNames[i] == "step")
        tensor.setInteger(k, 1);
    }
    arguments.push_back(std::move(tensor));
  }
  return arguments;
}

}  // namespace nnc::tests
