// A walk over the scans of a function, for passes that replace some.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "ir/builder.h"

namespace nnc::passes {

/// Replaces scans of `function` by what `rewrite` appends in their place: it gives the values to use for their results,
/// or nothing for a scan that stays.
using ScanRewriter = std::function<std::optional<std::vector<ir::Value>>(ir::Builder& builder, const ir::Node& scan)>;
void rewriteScans(ir::Module& module, ir::FunctionId function, const ScanRewriter& rewrite);

}  // namespace nnc::passes
