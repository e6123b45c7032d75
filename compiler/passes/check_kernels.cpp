#include "passes/check_kernels.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "ir/call_graph.h"
#include "passes/fuse_rules.h"

namespace nnc::passes {

static bool isReduction(const ir::Node& node) { return ir::opInfo(node.op).opClass == ir::OpClass::Reduction; }

static const ir::Node* reductionOf(const ir::Function& body, ir::Value value) {
  const ir::Node* node = body.definition(value);
  return node != nullptr && isReduction(*node) ? node : nullptr;
}

/// A contraction that reads through windows: nothing else is computed.
static void checkProduct(const ir::Function& body, const std::function<void(std::string_view)>& report) {
  if (body.results.size() != 1) report("results beside a contraction");
  for (const ir::NodeId id : body.body) {
    const ir::Node& node = body.node(id);
    const bool isRoot = node.results[0] == body.results[0];
    if (!isRoot && node.op != ir::Op::Window) report(std::string(ir::opInfo(node.op).name) + " beside a contraction");
  }
}

static void checkKernel(const ir::Function& body, std::vector<std::string>& errors) {
  const auto report = [&](std::string_view text) { errors.push_back("@" + body.name + ": " + std::string(text)); };
  if (body.results.empty()) return report("a kernel without results");
  const ir::Node* root = body.definition(body.results[0]);
  if (root != nullptr && root->op == ir::Op::Contract) return checkProduct(body, report);
  const ir::Node* first = reductionOf(body, body.results[0]);
  std::vector<bool> isResult(body.values.size(), false);
  for (const ir::Value result : body.results) {
    isResult[result.index] = true;
    const ir::Node* node = reductionOf(body, result);
    if ((node == nullptr) != (first == nullptr))
      return report("results that are reductions beside results that are not");
    if (node == nullptr) {
      if (body.type(result).shape != body.type(body.results[0]).shape) report("results of different shapes");
      continue;
    }
    if (body.type(node->operands[0]).shape != body.type(first->operands[0]).shape ||
        node->attributes != first->attributes)
      report("reductions of different shapes or over different axes");
  }
  for (const ir::NodeId id : body.body) {
    const ir::Node& node = body.node(id);
    if (isReduction(node) && !isResult[node.results[0].index]) report("a reduction that is not a result");
    if (fuseRole(node) == FuseRole::Opaque) report(std::string(ir::opInfo(node.op).name) + " in a kernel");
  }
}

std::vector<std::string> checkKernels(const ir::Module& module) {
  std::vector<std::string> errors;
  const std::vector<bool> isKernel = ir::kernelBodies(module);
  for (std::size_t i = 0; i < module.functions.size(); ++i)
    if (isKernel[i]) checkKernel(module.functions[i], errors);
  return errors;
}

}  // namespace nnc::passes
