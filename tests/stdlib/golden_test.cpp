// The stdlib against PyTorch: values and derivatives of every entry, by the evaluator in f64 and compiled in f32.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>

#include "autodiff/differentiate.h"
#include "case_program.h"
#include "engine/engine.h"
#include "golden.h"
#include "ir/convert_precision.h"
#include "ir/evaluate.h"

namespace nnc::stdlib_tests {

namespace {

/// How far results may be from PyTorch's in f64, relative to the largest element (for pointwise cases: to the element).
///
/// f64: the figures that the stdlib is judged by; some 1e6 roundings of 1e-16, room for other orders of summation.
/// f32: a sum of n products is off by about sqrt(n) roundings of 6e-8, n below 1000 here; derivatives go through twice
/// as many operations, and through differences such as 1 - y * y.
struct Precision {
  ir::DType dtype;
  double forward, gradient;
};
constexpr Precision kF64 = {ir::DType::F64, 1e-9, 1e-7}, kF32 = {ir::DType::F32, 1e-5, 1e-4};

std::string folder() { return NNC_STDLIB_TESTS; }

std::vector<std::string> topics() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder() + "/cases"))
    names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// Runs one program, interpreted or compiled, in one precision.
class Runner {
 public:
  Runner(const CaseProgram& program, ir::FunctionId function, const Precision& precision)
      : module_(ir::convertPrecision(program.module, ir::DType::F32, precision.dtype)),
        function_(function),
        precision_(precision) {
    Diagnostics diagnostics;
    if (!autodiff::differentiate(module_, diagnostics)) error_ = "differentiate";
    if (precision.dtype == ir::DType::F64 || !error_.empty()) return;
    if (engine::lower(module_, function_, {}, diagnostics))
      compiled_ = engine::Executable::compile(module_, function_, {}, diagnostics);
    if (!compiled_) error_ = diagnostics.all().empty() ? "lower" : diagnostics.all()[0].message;
  }
  const std::string& error() const { return error_; }

  std::vector<ir::Tensor> run(std::vector<ir::Tensor> arguments) const {
    for (ir::Tensor& argument : arguments)
      if (ir::isFloat(argument.type.dtype)) argument = ir::convertTensor(argument, precision_.dtype);
    return compiled_ ? compiled_->run(arguments) : ir::evaluate(module_, function_, arguments);
  }

 private:
  ir::Module module_;
  ir::FunctionId function_;
  Precision precision_;
  std::optional<engine::Executable> compiled_;
  std::string error_;
};

ir::Tensor inputTensor(const GoldenInput& input, const ir::Type& type) {
  if (!input.isListed) return pseudoRandom(type, input.seed, input.scale, input.shift);
  ir::Tensor tensor(type);
  EXPECT_EQ(static_cast<std::int64_t>(input.values.size()), type.elementCount()) << input.name;
  for (std::int64_t i = 0; i < type.elementCount(); ++i) {
    const double value = input.values[static_cast<std::size_t>(i)];
    if (ir::isFloat(type.dtype))
      tensor.setReal(i, value);
    else
      tensor.setInteger(i, static_cast<std::int64_t>(value));
  }
  return tensor;
}

/// Arguments as the golden file has them; what it does not list has its initial value under seed 0.
std::vector<ir::Tensor> argumentsOf(const CaseProgram& program, const GoldenCase& golden, const Precision& precision) {
  ir::Tensor zero({ir::DType::I64, {}}), one({ir::DType::I64, {}});
  one.setInteger(0, 1);
  const ir::Module module = ir::convertPrecision(program.module, ir::DType::F32, precision.dtype);
  const std::vector<ir::Tensor> initial = ir::evaluate(module, program.initial, {zero});
  std::vector<ir::Tensor> arguments;
  std::size_t slot = 0;
  for (const Argument& argument : program.arguments) {
    const bool isSlot = argument.kind == Argument::Kind::Parameter || argument.kind == Argument::Kind::State;
    const ir::Tensor* const start = isSlot ? &initial[slot++] : nullptr;
    const auto input = std::find_if(golden.inputs.begin(), golden.inputs.end(),
                                    [&](const GoldenInput& i) { return i.name == argument.name; });
    if (input != golden.inputs.end())
      arguments.push_back(inputTensor(*input, argument.type));
    else if (start != nullptr)
      arguments.push_back(*start);
    else if (argument.kind == Argument::Kind::Seed || argument.kind == Argument::Kind::Step)
      arguments.push_back(argument.kind == Argument::Kind::Step ? one : zero);
    else
      arguments.emplace_back(argument.type);  // a cotangent of a case without derivatives: zeros
  }
  return arguments;
}

