#include "engine/compare_derivatives.h"

#include <algorithm>
#include <cmath>

#include "autodiff/differentiate.h"
#include "ir/builder.h"
#include "ir/convert_precision.h"
#include "ir/evaluate.h"

namespace nnc::engine {

namespace {

/// Between -1 and 1, or between 0.1 and 1.9 for functions that are defined for positive numbers only.
double sample(std::int64_t i, int seed, bool isPositive) {
  const double x = std::sin(1.7 * static_cast<double>(i + 1) + 0.9 * static_cast<double>(i % 7) + 2.3 * seed);
  return isPositive ? 1.0 + 0.9 * x : x;
}

ir::Tensor inputOf(const ir::Type& type, int seed, bool isPositive) {
  ir::Tensor made(type);
  for (std::int64_t i = 0; i < type.elementCount(); ++i) {
    if (ir::isFloat(type.dtype))
      made.setReal(i, sample(i, seed, isPositive));
    else
      made.setInteger(i, type.rank() == 0 ? 1 : i % 2);
  }
  return made;
}

/// Adds the weighted sum of the float results in front of them: what the gradient call differentiates.
void addLoss(ir::Module& module, ir::FunctionId function) {
  ir::Builder builder(module, function);
  std::optional<ir::Value> loss;
  for (const ir::Value result : std::vector<ir::Value>(builder.function().results)) {
    const ir::Type type = builder.type(result);
    if (!ir::isFloat(type.dtype)) continue;
    ir::ConstAttributes weights;
    weights.type = type;
    for (std::int64_t i = 0; i < type.elementCount(); ++i) weights.reals.push_back(sample(i, 11, /*isPositive=*/false));
    std::vector<int> axes;
    for (int axis = 0; axis < type.rank(); ++axis) axes.push_back(axis);
    const ir::Value sum = builder.reduceSum(builder.mul(result, builder.constantDense(std::move(weights))), axes);
    loss = loss ? builder.add(*loss, sum) : sum;
  }
  builder.function().results.clear();
  builder.function().resultNames.clear();
  builder.addResult(loss ? *loss : builder.constant({ir::DType::F64, {}}, 0.0), "loss");
}

/// The derivatives by each float parameter.
std::vector<ir::Tensor> derivatives(ir::Module module, ir::FunctionId function,
                                    const std::vector<ir::Tensor>& arguments) {
  addLoss(module, function);
  const ir::FunctionId gradient = module.addFunction("gradient_of_" + module.function(function).name);
  ir::Builder builder(module, gradient);
  ir::CallAttributes call;
  call.name = module.function(function).name;
  call.body = function;
  call.kind = ir::CallKind::Gradient;
  std::vector<ir::Value> operands;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    operands.push_back(builder.addParameter(arguments[i].type, ""));
    if (ir::isFloat(arguments[i].type.dtype)) call.wrt.push_back(static_cast<int>(i));
  }
  const std::vector<ir::Value> results = builder.call(call, operands);
  for (std::size_t i = 1; i < results.size(); ++i) builder.addResult(results[i], "");
  Diagnostics unused;
  if (!autodiff::differentiate(module, unused)) return {};
  return ir::evaluate(module, gradient, arguments);
}

}  // namespace

std::vector<DerivativeDifference> compareDerivatives(const ir::Module& module, ir::FunctionId function,
                                                     const std::string& callee) {
  const ir::Module written = ir::convertPrecision(module, ir::DType::F32, ir::DType::F64);
  ir::Module plain = written;
  for (ir::Function& each : plain.functions)
    for (ir::Node& node : each.nodes)
      if (auto* call = std::get_if<ir::CallAttributes>(&node.attributes); call != nullptr && call->name == callee)
        call->vjp.reset();
  const ir::Function& signature = written.function(function);
  std::vector<DerivativeDifference> differences;
  for (const bool isPositive : {false, true}) {
    std::vector<ir::Tensor> arguments;
    for (const ir::Value parameter : signature.parameters)
      arguments.push_back(inputOf(signature.type(parameter), static_cast<int>(arguments.size()), isPositive));
    const std::vector<ir::Tensor> own = derivatives(written, function, arguments);
    const std::vector<ir::Tensor> derived = derivatives(plain, function, arguments);
    std::vector<DerivativeDifference> here;
    bool isFinite = true;
    std::size_t next = 0;
    for (std::size_t p = 0; p < arguments.size(); ++p) {
      if (!ir::isFloat(arguments[p].type.dtype)) continue;
      const ir::Tensor &a = own[next], &b = derived[next];
      ++next;
      DerivativeDifference worst{signature.parameterNames[p]};
      double largest = 1.0, most = -1.0;
      for (std::int64_t i = 0; i < b.type.elementCount(); ++i) {
        isFinite = isFinite && std::isfinite(b.real(i));
        largest = std::max(largest, std::abs(b.real(i)));
        const double off = std::isnan(a.real(i)) ? HUGE_VAL : std::abs(a.real(i) - b.real(i));
        if (off <= most) continue;
        most = off;
        worst.element = i;
        worst.written = a.real(i);
        worst.derived = b.real(i);
      }
      worst.relative = std::max(most, 0.0) / largest;
      here.push_back(worst);
    }
    if (!isFinite) continue;
    if (differences.empty()) differences = here;
    for (std::size_t i = 0; i < here.size(); ++i)
      if (here[i].relative > differences[i].relative) differences[i] = here[i];
  }
  return differences;
}

}  // namespace nnc::engine
