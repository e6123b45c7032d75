// What finite differences cannot see: kinks, ties, casts, paths that are cut, vjps of one's own, and what is built.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/differentiate.h"
#include "autodiff/vjp.h"
#include "gradient_check.h"
#include "ir/evaluate.h"
#include "ir/gradient_flow.h"
#include "ir/print.h"
#include "ir/verify.h"

namespace nnc::test {

using ir::Builder;
using ir::DType;
using ir::FunctionId;
using ir::Module;
using ir::Shape;
using ir::Tensor;
using ir::Value;
using Values = std::vector<Value>;
using Numbers = std::vector<double>;

static Tensor tensorOf(DType dtype, Shape shape, const Numbers& numbers) {
  Tensor tensor({dtype, std::move(shape)});
  for (std::size_t i = 0; i < numbers.size(); ++i) tensor.setReal(static_cast<std::int64_t>(i), numbers[i]);
  return tensor;
}
static Numbers numbersOf(const Tensor& tensor) {
  Numbers numbers;
  for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i) numbers.push_back(tensor.real(i));
  return numbers;
}

/// The gradients of the sum of `body` at vectors.
static std::vector<Numbers> gradientsAt(const std::vector<Numbers>& points, const Body& body) {
  Module module;
  std::vector<Shape> shapes;
  std::vector<Tensor> arguments;
  for (const Numbers& point : points) {
    shapes.push_back({static_cast<std::int64_t>(point.size())});
    arguments.push_back(tensorOf(DType::F64, shapes.back(), point));
  }
  const FunctionId gradient = addGradient(module, "gradient", addFunction(module, "loss", shapes, body));
  differentiateAndVerify(module);
  std::vector<Numbers> result;
  for (const Tensor& tensor : ir::evaluate(module, gradient, arguments)) result.push_back(numbersOf(tensor));
  result.erase(result.begin());
  return result;
}

TEST(Kinks, reluHasDerivativeZeroAtZero) {
  const auto g =
      gradientsAt({{-1, 0, 2}}, [](Builder& b, const Values& x) { return b.max(x[0], b.constantLike(x[0], 0)); });
  EXPECT_EQ(g[0], (Numbers{0, 0, 1}));
}

TEST(Kinks, tiesOfMaxGoToTheSecondOperand) {
  const auto g = gradientsAt({{1, 3, 2}, {1, 2, 3}}, [](Builder& b, const Values& x) { return b.max(x[0], x[1]); });
  EXPECT_EQ(g[0], (Numbers{0, 1, 0}));
  EXPECT_EQ(g[1], (Numbers{1, 0, 1}));
}

TEST(Kinks, tiesOfReduceMaxShareEqually) {
  const auto g = gradientsAt({{4, 1, 4, 4}}, [](Builder& b, const Values& x) { return b.reduceMax(x[0], {0}); });
  EXPECT_EQ(g[0], (Numbers{1.0 / 3, 0, 1.0 / 3, 1.0 / 3}));
}

TEST(Paths, stopGradientCutsOneFactor) {
  const auto g = gradientsAt({{3, -2}}, [](Builder& b, const Values& x) { return b.mul(x[0], b.stopGradient(x[0])); });
  EXPECT_EQ(g[0], (Numbers{3, -2}));
}

TEST(Paths, noPathGivesZeros) {
  const auto g = gradientsAt({{3, -2}, {1, 1}}, [](Builder& b, const Values& x) { return b.mul(x[0], b.floor(x[1])); });
  EXPECT_EQ(g[1], (Numbers{0, 0}));
}

TEST(Paths, aParameterThatIsTheLossHasDerivativeOne) {
  const auto g = gradientsAt({{3, -2}}, [](Builder&, const Values& x) { return x[0]; });
  EXPECT_EQ(g[0], (Numbers{1, 1}));
}

TEST(Paths, oneValueForTwoOperandsCountsForOneOfThem) {
  Module module;
  const FunctionId loss =
      addFunction(module, "loss", {{}, {}}, [](Builder& b, const Values& x) { return b.mul(x[0], b.exp(x[1])); });
  Builder b(module, module.addFunction("main"));
  const Value x = b.addParameter({DType::F64, {}}, "x");
  const Values out = b.call({.name = "loss", .body = loss, .kind = ir::CallKind::Gradient, .wrt = {0}}, {x, x});
  b.addResult(out[1], "");
  differentiateAndVerify(module);
  const auto result = ir::evaluate(module, b.functionId(), {tensorOf(DType::F64, {}, {0.5})});
  EXPECT_DOUBLE_EQ(result[0].real(0), std::exp(0.5));
}