double number(const ir::Tensor& tensor, std::int64_t i) {
  return ir::isFloat(tensor.type.dtype) ? tensor.real(i) : static_cast<double>(tensor.integer(i));
}

void expectSame(const ir::Tensor& actual, const GoldenOutput& expected, double tolerance, bool isPointwise) {
  const std::int64_t count = actual.type.elementCount();
  ASSERT_EQ((count + expected.stride - 1) / expected.stride, static_cast<std::int64_t>(expected.values.size()));
  for (std::int64_t i = 0; i < count; i += expected.stride) {
    const double is = number(actual, i), should = expected.values[static_cast<std::size_t>(i / expected.stride)];
    if (std::isinf(should) || std::isnan(should)) {
      EXPECT_TRUE(is == should || (std::isnan(is) && std::isnan(should)))
          << "element " << i << ": " << is << " is not " << should;
      continue;
    }
    // Compiled code flushes denormals: below the least normal number there is nothing to compare.
    const double scale = isPointwise ? std::abs(should) : expected.largest;
    const double allowed = std::max(tolerance * scale, static_cast<double>(std::numeric_limits<float>::min()));
    EXPECT_LE(std::abs(is - should), allowed)
        << "element " << i << ": " << is << " is not " << should << " (off by " << std::abs(is - should) / scale << ")";
  }
}

void checkCase(CaseProgram program, const GoldenCase& golden) {
  std::vector<int> wrt;
  for (const GoldenOutput& gradient : golden.gradients) {
    const auto at = std::find_if(program.arguments.begin(), program.arguments.end(),
                                 [&](const Argument& a) { return a.name == gradient.name; });
    ASSERT_NE(at, program.arguments.end()) << "no argument `" << gradient.name << "`";
    wrt.push_back(static_cast<int>(at - program.arguments.begin()));
  }
  const ir::FunctionId function = wrt.empty() ? program.forward : addGradient(program, wrt);
  for (const Precision& precision : {kF64, kF32}) {
    SCOPED_TRACE(ir::dtypeName(precision.dtype));
    const Runner runner(program, function, precision);
    ASSERT_EQ(runner.error(), "");
    const std::vector<ir::Tensor> results = runner.run(argumentsOf(program, golden, precision));
    for (const GoldenOutput& output : golden.outputs) {
      SCOPED_TRACE(output.name);
      const auto at = std::find(program.results.begin(), program.results.end(), output.name);
      ASSERT_NE(at, program.results.end());
      expectSame(results[1 + static_cast<std::size_t>(at - program.results.begin())], output, precision.forward,
                 golden.isPointwise);
    }
    for (std::size_t i = 0; i < wrt.size(); ++i) {
      SCOPED_TRACE("gradient of " + golden.gradients[i].name);
      expectSame(results[1 + program.results.size() + i], golden.gradients[i], precision.gradient, false);
    }
  }
}

/// The gradient that an optimizer gets at a step: one element is always 0, one is a thousand times as large.
ir::Tensor gradientAt(const ir::Type& type, std::size_t step) {
  ir::Tensor gradient = pseudoRandom(type, static_cast<std::uint32_t>(1000 + step), 1.0, 0.0);
  gradient.setReal(0, 0.0);
  gradient.setReal(1, static_cast<float>(1000 * gradient.real(1)));
  return gradient;
}

