// rnn, lstm and gru of the stdlib against PyTorch: outputs and derivatives, in f64 by the evaluator and compiled in
// f32.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "language_program.h"
#include "recurrent_golden.h"

namespace nnc::tests {

static void expectClose(const ir::Tensor& actual, const std::vector<double>& expected, double tolerance,
                        const std::string& what) {
  ASSERT_EQ(actual.type.elementCount(), static_cast<std::int64_t>(expected.size())) << what;
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(actual.real(static_cast<std::int64_t>(i)), expected[i], tolerance * largest) << what << " " << i;
}

/// `d` comes in as data, and the loss is the sum of y * d: the weights of LanguageProgram are not used.
static LanguageProgram programOf(const RecurrentGolden& golden) {
  const std::string recipe = golden.layer == "lstm" ? "lstm(4, forget: 0.0)" : golden.layer + "(4)";
  LanguageProgram program("network f(x: f32[2, 5, 3]) -> f32[2, 5, 4] = x |> " + recipe, elaborate::Mode::Train,
                          golden.d);
  for (const auto& [name, values] : golden.values) {
    ir::Tensor& tensor = program.arguments[program.at(name)];
    EXPECT_EQ(tensor.type.elementCount(), static_cast<std::int64_t>(values.size())) << name;
    for (std::size_t i = 0; i < values.size(); ++i) tensor.setReal(static_cast<std::int64_t>(i), values[i]);
  }
  return program;
}

static void compare(const LanguageProgram& program, const RecurrentGolden& golden,
                    const std::vector<ir::Tensor>& results, double forward, double gradient) {
  expectClose(results[1], golden.y, forward, golden.layer);
  std::size_t next = 2;
  for (std::size_t a = 0; a < program.names.size(); ++a)
    if (ir::isFloat(program.arguments[a].type.dtype))
      expectClose(results[next++], golden.gradients.at(program.names[a]), gradient,
                  golden.layer + " " + program.names[a]);
}

// Tolerances: five steps of some dozen operations. f64: 1e-16 each, f32: 6e-8 each, and derivatives sum twice as many.
TEST(Recurrent, AgreesWithPyTorch) {
  for (const RecurrentGolden& golden : kRecurrentGolden) {
    const LanguageProgram program = programOf(golden);
    ASSERT_TRUE(program.isFine);
    compare(program, golden, evaluateInDouble(program), 1e-12, 1e-11);
    compare(program, golden, runCompiled(program), 1e-5, 1e-4);
  }
}

}  // namespace nnc::tests
