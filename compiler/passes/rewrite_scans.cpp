#include "passes/rewrite_scans.h"

#include <algorithm>
#include <string>
#include <utility>

#include "ir/call_graph.h"
#include "ir/edit.h"

namespace nnc::passes {

ScanParts::ScanParts(ir::Builder& b, const ir::Node& node)
    : builder(b),
      scan(node),
      attributes(std::get<ir::ScanAttributes>(node.attributes)),
      body(b.module().function(attributes.body)) {}

std::optional<std::size_t> ScanParts::parameterOf(ir::Value value) const {
  const auto found = std::find(body.parameters.begin(), body.parameters.end(), value);
  if (found == body.parameters.end()) return std::nullopt;
  return static_cast<std::size_t>(found - body.parameters.begin());
}

ir::FunctionId ScanParts::addBody() {
  ir::Module& module = builder.module();
  body.name = ir::freshFunctionName(module, body.name);
  const ir::FunctionId made = module.addFunction(body.name);
  module.function(made) = body;
  return made;
}

char freeLetter(const ir::ContractAttributes& product) {
  const std::string taken = product.a + product.b + product.y;
  char letter = 'a';
  while (std::find(taken.begin(), taken.end(), letter) != taken.end()) ++letter;
  return letter;
}

static void rewriteFunction(ir::Module& module, ir::FunctionId id, const ScanRewriter& rewrite) {
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

void rewriteScans(ir::Module& module, const ScanRewriter& rewrite) {
  const std::vector<bool> calledBefore = ir::calledFunctions(module);
  // Bodies that are made here hold what their originals held: those come first.
  for (const ir::FunctionId id : ir::calleesFirst(module)) rewriteFunction(module, id, rewrite);
  ir::clearUncalled(module, calledBefore);
}

}  // namespace nnc::passes
