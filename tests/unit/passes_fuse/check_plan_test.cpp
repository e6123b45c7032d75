// The checker of memory plans finds every plan that gives a wrong number.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "ir/evaluate.h"
#include "passes/check_plan.h"
#include "passes/fuse.h"
#include "passes/plan_arena.h"
#include "passes/plan_memory.h"
#include "random_function.h"
#include "run_plan.h"

namespace nnc::tests {

/// Moves one value of the arena somewhere else in it. Views move with the value that they look at or not at all.
static bool damage(ir::Function& function, std::mt19937_64& random) {
  ir::MemoryPlan& plan = *function.plan;
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < plan.storage.size(); ++i)
    if (plan.storage[i].kind == ir::StorageKind::Arena) candidates.push_back(i);
  if (candidates.empty() || plan.arenaBytes <= passes::kArenaAlignment) return false;
  const ir::Storage victim = plan.storage[candidates[random() % candidates.size()]];
  const auto slots = static_cast<std::uint64_t>(plan.arenaBytes / passes::kArenaAlignment);
  const auto offset = static_cast<std::int64_t>(random() % slots) * passes::kArenaAlignment;
  for (const std::size_t i : candidates) {
    const ir::Value value(i);
    if (plan.storage[i] != victim) continue;
    if (offset + function.type(value).byteCount() > plan.arenaBytes) return false;
  }
  // All tenants of the place move, as far as they were made by the same chain of views and updates in place.
  for (const std::size_t i : candidates)
    if (plan.storage[i] == victim) plan.storage[i].offset = offset;
  return offset != victim.offset;
}

TEST(CheckPlan, FindsEveryDamageThatShows) {
  int shown = 0, found = 0;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto [module, function] = randomFunction(seed, 40);
    const std::vector<ir::Tensor> arguments = randomArguments(module.function(function), seed);
    Diagnostics diagnostics;
    ASSERT_TRUE(passes::fuse(module, diagnostics));
    const std::vector<ir::Tensor> expected = ir::evaluate(module, function, arguments);
    ASSERT_TRUE(passes::planMemory(module, diagnostics));
    ASSERT_EQ(passes::checkPlans(module), std::vector<std::string>{});
    std::mt19937_64 random(seed);
    if (!damage(module.function(function), random)) continue;
    const bool isReported = !passes::checkPlans(module).empty();
    found += isReported ? 1 : 0;
    const std::vector<ir::Tensor> actual = runPlanned(module, function, arguments);
    for (std::size_t i = 0; i < actual.size(); ++i) {
      if (actual[i].bytes == expected[i].bytes) continue;
      ++shown;
      EXPECT_TRUE(isReported) << "result " << i << " is wrong and the plan passes for sound";
      break;
    }
  }
  // The test would say nothing if hardly any damage showed.
  EXPECT_GT(shown, 50);
  EXPECT_GE(found, shown);
}

TEST(CheckPlan, WantsResultsWhereTheCallerLooks) {
  auto [module, function] = randomFunction(3, 20);
  Diagnostics diagnostics;
  ASSERT_TRUE(passes::planMemory(module, diagnostics));
  ir::Function& f = module.function(function);
  for (ir::Storage& storage : f.plan->storage)
    if (storage.kind == ir::StorageKind::Result) storage = {ir::StorageKind::Arena, 0, 0};
  EXPECT_FALSE(passes::checkPlans(module).empty());
}

TEST(CheckPlan, WantsAlignedOffsetsInsideTheArena) {
  auto [module, function] = randomFunction(3, 30);
  Diagnostics diagnostics;
  ASSERT_TRUE(passes::planMemory(module, diagnostics));
  const ir::MemoryPlan good = *module.function(function).plan;
  const auto arena = [](const ir::Storage& storage) { return storage.kind == ir::StorageKind::Arena; };
  for (const std::int64_t shift : {std::int64_t{4}, std::int64_t{1} << 30}) {
    ir::MemoryPlan plan = good;
    const auto place = std::find_if(plan.storage.begin(), plan.storage.end(), arena);
    ASSERT_NE(place, plan.storage.end());
    place->offset += shift;
    module.function(function).plan = plan;
    EXPECT_FALSE(passes::checkPlans(module).empty()) << shift;
  }
  module.function(function).plan.reset();
  EXPECT_FALSE(passes::checkPlans(module).empty());
}

}  // namespace nnc::tests