TEST(Paths, reachesLossAgreesWithWhatIsDerived) {
  Module module;
  const FunctionId loss = addFunction(module, "loss", {{2}, {2}, {2}, {2}}, [](Builder& b, const Values& x) {
    b.exp(x[3]);  // has a use, but not in the loss
    return sumAll(b, b.mul(x[0], b.stopGradient(b.mul(x[1], x[2]))));
  });
  const auto reached =
      ir::reachesLoss(module, {.name = "", .body = loss, .kind = ir::CallKind::Gradient, .wrt = {0, 1, 2, 3}});
  EXPECT_EQ(reached, (std::vector<bool>{true, false, false, false}));
}

TEST(Paths, aCarryIsReachedThroughLaterSteps) {
  Module module;
  Builder step(module, module.addFunction("step"));
  const ir::Type scalar{DType::F64, {}};
  const Value a = step.addParameter(scalar, "a"), c = step.addParameter(scalar, "c"),
              w = step.addParameter(scalar, "w");
  step.addResult(c, "");               // the next a is this c
  step.addResult(step.mul(w, w), "");  // and c comes from the constant
  (void)a;
  const FunctionId loss = addFunction(module, "loss", {{}, {}, {}}, [&](Builder& b, const Values& x) {
    return b.scan({.body = step.functionId(), .carries = 2, .xs = 0, .length = 3, .reverse = false}, x)[0];
  });
  const auto reached =
      ir::reachesLoss(module, {.name = "", .body = loss, .kind = ir::CallKind::Gradient, .wrt = {0, 1, 2}});
  // Without the number of steps the analysis must assume that the first c can arrive.
  EXPECT_EQ(reached, (std::vector<bool>{false, true, true}));
  const FunctionId gradient = addGradient(module, "gradient", loss);
  differentiateAndVerify(module);
  const auto result = ir::evaluate(
      module, gradient, {tensorOf(DType::F64, {}, {1}), tensorOf(DType::F64, {}, {2}), tensorOf(DType::F64, {}, {3})});
  EXPECT_EQ(result[1].real(0), 0);
  EXPECT_EQ(result[2].real(0), 0);
  EXPECT_EQ(result[3].real(0), 6);
}

TEST(Casts, betweenFloatsTheCotangentIsCastBack) {
  Module module;
  Builder loss(module, module.addFunction("loss"));
  const Value x = loss.addParameter({DType::F32, {2}}, "x");
  const Value y = loss.cast(x, DType::F64);
  loss.addResult(loss.reduceSum(loss.mul(y, y), {0}), "");
  Builder b(module, module.addFunction("main"));
  const Value p = b.addParameter({DType::F32, {2}}, "x");
  b.addResult(b.call({.name = "loss", .body = loss.functionId(), .kind = ir::CallKind::Gradient, .wrt = {0}}, {p})[1],
              "");
  differentiateAndVerify(module);
  const auto result = ir::evaluate(module, b.functionId(), {tensorOf(DType::F32, {2}, {1.5, -2})});
  EXPECT_EQ(numbersOf(result[0]), (Numbers{3, -4}));
  EXPECT_EQ(result[0].type.dtype, DType::F32);
}

TEST(Casts, throughAnIntegerNothingFlows) {
  const auto g = gradientsAt(
      {{1.25}}, [](Builder& b, const Values& x) { return b.mul(x[0], b.cast(b.cast(x[0], DType::I32), DType::F64)); });
  EXPECT_EQ(g[0], (Numbers{1}));
}

/// round(x) with the derivative of the identity.
static FunctionId straightThrough(Module& module) {
  Builder forward(module, module.addFunction("round"));
  const Value x = forward.addParameter({DType::F64, {2}}, "x");
  forward.addResult(forward.floor(forward.add(x, forward.constantLike(x, 0.5))), "");
  return forward.functionId();
}
static FunctionId identityVjp(Module& module) {
  Builder vjp(module, module.addFunction("round_vjp"));
  vjp.addParameter({DType::F64, {2}}, "x");
  vjp.addResult(vjp.addParameter({DType::F64, {2}}, "g"), "");
  return vjp.functionId();
}

