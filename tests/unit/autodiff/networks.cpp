#include "networks.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace nnc::test {

using ir::Builder;
using ir::DType;
using ir::Shape;
using ir::Value;
using Values = std::vector<Value>;

static Value full(Builder& b, Value like, double number) { return b.constantLike(like, number); }
static Value scaled(Builder& b, Value x, double factor) { return b.mul(x, full(b, x, factor)); }
static Value square(Builder& b, Value x) { return b.mul(x, x); }
static Value relu(Builder& b, Value x) { return b.max(x, full(b, x, 0.0)); }
static Value sigmoid(Builder& b, Value x) { return b.add(scaled(b, b.tanh(scaled(b, x, 0.5)), 0.5), full(b, x, 0.5)); }

/// The axes that `axes` leaves, for putting a reduced tensor back.
static std::vector<int> others(Builder& b, Value x, const std::vector<int>& axes) {
  std::vector<int> kept;
  for (int axis = 0; axis < b.type(x).rank(); ++axis)
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) kept.push_back(axis);
  return kept;
}
static Value spread(Builder& b, Value reduced, Value like, const std::vector<int>& axes) {
  return b.broadcast(reduced, b.type(like).shape, others(b, like, axes));
}
static Value mean(Builder& b, Value x, const std::vector<int>& axes) {
  const Value sum = b.reduceSum(x, axes);
  const double count = static_cast<double>(b.type(x).elementCount()) / static_cast<double>(b.type(sum).elementCount());
  return b.div(sum, full(b, sum, count));
}
static Value softmax(Builder& b, Value x, int axis) {
  const Value top = b.stopGradient(b.reduceMax(x, {axis}));
  const Value e = b.exp(b.sub(x, spread(b, top, x, {axis})));
  return b.div(e, spread(b, b.reduceSum(e, {axis}), x, {axis}));
}
static Value dense(Builder& b, Value x, Value w, Value bias) {
  const Value y = b.contract(x, w, "bi", "io", "bo");
  return b.add(y, b.broadcast(bias, b.type(y).shape, {1}));
}
static Value integers(Builder& b, Shape shape, std::vector<std::int64_t> elements) {
  return b.constantDense(
      {.type = {DType::I32, std::move(shape)}, .isSplat = false, .reals = {}, .integers = std::move(elements)});
}

static Value denseSigmoidMse(Builder& b, const Values& x) {
  const Value y = sigmoid(b, dense(b, x[0], x[1], x[2]));
  return mean(b, square(b, b.sub(y, randomConstant(b, b.type(y).shape, 5))), {0, 1});
}

/// log-sum-exp minus the logit of the label, which is read with a flat gather.
static Value crossEntropy(Builder& b, Value z, std::vector<std::int64_t> labels) {
  const Shape shape = b.type(z).shape;
  const Value top = b.stopGradient(b.reduceMax(z, {1}));
  const Value e = b.exp(b.sub(z, spread(b, top, z, {1})));
  const Value lse = b.add(top, b.log(b.reduceSum(e, {1})));
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] += static_cast<std::int64_t>(i) * shape[1];
  const Value picked = b.gather(b.reshape(z, {shape[0] * shape[1]}), integers(b, {shape[0]}, std::move(labels)), 0);
  return mean(b, b.sub(lse, picked), {0});
}

static Value denseReluCrossEntropy(Builder& b, const Values& x) {
  const Value h = relu(b, dense(b, x[0], x[1], x[2]));
  return crossEntropy(b, dense(b, h, x[3], x[4]), {1, 0, 3, 2});
}

/// x [b, c, h, w], k [c, u, v, o] -> [b, o, i, j]
static Value conv2d(Builder& b, Value x, Value k, std::int64_t stride, std::int64_t padding) {
  const Shape p = {0, 0, padding, padding};
  const Value padded = b.pad(x, p, p, {0, 0, 0, 0}, 0.0);
  const std::int64_t size = b.type(k).shape[1];
  const Value windows = b.window(padded, {{2, size, stride, 1}, {3, size, stride, 1}});
  return b.contract(windows, k, "bcijuv", "cuvo", "boij");
}

