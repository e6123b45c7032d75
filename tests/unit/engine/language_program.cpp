#include "language_program.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "autodiff/differentiate.h"
#include "elaborate/dims.h"
#include "elaborate/elaborator.h"
#include "engine/engine.h"
#include "ir/convert_precision.h"
#include "ir/evaluate.h"
#include "ir/verify.h"

namespace nnc::tests {

/// Between -1 and 1, different for every i and seed.
static double pseudoRandom(std::int64_t i, int seed) {
  return std::sin(1.7 * static_cast<double>(i + 1) + 0.9 * static_cast<double>(i % 7) + 2.3 * seed);
}

static ir::Tensor startValue(const ir::Type& type, int seed) {
  ir::Tensor made(type);
  for (std::int64_t i = 0; i < type.elementCount(); ++i) {
    if (ir::isFloat(type.dtype))
      made.setReal(i, static_cast<float>(pseudoRandom(i, seed)));
    else
      made.setInteger(i, type.dtype == ir::DType::Bool ? i % 2 : i % 3);
  }
  return made;
}

static ir::Value weightedSum(ir::Builder& builder, ir::Value value, const std::vector<double>& given) {
  const ir::Type type = builder.type(value);
  ir::ConstAttributes weights;
  weights.type = type;
  weights.reals = given;
  for (std::int64_t i = 0; given.empty() && i < type.elementCount(); ++i)
    weights.reals.push_back(static_cast<float>(pseudoRandom(i, 11)));
  std::vector<int> axes;
  for (int axis = 0; axis < type.rank(); ++axis) axes.push_back(axis);
  return builder.reduceSum(builder.mul(value, builder.constantDense(std::move(weights))), axes);
}

LanguageProgram::LanguageProgram(const std::string& text, elaborate::Mode mode, const std::vector<double>& weights) {
  static int count = 0;
  const std::string path =
      testing::TempDir() + "nnc_language_" + std::to_string(getpid()) + "_" + std::to_string(count++) + ".nn";
  std::ofstream(path, std::ios::binary) << text;
  SourceManager sources;
  Diagnostics diagnostics;
  const std::unique_ptr<elaborate::Modules> modules = elaborate::Modules::load(path, sources, diagnostics);
  const auto elaborateText = [&] {
    if (!modules) return false;
    elaborate::Elaborator elaborator(*modules, sources, diagnostics);
    const std::optional<elaborate::Value> callee = elaborator.lookUp("f", modules->root(), Span{});
    if (!callee) return false;
    forward = module.addFunction("forward");
    elaborate::Trace trace(module, forward, mode);
    const elaborate::Elaborator::Tracing tracing(elaborator, trace);
    std::vector<elaborate::Argument> given;
    elaborate::Scope& scope = elaborator.newScope(modules->root());
    for (const syntax::ParamDecl& parameter : elaborator.dataParameters(*callee)) {
      const std::optional<ir::Type> type = elaborate::resolveType(elaborator, *parameter.type, scope);
      if (!type) return false;
      const ir::Value value = trace.builder.addParameter(*type, parameter.name.text);
      given.push_back({parameter.name.text, elaborator.traced(value, parameter.span), parameter.span});
    }
    trace.seed = trace.builder.addParameter({ir::DType::I64, {}}, "seed");
    trace.step = trace.builder.addParameter({ir::DType::I64, {}}, "step");
    const std::optional<elaborate::Value> result =
        elaborator.instantiate(*callee, "net", '.', std::move(given), Span{});
    const std::optional<ir::Value> value = result ? elaborator.toTensor(*result, Span{}) : std::nullopt;
    if (!value) return false;
    trace.builder.addResult(weightedSum(trace.builder, *value, weights), "loss");
    trace.builder.addResult(*value, "y");
    return true;
  };
  isFine = elaborateText();
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  for (const Diagnostic& diagnostic : diagnostics.all())
    ADD_FAILURE() << diagnostic.code << " " << diagnostic.message << ": `" << sources.text(diagnostic.primary) << "`";
  if (!isFine) return;
  module = ir::convertPrecision(module, ir::DType::F32, ir::DType::F32);  // literals are rounded when a program is done
  EXPECT_EQ(ir::verify(module), std::vector<std::string>{});

  gradient = module.addFunction("gradient");
  ir::Builder builder(module, gradient);
  ir::CallAttributes call;
  call.name = "forward";
  call.body = forward;
  call.kind = ir::CallKind::Gradient;
  std::vector<ir::Value> operands;
  const ir::Function function = module.function(forward);
  for (std::size_t i = 0; i < function.parameters.size(); ++i) {
    const ir::Type type = function.type(function.parameters[i]);
    names.push_back(function.parameterNames[i]);
    arguments.push_back(startValue(type, static_cast<int>(i)));
    if (names.back() == "step") arguments.back().setInteger(0, 1);
    operands.push_back(builder.addParameter(type, names.back()));
    if (ir::isFloat(type.dtype)) call.wrt.push_back(static_cast<int>(i));
  }
  const std::vector<ir::Value> results = builder.call(call, operands);
  for (std::size_t i = 0; i < results.size(); ++i) builder.addResult(results[i], "r" + std::to_string(i));
}

std::size_t LanguageProgram::at(const std::string& name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  EXPECT_NE(found, names.end()) << name;
  return static_cast<std::size_t>(found - names.begin());
}

namespace {

struct Double {
  ir::Module module;
  std::vector<ir::Tensor> arguments;
};

Double inDouble(const LanguageProgram& program) {
  Double made{ir::convertPrecision(program.module, ir::DType::F32, ir::DType::F64), program.arguments};
  for (ir::Tensor& argument : made.arguments)
    if (ir::isFloat(argument.type.dtype)) argument = ir::convertTensor(argument, ir::DType::F64);
  Diagnostics diagnostics;
  EXPECT_TRUE(autodiff::differentiate(made.module, diagnostics));
  EXPECT_EQ(ir::verify(made.module), std::vector<std::string>{});
  return made;
}

double largest(const ir::Tensor& tensor) {
  double most = 0;
  for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i) most = std::max(most, std::abs(tensor.real(i)));
  return most;
}

}  // namespace

