#include "gradient_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "autodiff/differentiate.h"
#include "ir/evaluate.h"
#include "ir/print.h"
#include "ir/verify.h"

namespace nnc::test {

using ir::FunctionId;
using ir::Module;
using ir::Shape;
using ir::Tensor;
using ir::Value;

FunctionId addFunction(Module& module, const std::string& name, const std::vector<Shape>& shapes, const Body& body) {
  ir::Builder b(module, module.addFunction(name));
  std::vector<Value> parameters;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    parameters.push_back(b.addParameter({ir::DType::F64, shapes[i]}, "x" + std::to_string(i)));
  b.addResult(body(b, parameters), "y");
  return b.functionId();
}

static std::vector<Shape> shapesOf(const Module& module, FunctionId id) {
  std::vector<Shape> shapes;
  for (const Value parameter : module.function(id).parameters)
    shapes.push_back(module.function(id).type(parameter).shape);
  return shapes;
}

static std::vector<Value> gradientCall(ir::Builder& b, FunctionId loss, const std::vector<Value>& arguments) {
  std::vector<int> wrt(arguments.size());
  std::iota(wrt.begin(), wrt.end(), 0);
  return b.call({.name = b.module().function(loss).name, .body = loss, .kind = ir::CallKind::Gradient, .wrt = wrt},
                arguments);
}

FunctionId addGradient(Module& module, const std::string& name, FunctionId loss) {
  const std::vector<Shape> shapes = shapesOf(module, loss);
  ir::Builder b(module, module.addFunction(name));
  std::vector<Value> parameters;
  for (const Shape& shape : shapes) parameters.push_back(b.addParameter({ir::DType::F64, shape}, ""));
  for (const Value result : gradientCall(b, loss, parameters)) b.addResult(result, "");
  return b.functionId();
}

FunctionId addGradientNorm(Module& module, const std::string& name, FunctionId loss) {
  return addFunction(module, name, shapesOf(module, loss), [&](ir::Builder& b, const std::vector<Value>& x) {
    const std::vector<Value> results = gradientCall(b, loss, x);
    Value sum = b.constant({ir::DType::F64, {}}, 0.0);
    for (std::size_t i = 1; i < results.size(); ++i) sum = b.add(sum, sumAll(b, b.mul(results[i], results[i])));
    return sum;
  });
}

static Tensor randomTensor(const Shape& shape, std::mt19937_64& random, double lowest) {
  Tensor tensor({ir::DType::F64, shape});
  // Not std::uniform_real_distribution: its numbers differ between standard libraries.
  for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i)
    tensor.setReal(i, lowest + (1.5 - lowest) * static_cast<double>(random() >> 11) * 0x1p-53);
  return tensor;
}

std::vector<Tensor> randomArguments(const std::vector<Shape>& shapes, std::uint64_t seed, double lowest) {
  std::mt19937_64 random(seed);
  std::vector<Tensor> arguments;
  for (const Shape& shape : shapes) arguments.push_back(randomTensor(shape, random, lowest));
  return arguments;
}

Value randomConstant(ir::Builder& b, Shape shape, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const Tensor tensor = randomTensor(shape, random, -1.5);
  ir::ConstAttributes constant{.type = tensor.type, .isSplat = false, .reals = {}, .integers = {}};
  for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i) constant.reals.push_back(tensor.real(i));
  return b.constantDense(std::move(constant));
}

Value sumAll(ir::Builder& b, Value x) {
  std::vector<int> axes(b.type(x).shape.size());
  std::iota(axes.begin(), axes.end(), 0);
  return b.reduceSum(x, axes);
}

Value weighted(ir::Builder& b, Value y) { return sumAll(b, b.mul(y, randomConstant(b, b.type(y).shape, 99))); }

void differentiateAndVerify(Module& module) {
  ASSERT_EQ(ir::verify(module), std::vector<std::string>());
  Diagnostics diagnostics;
  ASSERT_TRUE(autodiff::differentiate(module, diagnostics));
  ASSERT_EQ(ir::verify(module), std::vector<std::string>()) << ir::print(module);
}

/// The five-point stencil: its error is h^4 f'''''/30 plus rounding of about 1e-16 |f| / h.
static double numericDerivative(const Module& module, FunctionId loss, std::vector<Tensor> arguments, std::size_t which,
                                std::int64_t element) {
  // At h = 1e-4 both errors are below 1e-11 for functions of size 1; and a kink is hit in few places only.
  const double h = 1e-4, x = arguments[which].real(element);
  const auto at = [&](double moved) {
    arguments[which].setReal(element, moved);
    return ir::evaluate(module, loss, arguments)[0].real(0);
  };
  return (at(x - 2 * h) - 8 * at(x - h) + 8 * at(x + h) - at(x + 2 * h)) / (12 * h);
}

void checkGradient(const Problem& problem, int order) {
  SCOPED_TRACE(problem.name);
  Module module;
  FunctionId loss = addFunction(module, "loss", problem.shapes, problem.body);
  if (order == 2) loss = addGradientNorm(module, "norm", loss);
  Module forward = module;
  differentiateAndVerify(forward);
  const FunctionId gradient = addGradient(module, "gradient", loss);
  differentiateAndVerify(module);
  if (testing::Test::HasFatalFailure()) return;

  const std::vector<Tensor> arguments = randomArguments(problem.shapes, 7, problem.lowest);
  const std::vector<Tensor> results = ir::evaluate(module, gradient, arguments);
  ASSERT_EQ(results.size(), arguments.size() + 1);
  int wrong = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    for (std::int64_t k = 0; k < arguments[i].type.elementCount(); ++k) {
      const double numeric = numericDerivative(forward, loss, arguments, i, k), exact = results[i + 1].real(k);
      const double error = std::fabs(numeric - exact) / std::max(1.0, std::fabs(numeric));
      if (error < 1e-6) continue;
      if (++wrong <= 3) ADD_FAILURE() << "d/dx" << i << "[" << k << "]: numeric " << numeric << ", derived " << exact;
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace nnc::test