static Value maxPool(Builder& b, Value x, std::int64_t size, std::int64_t stride) {
  return b.reduceMax(b.window(x, {{2, size, stride, 1}, {3, size, stride, 1}}), {4, 5});
}

static Value normalized(Builder& b, Value x, const std::vector<int>& axes, double epsilon) {
  const Value centred = b.sub(x, spread(b, mean(b, x, axes), x, axes));
  const Value variance = mean(b, square(b, centred), axes);
  const Value deviation = b.sqrt(b.add(variance, full(b, variance, epsilon)));
  return b.div(centred, spread(b, deviation, x, axes));
}

static Value scaledAndShifted(Builder& b, Value x, Value scale, Value shift, int axis) {
  const Shape shape = b.type(x).shape;
  return b.add(b.mul(x, b.broadcast(scale, shape, {axis})), b.broadcast(shift, shape, {axis}));
}

static Value batchNorm(Builder& b, Value x, Value scale, Value shift) {
  return scaledAndShifted(b, normalized(b, x, {0, 2, 3}, 1e-5), scale, shift, 1);
}

static Value residualBlock(Builder& b, const Values& x) {
  const Value h = relu(b, batchNorm(b, conv2d(b, x[0], x[1], 1, 1), x[3], x[4]));
  return weighted(b, relu(b, b.add(batchNorm(b, conv2d(b, h, x[2], 1, 1), x[3], x[4]), x[0])));
}

/// One step: gates [4, b, h] = x W + h U + bias; the carries are h and c.
static ir::FunctionId lstmStep(ir::Module& module, std::int64_t batch, std::int64_t inputs, std::int64_t hidden) {
  Builder b(module, module.addFunction("lstm_step"));
  const auto parameter = [&](Shape shape) { return b.addParameter({DType::F64, std::move(shape)}, ""); };
  const Value h = parameter({batch, hidden}), c = parameter({batch, hidden}), x = parameter({batch, inputs});
  const Value w = parameter({4, inputs, hidden}), u = parameter({4, hidden, hidden}), bias = parameter({4, hidden});
  const Value gates = b.add(b.add(b.contract(x, w, "bi", "gih", "gbh"), b.contract(h, u, "bk", "gkh", "gbh")),
                            b.broadcast(bias, {4, batch, hidden}, {0, 2}));
  const auto gate = [&](std::int64_t g) {
    return b.reshape(b.slice(gates, {g, 0, 0}, {g + 1, batch, hidden}, {1, 1, 1}), {batch, hidden});
  };
  const Value cell = b.add(b.mul(sigmoid(b, gate(1)), c), b.mul(sigmoid(b, gate(0)), b.tanh(gate(2))));
  const Value out = b.mul(sigmoid(b, gate(3)), b.tanh(cell));
  for (const Value result : {out, cell, out}) b.addResult(result, "");
  return b.functionId();
}

/// x [time, b, i]; reads every output and the last cell.
static Value lstm(Builder& b, const Values& x, bool reverse) {
  const Shape shape = b.type(x[0]).shape;
  const std::int64_t hidden = b.type(x[3]).shape[1];
  const ir::FunctionId step = lstmStep(b.module(), shape[1], shape[2], hidden);
  const Value zeros = b.constant({DType::F64, {shape[1], hidden}}, 0.0);
  const Values out = b.scan({.body = step, .carries = 2, .xs = 1, .length = shape[0], .reverse = reverse},
                            {zeros, zeros, x[0], x[1], x[2], x[3]});
  return b.add(weighted(b, out[2]), weighted(b, out[1]));
}

