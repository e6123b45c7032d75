// Whatever the graph, the passes keep its results to the last bit, and the plan is one that can be run.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "ir/evaluate.h"
#include "ir/verify.h"
#include "passes/assign_layouts.h"
#include "passes/check_kernels.h"
#include "passes/check_plan.h"
#include "passes/fuse.h"
#include "passes/plan_memory.h"
#include "passes/schedule.h"
#include "random_function.h"
#include "run_plan.h"

namespace nnc::tests {

static void apply(const ir::Pass& pass, ir::Module& module) {
  Diagnostics diagnostics;
  ASSERT_TRUE(pass.run(module, diagnostics)) << pass.name;
  ASSERT_EQ(ir::verify(module), std::vector<std::string>{}) << pass.name;
}

static void expectEqual(const std::vector<ir::Tensor>& actual, const std::vector<ir::Tensor>& expected,
                        std::string_view what) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_EQ(actual[i].type, expected[i].type);
    ASSERT_EQ(actual[i].bytes, expected[i].bytes) << "result " << i << " differs after " << what;
  }
}

class RandomGraphs : public testing::TestWithParam<int> {};

/// Each seed: 40 graphs. Sums of contractions may be taken in another order by assign_layouts, so what is compared
/// from there on is its output.
TEST_P(RandomGraphs, KeepTheirResults) {
  for (int i = 0; i < 40; ++i) {
    const auto seed = static_cast<std::uint64_t>(GetParam() * 1000 + i);
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto [module, function] = randomFunction(seed, 10 + i * 3);
    ASSERT_EQ(ir::verify(module), std::vector<std::string>{});
    const std::vector<ir::Tensor> arguments = randomArguments(module.function(function), seed);
    apply(passes::kAssignLayouts, module);
    const std::vector<ir::Tensor> expected = ir::evaluate(module, function, arguments);
    const bool isFused = i % 4 != 3;
    if (isFused) {
      apply(passes::kFuse, module);
      ASSERT_EQ(passes::checkKernels(module), std::vector<std::string>{});
      expectEqual(ir::evaluate(module, function, arguments), expected, "fuse");
    }
    if (i % 5 != 4) {
      apply(passes::kSchedule, module);
      expectEqual(ir::evaluate(module, function, arguments), expected, "schedule");
    }
    apply(passes::kPlanMemory, module);
    ASSERT_EQ(passes::checkPlans(module), std::vector<std::string>{});
    expectEqual(ir::evaluate(module, function, arguments), expected, "plan_memory");
    expectEqual(runPlanned(module, function, arguments), expected, "running the plan");
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraphs, testing::Range(0, 24));

}  // namespace nnc::tests