TEST(CustomVjp, replacesTheDerivativeOfTheBody) {
  const auto g = gradientsAt({{0.3, 1.7}}, [](Builder& b, const Values& x) {
    const FunctionId body = straightThrough(b.module()), vjp = identityVjp(b.module());
    const Value rounded = b.call({.name = "round", .body = body, .wrt = {}, .vjp = vjp}, {x[0]})[0];
    return b.mul(rounded, rounded);
  });
  EXPECT_EQ(g[0], (Numbers{0, 4}));
}

TEST(CustomVjp, worksInsideAComposite) {
  const auto g = gradientsAt({{0.3, 1.7}}, [](Builder& b, const Values& x) {
    Module& module = b.module();
    const FunctionId body = straightThrough(module), vjp = identityVjp(module);
    Builder outer(module, module.addFunction("outer"));
    const Value p = outer.addParameter({DType::F64, {2}}, "p");
    outer.addResult(outer.mul(p, outer.call({.name = "round", .body = body, .wrt = {}, .vjp = vjp}, {p})[0]), "");
    return b.call({.name = "outer", .body = outer.functionId(), .wrt = {}}, {x[0]})[0];
  });
  EXPECT_EQ(g[0], (Numbers{0 + 0.3, 2 + 1.7}));
}

/// The sum over operands of cotangent * direction equals the sum over results of seed * directional derivative.
TEST(MakeVjp, satisfiesTheInnerProductTest) {
  Module module;
  Builder b(module, module.addFunction("f"));
  const Value x = b.addParameter({DType::F64, {3, 4}}, "x"), w = b.addParameter({DType::F64, {4, 2}}, "w");
  const Value i = b.addParameter({DType::I32, {2}}, "i");
  const Value y = b.tanh(b.contract(x, w, "ab", "bc", "ac"));
  b.addResult(y, "y");
  b.addResult(b.compare(ir::Predicate::Gt, y, b.constantLike(y, 0)), "positive");
  b.addResult(b.gather(x, i, 0), "rows");
  const FunctionId f = b.functionId(), vjp = autodiff::makeVjp(module, f);
  ASSERT_EQ(ir::verify(module), std::vector<std::string>());

  const std::vector<Shape> shapes = {{3, 4}, {4, 2}};
  const auto point = randomArguments(shapes, 1), direction = randomArguments(shapes, 2);
  const auto seeds = randomArguments({{3, 2}, {2, 4}}, 3);
  const Tensor rows = tensorOf(DType::I32, {2}, {2, 0});
  const auto at = [&](double h) {
    std::vector<Tensor> moved = point;
    for (std::size_t k = 0; k < moved.size(); ++k)
      for (std::int64_t e = 0; e < moved[k].type.elementCount(); ++e)
        moved[k].setReal(e, point[k].real(e) + h * direction[k].real(e));
    moved.push_back(rows);
    const auto out = ir::evaluate(module, f, moved);
    double sum = 0;
    for (std::int64_t e = 0; e < 6; ++e) sum += out[0].real(e) * seeds[0].real(e);
    for (std::int64_t e = 0; e < 8; ++e) sum += out[2].real(e) * seeds[1].real(e);
    return sum;
  };
  const double h = 1e-4;
  const double forward = (at(-2 * h) - 8 * at(-h) + 8 * at(h) - at(2 * h)) / (12 * h);
  const auto out = ir::evaluate(module, vjp, {point[0], point[1], rows, seeds[0], seeds[1]});
  ASSERT_EQ(out.size(), 5u);  // three results, two cotangents: none for the index
  double reverse = 0;
  for (std::size_t k = 0; k < 2; ++k)
    for (std::int64_t e = 0; e < direction[k].type.elementCount(); ++e)
      reverse += out[3 + k].real(e) * direction[k].real(e);
  EXPECT_NEAR(forward, reverse, 1e-9);
}

static int countOf(const ir::Function& function, ir::Op op) {
  return static_cast<int>(std::count_if(function.body.begin(), function.body.end(),
                                        [&](ir::NodeId id) { return function.node(id).op == op; }));
}