void expectDerivatives(const LanguageProgram& program) {
  if (!program.isFine) return;
  Double made = inDouble(program);
  const std::vector<ir::Tensor> results = ir::evaluate(made.module, program.gradient, made.arguments);
  // The pass takes functions apart that only a gradient call ran: the loss alone needs a module without that call.
  LanguageProgram alone = program;
  alone.module.functions.resize(static_cast<std::size_t>(program.gradient.index));
  const Double plain = inDouble(alone);
  // Central differences: the third derivative times h^2 / 6, and 1e-16 / h of rounding; both near 1e-10.
  constexpr double kStep = 1e-5;
  std::size_t next = 2;
  for (std::size_t a = 0; a < made.arguments.size(); ++a) {
    ir::Tensor& argument = made.arguments[a];
    if (!ir::isFloat(argument.type.dtype)) continue;
    const ir::Tensor& derivative = results[next++];
    for (std::int64_t i = 0; i < argument.type.elementCount(); ++i) {
      const double start = argument.real(i);
      const auto lossAt = [&](double value) {
        argument.setReal(i, value);
        return ir::evaluate(plain.module, program.forward, made.arguments)[0].real(0);
      };
      const double difference = (lossAt(start + kStep) - lossAt(start - kStep)) / (2 * kStep);
      argument.setReal(i, start);
      EXPECT_NEAR(derivative.real(i), difference, 1e-7 * std::max(1.0, std::abs(difference)))
          << program.names[a] << " element " << i;
    }
  }
}

std::vector<ir::Tensor> evaluateInDouble(const LanguageProgram& program) {
  const Double made = inDouble(program);
  return ir::evaluate(made.module, program.gradient, made.arguments);
}

std::vector<ir::Tensor> runCompiled(const LanguageProgram& program) {
  ir::Module module = program.module;
  Diagnostics diagnostics;
  engine::Options options;
  options.verifyEach = true;
  std::optional<engine::Executable> compiled;
  if (engine::lower(module, program.gradient, options, diagnostics))
    compiled = engine::Executable::compile(std::move(module), program.gradient, options, diagnostics);
  for (const Diagnostic& message : diagnostics.all()) ADD_FAILURE() << message.message;
  return compiled ? compiled->run(program.arguments) : std::vector<ir::Tensor>{};
}

void expectCompiledAlike(const LanguageProgram& program) {
  if (!program.isFine) return;
  const std::vector<ir::Tensor> expected = evaluateInDouble(program), actual = runCompiled(program);
  for (std::size_t r = 0; r < actual.size(); ++r) {
    if (!ir::isFloat(actual[r].type.dtype)) continue;
    // Dozens of operations in a row on numbers near 1, each with a rounding of 6e-8, and sums of some hundred terms.
    const double allowed = 1e-5 * std::max(1.0, largest(expected[r]));
    for (std::int64_t i = 0; i < actual[r].type.elementCount(); ++i)
      EXPECT_NEAR(actual[r].real(i), expected[r].real(i), allowed) << "result " << r << " element " << i;
  }
}

}  // namespace nnc::tests