void checkOptimizer(const CaseProgram& program, const GoldenCase& golden) {
  for (const Precision& precision : {kF64, kF32}) {
    SCOPED_TRACE(ir::dtypeName(precision.dtype));
    const Runner runner(program, program.forward, precision);
    ASSERT_EQ(runner.error(), "");
    std::vector<ir::Tensor> arguments = argumentsOf(program, golden, precision);
    for (std::size_t step = 1; step <= golden.steps.size(); ++step) {
      SCOPED_TRACE(step);
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (program.arguments[i].kind == Argument::Kind::Step)
          arguments[i].setInteger(0, static_cast<std::int64_t>(step));
        if (program.arguments[i].name == "g") arguments[i] = gradientAt(program.arguments[i].type, step);
      }
      const std::vector<ir::Tensor> results = runner.run(arguments);
      const std::vector<double>& values = golden.steps[step - 1];
      double largest = 0;
      for (const double value : values) largest = std::max(largest, std::abs(value));
      expectSame(results[1], {"p", 1, largest, values}, precision.forward, false);
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& name = program.arguments[i].name;
        const auto next = std::find(program.results.begin(), program.results.end(), name == "p" ? "y" : name);
        if (next != program.results.end())
          arguments[i] = results[1 + static_cast<std::size_t>(next - program.results.begin())];
      }
    }
  }
}

}  // namespace

class StdlibGolden : public testing::TestWithParam<std::string> {};

TEST_P(StdlibGolden, AgreesWithPyTorch) {
  Topic topic(folder() + "/cases/" + GetParam() + ".nn");
  ASSERT_TRUE(topic.isFine()) << topic.messages();
  std::map<std::string, GoldenCase> golden;
  for (GoldenCase& one : readGolden(folder() + "/golden/" + GetParam() + ".txt")) golden.emplace(one.name, one);
  for (const std::string& name : topic.cases()) {
    SCOPED_TRACE(name);
    const auto expected = golden.find(name);
    if (expected == golden.end()) {
      ADD_FAILURE() << "no golden values: run make_goldens.py";
      continue;
    }
    std::optional<CaseProgram> program =
        topic.build(name, expected->second.isTraining ? elaborate::Mode::Train : elaborate::Mode::Eval);
    if (!program) {
      ADD_FAILURE() << topic.messages();
      continue;
    }
    if (expected->second.steps.empty())
      checkCase(std::move(*program), expected->second);
    else
      checkOptimizer(*program, expected->second);
    golden.erase(expected);
  }
  for (const auto& [name, rest] : golden) ADD_FAILURE() << "golden values of no case: " << name;
}

INSTANTIATE_TEST_SUITE_P(All, StdlibGolden, testing::ValuesIn(topics()), [](const auto& topic) { return topic.param; });

/// Entries whose numbers stand in tests/unit/training/generate_test.cpp: they depend on the key of a row.
static const std::set<std::string> kTestedElsewhere = {
    "random_crop", "spiral", "parity",
    // What probes are made of, by hand: tests/unit/elaborate_train/probe_test.cpp.
    "fraction", "likeness", "nearest_rank", "percentile", "percentile_of_first", "root_mean_square", "saturated",
    "signal", "silent", "spread"};

/// Every function, layer, network, optimizer and schedule of stdlib/*.nn has a doc comment and a case,
/// ENTRY__something. Names that start with `_` are inner parts of one file.
TEST(Stdlib, EveryEntryHasADocCommentAndACase) {
  std::set<std::string> covered;
  std::vector<Entry> entries;
  for (const std::string& name : topics()) {
    Topic topic(folder() + "/cases/" + name + ".nn");
    ASSERT_TRUE(topic.isFine()) << topic.messages();
    for (const std::string& one : topic.cases()) covered.insert(one.substr(0, one.find("__")));
    entries = topic.stdlibEntries();
  }
  EXPECT_GT(entries.size(), 100u);
  std::vector<std::string> undocumented, untested;
  for (const Entry& entry : entries) {
    if (!entry.hasDoc) undocumented.push_back(entry.name);
    if (!covered.contains(entry.name) && !kTestedElsewhere.contains(entry.name)) untested.push_back(entry.name);
  }
  EXPECT_EQ(undocumented, std::vector<std::string>{}) << "write a doc comment";
  EXPECT_EQ(untested, std::vector<std::string>{}) << "write a case in tests/stdlib/cases and its reference";
}

}  // namespace nnc::stdlib_tests