TEST(Sweep, buildsOnlyWhatLiesBetweenParametersAndLoss) {
  Module module;
  const FunctionId loss = addFunction(module, "loss", {{2, 3}, {3, 4}}, [](Builder& b, const Values& x) {
    return sumAll(b, b.contract(b.exp(x[0]), x[1], "ij", "jk", "ik"));
  });
  Builder b(module, module.addFunction("main"));
  const Value x = b.addParameter({DType::F64, {2, 3}}, "x"), w = b.addParameter({DType::F64, {3, 4}}, "w");
  b.addResult(b.call({.name = "loss", .body = loss, .kind = ir::CallKind::Gradient, .wrt = {1}}, {x, w})[1], "");
  differentiateAndVerify(module);
  EXPECT_EQ(countOf(module.function(b.functionId()), ir::Op::Contract), 2) << "forward, and by w only";
  EXPECT_EQ(countOf(module.function(b.functionId()), ir::Op::Mul), 0) << "nothing through exp";
}

TEST(Sweep, aScanRunsForwardOnceAndSavesOnlyWhatItsReverseReads) {
  Module module;
  Builder step(module, module.addFunction("step"));
  const ir::Type scalar{DType::F64, {}};
  const Value n = step.addParameter(scalar, "n"), a = step.addParameter(scalar, "a"),
              w = step.addParameter(scalar, "w");
  step.addResult(step.add(n, w), "");  // linear: its reverse needs no n
  step.addResult(step.mul(a, w), "");
  const FunctionId loss = addFunction(module, "loss", {{}, {}, {}}, [&](Builder& b, const Values& x) {
    const Values out = b.scan({.body = step.functionId(), .carries = 2, .xs = 0, .length = 5, .reverse = false}, x);
    return b.add(out[0], out[1]);
  });
  const FunctionId gradient = addGradient(module, "gradient", loss);
  differentiateAndVerify(module);
  const ir::Function& function = module.function(gradient);
  std::vector<const ir::Node*> scans;
  for (const ir::NodeId id : function.body)
    if (function.node(id).op == ir::Op::Scan) scans.push_back(&function.node(id));
  ASSERT_EQ(scans.size(), 2u);
  EXPECT_EQ(scans[0]->results.size(), 3u) << "two carries and the values of a that entered";
  EXPECT_EQ(std::get<ir::ScanAttributes>(scans[1]->attributes).xs, 1);
  EXPECT_TRUE(std::get<ir::ScanAttributes>(scans[1]->attributes).reverse);
  // n + 5 w + a w^5
  const auto result = ir::evaluate(
      module, gradient, {tensorOf(DType::F64, {}, {3}), tensorOf(DType::F64, {}, {7}), tensorOf(DType::F64, {}, {2})});
  EXPECT_EQ(result[2].real(0), 32);
  EXPECT_EQ(result[3].real(0), 5 + 7 * 5 * 16);
}

TEST(Differentiate, leavesNoGradientCallAndEmptiesWhatNothingRuns) {
  Module module;
  const FunctionId loss =
      addFunction(module, "loss", {{3}}, [](Builder& b, const Values& x) { return sumAll(b, b.exp(x[0])); });
  const FunctionId norm = addGradientNorm(module, "norm", loss);
  addGradient(module, "gradient", norm);
  differentiateAndVerify(module);
  EXPECT_EQ(ir::print(module).find("gradient @"), std::string::npos);
  EXPECT_TRUE(module.function(loss).body.empty());
  EXPECT_TRUE(module.function(norm).body.empty());
}

TEST(Differentiate, handlesAChainOf200000Nodes) {
  Module module;
  const FunctionId loss = addFunction(module, "loss", {{}}, [](Builder& b, const Values& x) {
    Value y = x[0];
    for (int i = 0; i < 100000; ++i) y = b.tanh(b.add(y, x[0]));
    return y;
  });
  const FunctionId gradient = addGradient(module, "gradient", loss);
  Diagnostics diagnostics;
  ASSERT_TRUE(autodiff::differentiate(module, diagnostics));
  EXPECT_GT(module.function(gradient).body.size(), 600000u);
}

}  // namespace nnc::test
