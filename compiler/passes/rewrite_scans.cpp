#include "passes/rewrite_scans.h"

#include <algorithm>
#include <utility>

#include "ir/edit.h"

namespace nnc::passes {

void rewriteScans(ir::Module& module, ir::FunctionId id, const ScanRewriter& rewrite) {
  const auto isScan = [&](ir::NodeId node) { return module.function(id).node(node).op == ir::Op::Scan; };
  const std::vector<ir::NodeId> before = module.function(id).body;
  if (std::none_of(before.begin(), before.end(), isScan)) return;
  ir::Builder builder(module, id);
  ir::Replacements replacements(module.function(id));
  module.function(id).body.clear();
  for (const ir::NodeId node : before) {
    replacements.applyTo(module.function(id).node(node).operands);
    if (isScan(node)) {
      const ir::Node scan = module.function(id).node(node);  // a copy: nodes move while the builder appends
      builder.setLocation(scan.span, scan.scope);
      if (const auto results = rewrite(builder, scan)) {
        for (std::size_t i = 0; i < scan.results.size(); ++i) replacements.replace(scan.results[i], (*results)[i]);
        continue;
      }
    }
    module.function(id).body.push_back(node);
  }
  replacements.applyTo(module.function(id).results);
  module.function(id).plan.reset();
}

}  // namespace nnc::passes
