// What passes that rewrite scans share: the walk over a module, and a scan with the body as it becomes.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "ir/builder.h"

namespace nnc::passes {

/// A scan under work. It holds copies: nodes move while the builder appends.
struct ScanParts {
  ScanParts(ir::Builder& builder, const ir::Node& scan);

  bool isCarry(std::size_t parameter) const { return static_cast<int>(parameter) < attributes.carries; }
  /// Whether a step gets a slice of what the scan gets for this parameter of the body.
  bool isInput(std::size_t parameter) const {
    return !isCarry(parameter) && static_cast<int>(parameter) < attributes.carries + attributes.xs;
  }
  /// Which parameter of the body a value is.
  std::optional<std::size_t> parameterOf(ir::Value value) const;
  /// Makes `body`, changed, a function of the module under a name of its own.
  ir::FunctionId addBody();

  ir::Builder& builder;
  ir::Node scan;
  ir::ScanAttributes attributes;
  ir::Function body;
};

/// A letter that a contraction does not use: of the axis along the steps.
char freeLetter(const ir::ContractAttributes& product);

/// Replaces scans of all functions, callees first, by what `rewrite` appends in their place: it gives the values to use
/// for their results, or nothing for a scan that stays. Bodies that nothing runs any more become empty.
using ScanRewriter = std::function<std::optional<std::vector<ir::Value>>(ir::Builder& builder, const ir::Node& scan)>;
void rewriteScans(ir::Module& module, const ScanRewriter& rewrite);

}  // namespace nnc::passes
