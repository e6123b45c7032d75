// Compiled code under different plans and passes: the same bits, and nothing written where nothing lives.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "mlp_step.h"
#include "passes/assign_layouts.h"
#include "passes/check_plan.h"
#include "passes/fuse.h"
#include "passes/plan_arena.h"
#include "passes/plan_memory.h"
#include "passes/schedule.h"
#include "passes/value_memory.h"
#include "random_function.h"
#include "run_compiled.h"

namespace nnc::tests {

constexpr unsigned char kUnwritten = 0xFF;  // a NaN in every float
constexpr std::int64_t kRedZone = 256;

/// Gives every value of the arena a place of its own, with red zones between.
static void separate(ir::Module& module, ir::Function& function) {
  ir::MemoryPlan& plan = *function.plan;
  std::int64_t end = kRedZone;
  const auto place = [&](std::int64_t bytes) {
    const std::int64_t offset = end;
    end += passes::alignArena(bytes) + kRedZone;
    return offset;
  };
  for (const ir::NodeId id : function.body)
    for (const ir::Value result : function.node(id).results) {
      ir::Storage& storage = plan.storage[result.index];
      if (storage.kind != ir::StorageKind::Arena) continue;
      const ir::Value owner = passes::viewedValue(function, result);
      storage.offset = owner == result ? place(function.type(result).byteCount()) : plan.storage[owner.index].offset;
    }
  for (ir::ScanScratch& scan : plan.scans) {
    const ir::Node& node = function.nodes[scan.node];
    scan.offset = place(module.function(std::get<ir::ScanAttributes>(node.attributes).body).plan->arenaBytes);
    for (std::size_t i = 0; i < scan.carryOffsets.size(); ++i)
      scan.carryOffsets[i] = place(function.type(node.results[i]).byteCount());
  }
  plan.arenaBytes = end;
}

/// The bytes of the arena that belong to nobody under a plan of `separate`.
static std::vector<bool> redZones(const ir::Module& module, const ir::Function& function) {
  const ir::MemoryPlan& plan = *function.plan;
  std::vector<bool> isFree(static_cast<std::size_t>(plan.arenaBytes), true);
  const auto take = [&](std::int64_t offset, std::int64_t bytes) {
    std::fill_n(isFree.begin() + offset, bytes, false);
  };
  for (const ir::NodeId id : function.body)
    for (const ir::Value result : function.node(id).results)
      if (plan.storage[result.index].kind == ir::StorageKind::Arena)
        take(plan.storage[result.index].offset, function.type(result).byteCount());
  for (const ir::ScanScratch& scan : plan.scans) {
    const ir::Node& node = function.nodes[scan.node];
    take(scan.offset, module.function(std::get<ir::ScanAttributes>(node.attributes).body).plan->arenaBytes);
    for (std::size_t i = 0; i < scan.carryOffsets.size(); ++i)
      take(scan.carryOffsets[i], function.type(node.results[i]).byteCount());
  }
  return isFree;
}

/// Equal bits, but for those of a NaN: which operand's sign and payload it has is up to the instruction.
static void expectSameBits(const std::vector<ir::Tensor>& actual, const std::vector<ir::Tensor>& expected,
                           std::string_view what) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (actual[i].bytes == expected[i].bytes) continue;
    for (std::int64_t k = 0; k < actual[i].type.elementCount(); ++k) {
      const double a = actual[i].real(k), b = expected[i].real(k);
      const bool isSame = std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
      ASSERT_TRUE(isSame || (std::isnan(a) && std::isnan(b)))
          << "result " << i << "[" << k << "], " << what << ": " << a << " and " << b;
    }
  }
}

/// Runs a planned module as it is, on an arena of zeros, and with all values apart.
static std::vector<ir::Tensor> runEveryWay(ir::Module module, ir::FunctionId function,
                                           const std::vector<ir::Tensor>& arguments) {
  Compiled compiled(module, function);
  EXPECT_EQ(compiled.error(), "");
  if (!compiled.error().empty()) return {};
  const std::vector<ir::Tensor> results = compiled.run(arguments, kUnwritten);
  expectSameBits(compiled.run(arguments, 0), results, "an arena of zeros");
  separate(module, module.function(function));
  EXPECT_EQ(passes::checkPlans(module), std::vector<std::string>{});
  Compiled apart(module, function);
  EXPECT_EQ(apart.error(), "");
  expectSameBits(apart.run(arguments, kUnwritten), results, "no memory shared");
  const std::vector<bool> isFree = redZones(module, module.function(function));
  for (std::size_t i = 0; i < isFree.size(); ++i)
    if (isFree[i] && apart.arena[i] != kUnwritten) {
      ADD_FAILURE() << "byte " << i << " of a red zone was written";
      break;
    }
  return results;
}

/// Whether a kernel reduces what it reads through a view: it is then summed in the order of memory, which fusion
/// changes.
static bool reducesViews(const ir::Module& module) {
  return std::any_of(module.functions.begin(), module.functions.end(), [](const ir::Function& function) {
    const auto has = [&](auto predicate) {
      return std::any_of(function.body.begin(), function.body.end(),
                         [&](ir::NodeId id) { return predicate(function.node(id).op); });
    };
    return function.name != "main" && has([](ir::Op op) { return ir::opInfo(op).opClass == ir::OpClass::Reduction; }) &&
           has([](ir::Op op) { return ir::opInfo(op).opClass == ir::OpClass::View && op != ir::Op::Broadcast; });
  });
}

TEST(PlansCompiled, RandomGraphsKeepTheirBits) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 14; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto [module, function] = randomFunction(seed, 25 + static_cast<int>(seed % 50));
    const std::vector<ir::Tensor> arguments = randomArguments(module.function(function), seed);
    Diagnostics diagnostics;
    ASSERT_TRUE(passes::assignLayouts(module, diagnostics));
    ir::Module fused = module;
    ASSERT_TRUE(passes::fuse(fused, diagnostics) && passes::schedule(fused, diagnostics) &&
                passes::planMemory(fused, diagnostics));
    ASSERT_TRUE(passes::planMemory(module, diagnostics));
    const std::vector<ir::Tensor> plain = runEveryWay(module, function, arguments);
    const std::vector<ir::Tensor> results = runEveryWay(fused, function, arguments);
    if (HasFailure()) return;
    if (reducesViews(fused)) continue;
    ++compared;
    expectSameBits(results, plain, "fused");
    if (HasFailure()) return;
  }
  EXPECT_GE(compared, 8);
}

TEST(PlansCompiled, TrainingStep) {
  const MlpStep original = mlpStep({60, 32, 32, 10}, 16);
  const std::vector<ir::Tensor> arguments = mlpArguments(original, 5);
  std::vector<ir::Tensor> expected;
  for (const std::vector<std::string>& disabled : {std::vector<std::string>{}, {"fuse"}, {"schedule"}}) {
    MlpStep mlp = original;
    engine::Options options;
    options.verifyEach = true;
    options.disabledPasses = disabled;
    Diagnostics diagnostics;
    ASSERT_TRUE(engine::lower(mlp.module, mlp.step, options, diagnostics));
    const std::vector<ir::Tensor> results = runEveryWay(mlp.module, mlp.step, arguments);
    if (expected.empty()) expected = results;
    expectSameBits(results, expected, disabled.empty() ? "all passes" : disabled[0] + " disabled");
  }
}

}  // namespace nnc::tests
