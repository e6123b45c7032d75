#include "engine/count_flops.h"

#include "engine/engine.h"
#include "ir/flops.h"
#include "passes/remove_dead.h"

namespace nnc::engine {

std::optional<double> countFlops(const ir::Module& module, ir::FunctionId function, Diagnostics& diagnostics) {
  ir::Module copy = module;
  Options options;
  options.stopAfter = passes::kRemoveDead.name;
  if (!lower(copy, function, options, diagnostics)) return std::nullopt;
  return ir::countFlops(copy, function);
}

}  // namespace nnc::engine
