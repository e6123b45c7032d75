#include "engine/count_flops.h"

#include <algorithm>

#include "engine/engine.h"
#include "ir/flops.h"
#include "passes/fuse.h"
#include "passes/remove_dead.h"

namespace nnc::engine {

namespace {

const ir::CallAttributes* gradientCall(const ir::Node& node) {
  const auto* call = std::get_if<ir::CallAttributes>(&node.attributes);
  return call != nullptr && call->kind == ir::CallKind::Gradient ? call : nullptr;
}

/// Makes what gradient calls give arguments of the function. Returns the functions that were differentiated.
std::vector<ir::FunctionId> takeGradients(ir::Function& step) {
  std::vector<ir::FunctionId> bodies;
  std::erase_if(step.body, [&](ir::NodeId id) {
    const ir::CallAttributes* const call = gradientCall(step.node(id));
    if (call == nullptr) return false;
    bodies.push_back(call->body);
    for (const ir::Value result : step.node(id).results) {
      ir::ValueInfo& value = step.values[result.index];
      value.definition = {};
      value.resultIndex = static_cast<int>(step.parameters.size());
      step.parameters.push_back(result);
      step.parameterNames.emplace_back();
    }
    return true;
  });
  return bodies;
}

/// Needs: `module` may be changed.
std::optional<ir::Operations> count(ir::Module& module, ir::FunctionId function, Diagnostics& diagnostics) {
  Options options;
  options.stopAfter = passes::kRemoveDead.name;
  if (!lower(module, function, options, diagnostics)) return std::nullopt;
  return ir::countOperations(module, function);
}

}  // namespace

std::optional<double> countFlops(const ir::Module& module, ir::FunctionId function, Diagnostics& diagnostics) {
  ir::Module copy = module;
  const std::optional<ir::Operations> counted = count(copy, function, diagnostics);
  return counted ? std::optional(counted->all) : std::nullopt;
}

std::optional<StepCost> countStep(const ir::Module& module, ir::FunctionId function, Diagnostics& diagnostics) {
  ir::Module whole = module, given = module;
  const std::optional<ir::Operations> all = count(whole, function, diagnostics);
  const std::vector<ir::FunctionId> bodies = takeGradients(given.function(function));
  const std::optional<ir::Operations> update = all ? count(given, function, diagnostics) : std::nullopt;
  if (!update) return std::nullopt;
  StepCost cost;
  cost.update = update->all;
  cost.transcendental = all->transcendental;
  for (const ir::FunctionId body : bodies) {
    ir::Module alone = module;
    const std::optional<ir::Operations> forward = count(alone, body, diagnostics);
    if (!forward) return std::nullopt;
    cost.forward += forward->all;
  }
  cost.backward = all->all - cost.forward - cost.update;
  ir::Module fused = module;
  Options options;
  options.stopAfter = passes::kFuse.name;
  if (!lower(fused, function, options, diagnostics)) return std::nullopt;
  cost.bytes = ir::countBytes(fused, function);
  return cost;
}

}  // namespace nnc::engine