/// x [b, t, d], wq [d, heads, k], wk and wv likewise, wo [heads, k, d]; causal.
static Value attention(Builder& b, const Values& x) {
  const Value q = b.contract(x[0], x[1], "btd", "dhk", "bthk"), k = b.contract(x[0], x[2], "bsd", "dhk", "bshk");
  const Value v = b.contract(x[0], x[3], "bsd", "dhk", "bshk");
  const Value scores = b.contract(q, k, "bthk", "bshk", "bhts");
  const Shape shape = b.type(scores).shape;
  const double scale = 1.0 / std::sqrt(static_cast<double>(b.type(q).shape[3]));
  const ir::Type index{DType::I32, shape};
  const Value visible = b.compare(ir::Predicate::Ge, b.iota(index, 2), b.iota(index, 3));
  const Value masked = b.select(visible, scaled(b, scores, scale), full(b, scores, -1e9));
  const Value mixed = b.contract(softmax(b, masked, 3), v, "bhts", "bshk", "bthk");
  return weighted(b, b.contract(mixed, x[4], "bthk", "hkd", "btd"));
}

/// An embedding whose matrix is also the output layer.
static Value tiedEmbedding(Builder& b, const Values& x) {
  const Value rows = b.gather(x[0], integers(b, {3}, {2, 0, 2}), 0);
  return weighted(b, square(b, b.contract(rows, x[0], "td", "vd", "tv")));
}

/// cos is sin shifted; pairs of channels are rotated by the position.
static Value rope(Builder& b, const Values& x) {
  const Shape shape = b.type(x[0]).shape;  // [b, t, d]
  const Shape half = {shape[0], shape[1], shape[2] / 2};
  const Value first = b.slice(x[0], {0, 0, 0}, half, {1, 1, 1}),
              second = b.slice(x[0], {0, 0, half[2]}, shape, {1, 1, 1});
  const Value angle = scaled(b, b.cast(b.iota({DType::I32, half}, 1), DType::F64), 0.3);
  const Value s = b.sin(angle), c = b.sin(b.add(angle, full(b, angle, std::numbers::pi / 2)));
  const Value y = b.concat({b.sub(b.mul(first, c), b.mul(second, s)), b.add(b.mul(second, c), b.mul(first, s))}, 2);
  return weighted(b, square(b, y));
}

std::vector<Problem> networks() {
  return {
      {"dense, sigmoid, mean squared error", denseSigmoidMse, {{4, 5}, {5, 3}, {3}}},
      {"dense, relu, dense, softmax cross entropy", denseReluCrossEntropy, {{4, 6}, {6, 5}, {5}, {5, 4}, {4}}},
      {"conv2d, stride 1",
       [](Builder& b, const Values& x) { return weighted(b, square(b, conv2d(b, x[0], x[1], 1, 1))); },
       {{2, 2, 5, 4}, {2, 3, 3, 3}}},
      {"conv2d, stride 2",
       [](Builder& b, const Values& x) { return weighted(b, square(b, conv2d(b, x[0], x[1], 2, 1))); },
       {{2, 2, 6, 5}, {2, 3, 3, 3}}},
      {"max pool, overlapping",
       [](Builder& b, const Values& x) { return weighted(b, maxPool(b, x[0], 3, 2)); },
       {{2, 2, 7, 7}}},
      {"batch norm",
       [](Builder& b, const Values& x) { return weighted(b, batchNorm(b, x[0], x[1], x[2])); },
       {{4, 3, 2, 2}, {3}, {3}}},
      {"layer norm",
       [](Builder& b, const Values& x) {
         return weighted(b, scaledAndShifted(b, normalized(b, x[0], {1}, 1e-5), x[1], x[2], 1));
       },
       {{4, 6}, {6}, {6}}},
      {"lstm",
       [](Builder& b, const Values& x) { return lstm(b, x, false); },
       {{5, 2, 4}, {4, 4, 3}, {4, 3, 3}, {4, 3}}},
      {"lstm, last step first",
       [](Builder& b, const Values& x) { return lstm(b, x, true); },
       {{4, 2, 2}, {4, 2, 2}, {4, 2, 2}, {4, 2}}},
      {"causal attention", attention, {{2, 3, 4}, {4, 2, 3}, {4, 2, 3}, {4, 2, 3}, {2, 3, 4}}},
      {"tied embedding", tiedEmbedding, {{5, 4}}},
      {"rotary embedding", rope, {{2, 3, 4}}},
      {"residual block", residualBlock, {{2, 3, 3, 3}, {3, 3, 3, 3}, {3, 3, 3, 3}, {3}, {3}}},
  };
}

}  // namespace nnc::test
