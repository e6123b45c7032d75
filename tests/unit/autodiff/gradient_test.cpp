// Every differentiable op and the layers built from them against finite differences; second derivatives.
#include <gtest/gtest.h>

#include <cstdint>
#include <set>

#include "ir/gradient_flow.h"
#include "networks.h"

namespace nnc::test {

using ir::Builder;
using ir::DType;
using ir::Shape;
using ir::Value;
using Values = std::vector<Value>;

static Value square(Builder& b, Value x) { return b.mul(x, x); }
static Value indices(Builder& b, std::vector<std::int64_t> elements) {
  const std::int64_t count = static_cast<std::int64_t>(elements.size());
  return b.constantDense(
      {.type = {DType::I32, {count}}, .isSplat = false, .reals = {}, .integers = std::move(elements)});
}

/// scan with two carries, inputs, constants and outputs: c' = c * w + x, n' = n + c * c; y = c * n.
static Value scanned(Builder& b, const Values& x) {
  Builder step(b.module(), b.module().addFunction("step"));
  const ir::Type row{DType::F64, {3}};
  const Value c = step.addParameter(row, "c"), n = step.addParameter(row, "n");
  const Value input = step.addParameter(row, "x"), w = step.addParameter(row, "w");
  step.addResult(step.add(step.mul(c, w), input), "");
  step.addResult(step.add(n, step.mul(c, c)), "");
  step.addResult(step.mul(c, n), "");
  const Values out = b.scan({.body = step.functionId(), .carries = 2, .xs = 1, .length = 4, .reverse = false},
                            {x[0], x[1], x[2], x[3]});
  return b.add(b.add(weighted(b, out[0]), weighted(b, out[1])), weighted(b, out[2]));
}

static Value called(Builder& b, const Values& x) {
  Builder body(b.module(), b.module().addFunction("gelu_like"));
  const Value a = body.addParameter({DType::F64, {3}}, "a");
  body.addResult(body.mul(a, body.tanh(a)), "");
  const Value once = b.call({.name = "gelu_like", .body = body.functionId(), .wrt = {}}, {x[0]})[0];
  return weighted(b, b.call({.name = "gelu_like", .body = body.functionId(), .wrt = {}}, {once})[0]);
}

static std::vector<Problem> ops() {
  const Shape s{3, 4};
  const auto one = [](auto make) { return [make](Builder& b, const Values& x) { return weighted(b, make(b, x)); }; };
  const auto squared = [](auto make) {
    return [make](Builder& b, const Values& x) { return weighted(b, square(b, make(b, x))); };
  };
  std::vector<Problem> problems = {
      {"neg", squared([](Builder& b, const Values& x) { return b.neg(x[0]); }), {s}},
      {"exp", one([](Builder& b, const Values& x) { return b.exp(x[0]); }), {s}},
      {"log", one([](Builder& b, const Values& x) { return b.log(x[0]); }), {s}, 0.2},
      {"sqrt", one([](Builder& b, const Values& x) { return b.sqrt(x[0]); }), {s}, 0.2},
      {"sin", one([](Builder& b, const Values& x) { return b.sin(x[0]); }), {s}},
      {"tanh", one([](Builder& b, const Values& x) { return b.tanh(x[0]); }), {s}},
      {"floor", one([](Builder& b, const Values& x) { return b.mul(b.floor(x[0]), x[0]); }), {s}},
      {"add", squared([](Builder& b, const Values& x) { return b.add(x[0], x[1]); }), {s, s}},
      {"mul", one([](Builder& b, const Values& x) { return b.mul(x[0], x[1]); }), {s, s}},
      {"div", one([](Builder& b, const Values& x) { return b.div(x[0], x[1]); }), {s, s}, 0.3},
      {"max", squared([](Builder& b, const Values& x) { return b.max(x[0], x[1]); }), {s, s}},
      {"rem", squared([](Builder& b, const Values& x) { return b.rem(x[0], x[1]); }), {s, s}, 0.3},
      {"select",
       squared([](Builder& b, const Values& x) {
         return b.select(b.compare(ir::Predicate::Lt, x[0], x[1]), b.mul(x[0], x[0]), x[1]);
       }),
       {s, s}},
      {"reshape", squared([](Builder& b, const Values& x) { return b.reshape(x[0], {2, 6}); }), {s}},
      {"transpose", squared([](Builder& b, const Values& x) { return b.transpose(x[0], {2, 0, 1}); }), {{2, 3, 4}}},
      {"broadcast",
       squared([](Builder& b, const Values& x) { return b.broadcast(x[0], {4, 5, 3}, {0, 2}); }),
       {{4, 3}}},
      {"slice", squared([](Builder& b, const Values& x) { return b.slice(x[0], {1, 0}, {6, 5}, {2, 3}); }), {{7, 5}}},
      {"slice of nothing",
       squared([](Builder& b, const Values& x) {
         return b.add(sumAll(b, b.slice(x[0], {1, 2}, {3, 2}, {1, 3})), sumAll(b, x[0]));
       }),
       {s}},
      {"pad", squared([](Builder& b, const Values& x) { return b.pad(x[0], {1, 0}, {2, 1}, {1, 2}, 0.5); }), {s}},
      {"concat",
       squared([](Builder& b, const Values& x) { return b.concat({x[0], x[1], x[0]}, 1); }),
       {{3, 2}, {3, 4}}},
      {"window",
       squared([](Builder& b, const Values& x) { return b.window(x[0], {{1, 3, 2, 1}, {2, 2, 1, 2}}); }),
       {{2, 7, 6}}},
      {"unwindow",
       squared([](Builder& b, const Values& x) { return b.unwindow(x[0], {{1, 3, 2, 1}}, {2, 7}); }),
       {{2, 3, 3}}},
      {"reduce_sum", squared([](Builder& b, const Values& x) { return b.reduceSum(x[0], {0, 2}); }), {{2, 3, 4}}},
      {"reduce_max", squared([](Builder& b, const Values& x) { return b.reduceMax(x[0], {1}); }), {{3, 5}}},
      {"contract, batched",
       squared([](Builder& b, const Values& x) { return b.contract(x[0], x[1], "bik", "bkj", "bji"); }),
       {{2, 3, 4}, {2, 4, 5}}},
      {"contract, outer product",
       squared([](Builder& b, const Values& x) { return b.contract(x[0], x[1], "i", "j", "ji"); }),
       {{3}, {4}}},
      {"contract, inner product",
       squared([](Builder& b, const Values& x) { return b.contract(x[0], x[1], "ij", "ji", ""); }),
       {{3, 4}, {4, 3}}},
      {"gather",
       squared([](Builder& b, const Values& x) { return b.gather(x[0], indices(b, {2, 0, 2}), 0); }),
       {{4, 3}}},
      {"gather, clamped",
       squared([](Builder& b, const Values& x) { return b.gather(x[0], indices(b, {9, -4, 1, 3}), 1); }),
       {{2, 4}}},
      {"scatter add",
       squared([](Builder& b, const Values& x) {
         return b.scatter(x[0], indices(b, {2, 0, 2}), x[1], 0, ir::ScatterMode::Add);
       }),
       {{4, 3}, {3, 3}}},
      {"scatter set",
       squared([](Builder& b, const Values& x) {
         return b.scatter(x[0], indices(b, {1, 3}), x[1], 1, ir::ScatterMode::Set);
       }),
       {{3, 4}, {3, 2}}},
      {"scatter set, overwriting itself",
       squared([](Builder& b, const Values& x) {
         return b.scatter(x[0], indices(b, {1, 7, 1, 3}), x[1], 1, ir::ScatterMode::Set);
       }),
       {{3, 4}, {3, 4}}},
      {"scan", scanned, {{3}, {3}, {4, 3}, {3}}},
      {"call", called, {{3}}},
  };
  return problems;
}

class OpGradient : public testing::TestWithParam<Problem> {};
TEST_P(OpGradient, matchesFiniteDifferences) { checkGradient(GetParam()); }
TEST_P(OpGradient, secondDerivativeMatchesFiniteDifferences) { checkGradient(GetParam(), 2); }
INSTANTIATE_TEST_SUITE_P(Ops, OpGradient, testing::ValuesIn(ops()));

class NetworkGradient : public testing::TestWithParam<Problem> {};
TEST_P(NetworkGradient, matchesFiniteDifferences) { checkGradient(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Networks, NetworkGradient, testing::ValuesIn(networks()));

static std::vector<Problem> smallNetworks() {
  std::vector<Problem> chosen;
  for (Problem& problem : networks()) {
    const std::set<std::string> wanted = {"dense, sigmoid, mean squared error",
                                          "dense, relu, dense, softmax cross entropy",
                                          "conv2d, stride 2",
                                          "batch norm",
                                          "layer norm",
                                          "lstm, last step first",
                                          "causal attention"};
    if (wanted.contains(problem.name)) chosen.push_back(std::move(problem));
  }
  return chosen;
}

class SecondOrder : public testing::TestWithParam<Problem> {};
TEST_P(SecondOrder, matchesFiniteDifferences) { checkGradient(GetParam(), 2); }
INSTANTIATE_TEST_SUITE_P(Networks, SecondOrder, testing::ValuesIn(smallNetworks()));

TEST(SecondOrder, coversSevenNetworks) { EXPECT_EQ(smallNetworks().size(), 7u); }

/// `cast` between floats is checked on its own (rules_test.cpp): finite differences through f32 are noise.
TEST(OpGradient, everyOpWithADerivativeHasASample) {
  std::set<ir::Op> sampled = {ir::Op::Cast};
  for (const Problem& problem : ops()) {
    ir::Module module;
    addFunction(module, "loss", problem.shapes, problem.body);
    for (const ir::Function& function : module.functions)
      for (const ir::NodeId id : function.body) sampled.insert(function.node(id).op);
  }
  for (int i = 0; i < ir::kOpCount; ++i) {
    const ir::Op op = static_cast<ir::Op>(i);
    const bool differentiable = ir::hasDerivative(op, 0) || ir::hasDerivative(op, 1);
    EXPECT_TRUE(!differentiable || sampled.contains(op)) << ir::opInfo(op).name;
  }
}

}  // namespace nnc::test
