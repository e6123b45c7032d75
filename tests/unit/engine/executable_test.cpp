#include <gtest/gtest.h>
#include <sys/resource.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "engine/engine.h"
#include "ir/builder.h"
#include "ir/evaluate.h"
#include "mlp_step.h"

namespace nnc::tests {

static std::optional<engine::Executable> build(ir::Module module, ir::FunctionId function) {
  Diagnostics diagnostics;
  engine::Options options;
  options.verifyEach = true;
  std::optional<engine::Executable> executable;
  if (engine::lower(module, function, options, diagnostics))
    executable = engine::Executable::compile(std::move(module), function, options, diagnostics);
  for (const Diagnostic& message : diagnostics.all()) ADD_FAILURE() << message.message;
  return executable;
}

TEST(Executable, TrainsLikeTheReference) {
  const MlpStep mlp = mlpStep({30, 24, 10}, 16);
  std::optional<engine::Executable> executable = build(mlp.module, mlp.step);
  ASSERT_TRUE(executable.has_value());
  MlpStep reference = mlp;
  Diagnostics diagnostics;
  ASSERT_TRUE(engine::lower(reference.module, reference.step, {}, diagnostics));
  std::vector<ir::Tensor> arguments = mlpArguments(mlp, 3), expectedArguments = arguments;
  double first = 0.0, last = 0.0;
  for (int step = 1; step <= 30; ++step) {
    arguments.back().setInteger(0, step);
    expectedArguments.back().setInteger(0, step);
    const std::vector<ir::Tensor> results = executable->run(arguments);
    const std::vector<ir::Tensor> expected = ir::evaluate(reference.module, reference.step, expectedArguments);
    last = results.back().real(0);
    if (step == 1) first = last;
    // Both take the same steps in f32, 30 times; sums of 30 terms and own polynomials differ by some 1e-6 a step, and
    // Adam divides by the root of small squares.
    EXPECT_NEAR(last, expected.back().real(0), 1e-3) << "step " << step;
    for (std::size_t i = 0; i + 1 < results.size(); ++i) {
      arguments[i] = results[i];
      expectedArguments[i] = expected[i];
    }
  }
  EXPECT_LT(last, 0.8 * first) << "it does not learn a batch of 16";
}

TEST(Executable, RunsAgainToTheSameBits) {
  const MlpStep mlp = mlpStep({30, 24, 10}, 16);
  std::optional<engine::Executable> executable = build(mlp.module, mlp.step);
  ASSERT_TRUE(executable.has_value());
  const std::vector<ir::Tensor> arguments = mlpArguments(mlp, 4);
  const std::vector<ir::Tensor> first = executable->run(arguments);
  const std::vector<ir::Tensor> second = executable->run(arguments);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].bytes, second[i].bytes);
}

TEST(Executable, StepsTakeNoPageFault) {
  const MlpStep mlp = mlpStep({784, 256, 256, 10}, 128);
  std::optional<engine::Executable> executable = build(mlp.module, mlp.step);
  ASSERT_TRUE(executable.has_value());
  std::vector<ir::Tensor> arguments = mlpArguments(mlp, 4);
  std::vector<std::vector<std::byte>> buffers;
  const auto aligned = [&](std::size_t bytes) {
    buffers.emplace_back(bytes + 64);
    const auto address = reinterpret_cast<std::uintptr_t>(buffers.back().data());
    return static_cast<void*>(buffers.back().data() + (64 - address % 64) % 64);
  };
  std::vector<void*> argumentPointers, resultPointers;
  for (const ir::Tensor& argument : arguments) {
    argumentPointers.push_back(aligned(argument.bytes.size()));
    std::memcpy(argumentPointers.back(), argument.bytes.data(), argument.bytes.size());
  }
  const ir::Function& signature = executable->signature();
  for (const ir::Value result : signature.results)
    resultPointers.push_back(aligned(static_cast<std::size_t>(signature.type(result).byteCount())));
  executable->run(argumentPointers.data(), resultPointers.data());
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  for (int i = 0; i < 20; ++i) executable->run(argumentPointers.data(), resultPointers.data());
  getrusage(RUSAGE_SELF, &after);
  // One would be 20 if a step faulted; the system may move a page or two at any time.
  EXPECT_LT(after.ru_minflt - before.ru_minflt, 10);
}

TEST(Executable, FlushesDenormalsWhileItRunsAndOnlyThen) {
  ir::Module module;
  const ir::FunctionId id = module.addFunction("main");
  ir::Builder b(module, id);
  const ir::Value x = b.addParameter({ir::DType::F32, {32}}, "x");
  b.addResult(b.mul(x, b.constantLike(x, 1e-10)), "y");
  std::optional<engine::Executable> executable = build(std::move(module), id);
  ASSERT_TRUE(executable.has_value());
  ir::Tensor small({ir::DType::F32, {32}});
  for (std::int64_t i = 0; i < 32; ++i) small.setReal(i, 1e-30);
  const std::vector<ir::Tensor> results = executable->run({small});
  for (std::int64_t i = 0; i < 32; ++i) EXPECT_EQ(std::bit_cast<std::uint32_t>(results[0].data<float>()[i]), 0u);
  volatile float a = 1e-30f, c = 1e-10f;
  EXPECT_NE(a * c, 0.0f) << "the caller's mode came back";
}

TEST(Executable, RefusesBeforeItAllocates) {
  MlpStep mlp = mlpStep({784, 1 << 20, 1 << 20, 10}, 128);
  Diagnostics diagnostics;
  ASSERT_TRUE(engine::lower(mlp.module, mlp.step, {}, diagnostics));
  EXPECT_FALSE(engine::Executable::compile(mlp.module, mlp.step, {}, diagnostics).has_value());
  ASSERT_EQ(diagnostics.errorCount(), 1);
  EXPECT_EQ(diagnostics.all()[0].code, "E1101");
}

}  // namespace nnc::tests
