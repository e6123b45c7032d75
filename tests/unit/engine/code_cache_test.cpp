// Programs that differ in numbers alone share code, and every program computes with its own numbers.
#include "engine/code_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <future>
#include <latch>

#include "engine/engine.h"
#include "ir/builder.h"
#include "ir/evaluate.h"
#include "ir/numbers.h"

namespace nnc::tests {

using ir::Builder;
using ir::DType;
using ir::Value;

namespace {

struct Program {
  ir::Module module;
  ir::FunctionId function;
};

Program lowered(const std::function<void(ir::Module&, Builder&)>& build) {
  Program program;
  program.function = program.module.addFunction("main");
  Builder b(program.module, program.function);
  build(program.module, b);
  Diagnostics diagnostics;
  engine::Options options;
  options.verifyEach = true;
  EXPECT_TRUE(engine::lower(program.module, program.function, options, diagnostics));
  return program;
}

std::vector<ir::Tensor> argumentsOf(const Program& program) {
  const ir::Function& function = program.module.function(program.function);
  std::vector<ir::Tensor> arguments;
  for (const Value parameter : function.parameters) {
    ir::Tensor& tensor = arguments.emplace_back(function.type(parameter));
    for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i)
      if (ir::isFloat(tensor.type.dtype))
        tensor.setReal(i, std::sin(static_cast<double>(i + 1)));
      else
        tensor.setInteger(i, i % 4);
  }
  return arguments;
}

std::vector<ir::Tensor> run(const Program& program, engine::CodeCache* cache) {
  Diagnostics diagnostics;
  engine::Options options;
  options.cache = cache;
  const std::optional<engine::Executable> executable =
      engine::Executable::compile(program.module, program.function, options, diagnostics);
  for (const Diagnostic& message : diagnostics.all()) ADD_FAILURE() << message.message;
  return executable ? executable->run(argumentsOf(program)) : std::vector<ir::Tensor>();
}

/// Reductions, contractions and the library's sums take their terms in another order than the evaluator: a few
/// roundings of numbers near 1 apart. Those of f32 are 6e-8, of bf16 4e-3.
double toleranceOf(DType dtype) { return dtype == DType::F64 ? 1e-12 : dtype == DType::F32 ? 1e-5 : 0.05; }

/// A number in every place where code may need one: kernels that map, reduce, sum products; views, windows, pads and
/// concatenations of it; the body of a scan and what it starts from; results; keys of draws.
Program everywhere(DType dtype, double a, double c, std::uint64_t key) {
  return lowered([&](ir::Module& module, Builder& b) {
    const Value x = b.addParameter({dtype, {6, 20}}, "x"), w = b.addParameter({dtype, {20, 6}}, "w");
    const Value seed = b.addParameter({DType::I64, {}}, "seed"), step = b.addParameter({DType::I64, {}}, "step");
    const Value index = b.addParameter({DType::I32, {5}}, "index");
    const Value A = b.constantLike(x, a), C = b.constantLike(x, c);
    b.addResult(b.max(b.add(b.mul(x, A), C), b.constantLike(x, a - c)), "map");
    b.addResult(b.select(b.compare(ir::Predicate::Gt, x, A), b.constantLike(x, c), x), "select");
    b.addResult(b.reduceSum(b.mul(x, A), {1}), "rows");
    b.addResult(b.reduceMax(b.max(b.exp(x), C), {0}), "columns");
    b.addResult(b.contract(x, b.mul(w, b.constantLike(w, c)), "bi", "io", "bo"), "product");
    b.addResult(b.contract(x, b.constantLike(w, a), "bi", "io", "bo"), "product of a number");
    b.addResult(b.reduceSum(b.window(b.mul(x, A), {{1, 3, 2, 1}}), {2}), "window");
    b.addResult(b.window(C, {{1, 3, 2, 1}}), "windows of a number");
    b.addResult(b.mul(b.pad(b.mul(x, A), {1, 0}, {0, 2}, {0, 0}, 0.5), b.constant({dtype, {7, 22}}, c)), "pad");
    b.addResult(b.concat({x, b.constant({dtype, {2, 20}}, a), b.mul(x, C)}, 0), "concat");
    b.addResult(b.gather(b.mul(x, A), index, 0), "gather");
    b.addResult(b.scatter(A, index, b.constant({dtype, {5, 20}}, c), 0, ir::ScatterMode::Add), "scatter");
    b.addResult(b.splat(b.constant({dtype, {}}, c), {3, 3}), "itself");
    if (dtype != DType::BF16) {
      const Value draw = b.random({dtype, {6, 20}}, key, seed, step),
                  other = b.random({dtype, {6, 20}}, key + 7, seed, step);
      b.addResult(b.select(b.compare(ir::Predicate::Lt, draw, A), b.mul(other, C), x), "dropped");
    }
    const ir::FunctionId body = module.addFunction("cell");
    {
      Builder s(module, body);
      const Value h = s.addParameter({dtype, {20}}, "h"), t = s.addParameter({dtype, {20}}, "t");
      s.addResult(s.add(s.mul(h, s.constantLike(h, a)), s.mul(t, s.constantLike(h, c))), "h");
      s.addResult(s.mul(h, s.constantLike(h, a + c)), "y");
    }
    for (const Value result : b.scan({body, 1, 1, 6, false}, {b.constant({dtype, {20}}, c), x}))
      b.addResult(result, "scan");
  });
}

}  // namespace

