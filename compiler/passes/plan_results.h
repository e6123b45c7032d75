// The first step of memory planning: results where the caller wants them.
#pragma once
#include <optional>
#include <vector>

#include "ir/module.h"

namespace nnc::passes {

/// The kernels `copy` of a module, by type: functions without nodes whose result is their parameter.
class CopyKernels {
 public:
  explicit CopyKernels(ir::Module& module) : module_(module) {}
  ir::FunctionId forType(const ir::Type& type);

 private:
  ir::Module& module_;
  std::vector<std::pair<ir::Type, ir::FunctionId>> kernels_;
};

/// Decides which values are computed in the buffers of results and updated parameters, by value index.
///
/// What cannot be computed there is copied: parameters that are returned at the start of the body, before an update can
/// overwrite them; everything else at its end. Free views have no entry of their own.
std::vector<std::optional<ir::Storage>> placeResults(ir::Module& module, ir::FunctionId function, CopyKernels& copies);

}  // namespace nnc::passes
