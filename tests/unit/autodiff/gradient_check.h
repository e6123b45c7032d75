// Derivatives of small functions against finite differences in f64.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ir/builder.h"
#include "ir/module.h"
#include "ir/tensor.h"

namespace nnc::test {

using Body = std::function<ir::Value(ir::Builder&, const std::vector<ir::Value>&)>;

/// A loss as text for messages, its parameters and how to build it. `lowest` bounds the random arguments from below.
struct Problem {
  std::string name;
  Body body;
  std::vector<ir::Shape> shapes;  // of the f64 parameters
  double lowest = -1.5;
};

/// A function of f64 parameters with the result of `body` as its only result.
ir::FunctionId addFunction(ir::Module& module, const std::string& name, const std::vector<ir::Shape>& shapes,
                           const Body& body);
/// (x..) -> (loss(x..), d loss / dx..), as a gradient call.
ir::FunctionId addGradient(ir::Module& module, const std::string& name, ir::FunctionId loss);
/// (x..) -> the sum of the squares of d loss / dx: something whose gradient is a second derivative.
ir::FunctionId addGradientNorm(ir::Module& module, const std::string& name, ir::FunctionId loss);

/// Seeded numbers in [lowest, 1.5).
std::vector<ir::Tensor> randomArguments(const std::vector<ir::Shape>& shapes, std::uint64_t seed, double lowest = -1.5);
/// Dense f64 constants, the same for the same seed: weights that tell elements apart.
ir::Value randomConstant(ir::Builder& b, ir::Shape shape, std::uint64_t seed);
/// sum(weights * y): a scalar in which no two elements of y have the same part.
ir::Value weighted(ir::Builder& b, ir::Value y);
ir::Value sumAll(ir::Builder& b, ir::Value x);

/// Runs differentiate, with the verifier before and after it.
void differentiateAndVerify(ir::Module& module);
/// Adds a failure for each element whose derivative is off. Order 2 checks the gradient of addGradientNorm.
void checkGradient(const Problem& problem, int order = 1);

}  // namespace nnc::test