TEST(CodeCache, SharesCodeOfProgramsThatDifferInNumbers) {
  for (const DType dtype : {DType::F32, DType::F64, DType::BF16}) {
    SCOPED_TRACE(ir::dtypeName(dtype));
    engine::CodeCache cache;
    // Dyadic numbers keep bf16 exact; 0.25 and 0.75 are equal to a - c and a + c of none of the rows.
    for (const auto& [a, c] : {std::pair(0.25, 0.625), std::pair(0.375, 0.8125), std::pair(3.5, 0.40625)}) {
      const Program program = everywhere(dtype, a, c, static_cast<std::uint64_t>(a * 1000));
      const std::vector<ir::Tensor> shared = run(program, &cache), own = run(program, nullptr);
      const std::vector<ir::Tensor> expected = ir::evaluate(program.module, program.function, argumentsOf(program));
      ASSERT_EQ(shared.size(), expected.size());
      for (std::size_t i = 0; i < shared.size(); ++i) {
        EXPECT_EQ(shared[i].bytes, own[i].bytes) << "result " << i << " of a = " << a;
        for (std::int64_t k = 0; k < expected[i].type.elementCount(); ++k)
          ASSERT_NEAR(shared[i].real(k), expected[i].real(k),
                      toleranceOf(dtype) * (1.0 + std::fabs(expected[i].real(k))))
              << "result " << i << ", element " << k << " of a = " << a;
      }
    }
    EXPECT_EQ(cache.counts().compiled, 1);
    EXPECT_EQ(cache.counts().reused, 2);
  }
}

static Program scaled(double factor) {
  return lowered([&](ir::Module&, Builder& b) {
    const Value x = b.addParameter({DType::F32, {50}}, "x");
    b.addResult(b.tanh(b.mul(x, b.constantLike(x, factor))), "y");
  });
}

TEST(CodeCache, NumbersThatAreCheaperInCodeSpecialise) {
  engine::CodeCache cache;
  for (const double factor : {0.3, 0.7, -2.5, 0.0, 1.0, -1.0, HUGE_VAL}) run(scaled(factor), &cache);
  EXPECT_EQ(cache.counts().compiled, 5);
  EXPECT_EQ(cache.counts().reused, 2);
}

TEST(CodeCache, OptionsAreAPartOfTheKey) {
  engine::CodeCache cache;
  const Program program = scaled(0.3);
  Diagnostics diagnostics;
  engine::Options options;
  options.cache = &cache;
  for (const int level : {2, 0, 2}) {
    options.codegen.optLevel = level;
    ASSERT_TRUE(engine::Executable::compile(program.module, program.function, options, diagnostics));
  }
  EXPECT_EQ(cache.counts().compiled, 2);
  EXPECT_EQ(cache.counts().reused, 1);
}

TEST(CodeCache, ThreadsThatAskForOneProgramCompileItOnce) {
  constexpr int kThreads = 4;
  engine::CodeCache cache;
  std::latch start(kThreads);
  std::vector<std::future<std::vector<ir::Tensor>>> runs;
  for (int i = 0; i < kThreads; ++i)
    runs.push_back(std::async(std::launch::async, [&, i] {
      const Program program = everywhere(DType::F32, 0.25 + 0.001 * i, 0.625, 3);
      start.arrive_and_wait();
      return run(program, &cache);
    }));
  for (int i = 0; i < kThreads; ++i) {
    const std::vector<ir::Tensor> results = runs[static_cast<std::size_t>(i)].get();
    const std::vector<ir::Tensor> expected = run(everywhere(DType::F32, 0.25 + 0.001 * i, 0.625, 3), nullptr);
    ASSERT_EQ(results.size(), expected.size());
    for (std::size_t k = 0; k < results.size(); ++k) EXPECT_EQ(results[k].bytes, expected[k].bytes) << i << ", " << k;
  }
  EXPECT_EQ(cache.counts().compiled, 1);
  EXPECT_EQ(cache.counts().reused, kThreads - 1);
}

