// The passes between elaboration and code generation.
#include <algorithm>
#include <vector>

#include "engine/engine.h"
#include "ir/call_graph.h"
#include "passes/pipeline.h"
#include "passes/runner.h"

namespace nnc::engine {

static bool hasGradient(const ir::Module& module) {
  return std::any_of(module.functions.begin(), module.functions.end(), [](const ir::Function& function) {
    return std::any_of(function.body.begin(), function.body.end(), [&](ir::NodeId id) {
      const auto* call = std::get_if<ir::CallAttributes>(&function.node(id).attributes);
      return call != nullptr && call->kind == ir::CallKind::Gradient;
    });
  });
}

bool lower(ir::Module& module, ir::FunctionId function, const Options& options, Diagnostics& diagnostics) {
  const ScopedTimer timer(options.timings, "lower");
  passes::RunOptions run;
  run.verifyEach = options.verifyEach;
  run.printAfter = options.printAfter;
  run.disabled = options.disabledPasses;
  run.stopAfter = options.stopAfter;
  run.timings = options.timings;
  if (!passes::checkRunOptions(run, diagnostics)) return false;
  // Passes work on whole modules; what the function does not reach would cost time and memory.
  std::vector<bool> isCalled(module.functions.size(), true);
  isCalled[function.index] = false;
  ir::clearUncalled(module, isCalled);
  if (hasGradient(module)) return passes::runPasses(module, passes::kTraining, run, diagnostics);
  return passes::runPasses(module, passes::kInference, run, diagnostics);
}

}  // namespace nnc::engine
