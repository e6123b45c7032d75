#include "passes/inline_calls.h"

#include <vector>

#include "ir/call_graph.h"
#include "ir/edit.h"

namespace nnc::passes {

bool inlineCalls(ir::Module& module, Diagnostics&) {
  const std::vector<bool> calledBefore = ir::calledFunctions(module);
  for (const ir::FunctionId id : ir::calleesFirst(module))
    ir::inlineComposites(module, id, ir::InlineWhich::AllComposites);
  ir::clearUncalled(module, calledBefore);
  return true;
}

}  // namespace nnc::passes