/// x = tanh(x W * 0.3), so many times.
static Program layers(int count) {
  return lowered([&](ir::Module&, Builder& b) {
    Value x = b.addParameter({DType::F32, {6, 20}}, "x");
    for (int i = 0; i < count; ++i) {
      const Value product = b.contract(x, b.addParameter({DType::F32, {20, 20}}, "w"), "bi", "io", "bo");
      x = b.tanh(b.mul(product, b.constantLike(product, 0.3 + 0.05 * i)));
    }
    b.addResult(x, "y");
  });
}

TEST(CodeCache, DifferentProgramsShareKernels) {
  engine::CodeCache cache;
  run(layers(3), &cache);
  const std::int64_t kernels = cache.counts().kernels.compiled;
  EXPECT_GE(kernels, 2);
  const Program deep = layers(12);
  const std::vector<ir::Tensor> shared = run(deep, &cache), own = run(deep, nullptr);
  EXPECT_EQ(shared.at(0).bytes, own.at(0).bytes);
  EXPECT_EQ(cache.counts().compiled, 2);
  EXPECT_EQ(cache.counts().kernels.compiled, kernels);
  EXPECT_GE(cache.counts().kernels.reused, 2);
}

TEST(CodeCache, ThreadsWithDifferentProgramsWaitForEachOthersKernels) {
  constexpr int kThreads = 4;
  engine::CodeCache cache;
  std::latch start(kThreads);
  std::vector<std::future<std::vector<ir::Tensor>>> runs;
  for (int i = 0; i < kThreads; ++i)
    runs.push_back(std::async(std::launch::async, [&, i] {
      const Program program = layers(3 + i);
      start.arrive_and_wait();
      return run(program, &cache);
    }));
  for (int i = 0; i < kThreads; ++i)
    EXPECT_EQ(runs[static_cast<std::size_t>(i)].get().at(0).bytes, run(layers(3 + i), nullptr).at(0).bytes) << i;
  EXPECT_EQ(cache.counts().compiled, kThreads);
  engine::CodeCache alone;
  run(layers(3), &alone);
  EXPECT_EQ(cache.counts().kernels.compiled, alone.counts().kernels.compiled);
}

TEST(CodeCache, AProgramThatFailsFailsForAll) {
  engine::CodeCache cache;
  int calls = 0;
  const auto fail = [&](codegen::KernelStore*, std::string& error) {
    ++calls;
    error = "no";
    return nullptr;
  };
  Diagnostics diagnostics;
  codegen::Backend* const backend = engine::backend(diagnostics);
  ASSERT_NE(backend, nullptr);
  for (int i = 0; i < 2; ++i) {
    std::string error;
    EXPECT_EQ(cache.get(*backend, "text", "main", fail, error), nullptr);
    EXPECT_EQ(error, "no");
  }
  EXPECT_EQ(calls, 1);
}

TEST(NumberTable, HoldsTheNumbersInOrderOfTheProgram) {
  const Program program = lowered([](ir::Module&, Builder& b) {
    const Value x = b.addParameter({DType::F64, {4}}, "x");
    b.addResult(b.mul(b.add(x, b.constantLike(x, 0.1)), b.constantLike(x, 0.2)), "y");
  });
  const ir::NumberTable table(program.module, {program.function});
  ASSERT_EQ(table.bytes().size(), 16u);
  std::vector<double> numbers(2);
  std::memcpy(numbers.data(), table.bytes().data(), table.bytes().size());
  EXPECT_EQ(numbers, (std::vector<double>{0.1, 0.2}));
}

TEST(CodeText, LeavesOutNamesAndNumbers) {
  const auto build = [](const std::string& name, double factor, std::uint64_t key) {
    Program program;
    program.module.addFunction("before_" + name);
    program.function = program.module.addFunction(name);
    Builder b(program.module, program.function);
    b.setLocation({}, program.module.scope("net." + name));
    const Value seed = b.addParameter({DType::I64, {}}, name);
    const Value draw = b.random({DType::F32, {4}}, key, seed, seed);
    b.addResult(b.mul(draw, b.constantLike(draw, factor)), name);
    return ir::codeText(program.module, {program.function});
  };
  EXPECT_EQ(build("a", 0.5, 1), build("b", 0.75, 2));
  EXPECT_NE(build("a", 0.5, 1), build("a", 0.0, 1));
}

}  // namespace nnc::tests
