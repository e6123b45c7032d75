#include "passes/plan_results.h"

#include <cassert>
#include <string>
#include <utility>

#include "ir/builder.h"
#include "ir/call_graph.h"
#include "passes/value_memory.h"

namespace nnc::passes {

ir::FunctionId CopyKernels::forType(const ir::Type& type) {
  for (const auto& [known, kernel] : kernels_)
    if (known == type) return kernel;
  const ir::FunctionId kernel = module_.addFunction(ir::freshFunctionName(module_, "copy"));
  ir::Builder builder(module_, kernel);
  builder.addResult(builder.addParameter(type, ""), "");
  kernels_.emplace_back(type, kernel);
  return kernel;
}

namespace {

class ResultPlacer {
 public:
  ResultPlacer(ir::Module& module, ir::FunctionId id, CopyKernels& copies)
      : module_(module), id_(id), copies_(copies) {}
  std::vector<std::optional<ir::Storage>> run();

 private:
  ir::Function& function() { return module_.function(id_); }
  ir::Value copy(ir::Value value);
  struct Read {
    ir::NodeId node;
    std::size_t operand = 0;
  };

  void saveParameters();
  void findReads();
  void placeResult(int result);
  bool mayUpdate(ir::Value value, int parameter);
  void setHome(ir::Value value, ir::Storage storage);
  ir::Storage target(int result);

  ir::Module& module_;
  ir::FunctionId id_;
  CopyKernels& copies_;
  std::vector<std::optional<ir::Storage>> homes_;
  std::vector<std::vector<Read>> reads_;  // by value that owns memory
  std::vector<int> positions_;            // by node, in the body
};

}  // namespace

ir::Value ResultPlacer::copy(ir::Value value) {
  const ir::FunctionId kernel = copies_.forType(function().type(value));
  ir::CallAttributes attributes;
  attributes.name = module_.function(kernel).name;
  attributes.body = kernel;
  attributes.kind = ir::CallKind::Kernel;
  ir::Builder builder(module_, id_);
  if (const ir::Node* definition = function().definition(value))
    builder.setLocation(definition->span, definition->scope);
  return builder.call(std::move(attributes), {value})[0];
}

ir::Storage ResultPlacer::target(int result) {
  for (const ir::Alias& alias : function().aliases)
    if (alias.result == result) return {ir::StorageKind::Argument, alias.parameter, 0};
  return {ir::StorageKind::Result, result, 0};
}

void ResultPlacer::setHome(ir::Value value, ir::Storage storage) {
  const std::size_t index = static_cast<std::size_t>(value.index);
  if (homes_.size() <= index) homes_.resize(function().values.size());
  homes_[index] = storage;
}

/// Copies returned parameters before anything can overwrite them.
void ResultPlacer::saveParameters() {
  std::vector<ir::NodeId> body;
  body.swap(function().body);
  // The views through which parameters are returned come first; they need nothing but the parameters.
  std::vector<bool> isMoved(function().nodes.size(), false);
  for (std::size_t i = 0; i < function().results.size(); ++i) {
    const ir::Value value = function().results[i];
    const ir::Value owner = viewedValue(function(), value);
    if (function().definition(owner) != nullptr) continue;
    const ir::Storage home = target(static_cast<int>(i));
    const bool isInPlace = home.kind == ir::StorageKind::Argument && function().parameters[home.index] == owner;
    if (isInPlace) continue;
    std::vector<ir::NodeId> views;
    for (ir::Value view = value; view != owner; view = function().definition(view)->operands[0])
      views.push_back(function().values[view.index].definition);
    for (; !views.empty(); views.pop_back()) {
      if (isMoved[views.back().index]) continue;
      isMoved[views.back().index] = true;
      function().body.push_back(views.back());
    }
    function().results[i] = copy(value);
  }
  for (const ir::NodeId node : body)
    if (!isMoved[node.index]) function().body.push_back(node);
}

/// Fills reads_ and positions_.
void ResultPlacer::findReads() {
  const ir::Function& f = function();
  reads_.resize(f.values.size());
  positions_.resize(f.nodes.size(), -1);
  for (std::size_t i = 0; i < f.body.size(); ++i) {
    const ir::Node& node = f.node(f.body[i]);
    positions_[f.body[i].index] = static_cast<int>(i);
    if (isFreeView(node.op)) continue;
    for (std::size_t k = 0; k < node.operands.size(); ++k)
      reads_[viewedValue(f, node.operands[k]).index].push_back({f.body[i], k});
  }
}

/// Whether the node that makes `value` may write it onto a parameter: nobody reads the parameter's old value later, and
/// the node itself reads it only where it writes.
bool ResultPlacer::mayUpdate(ir::Value value, int parameter) {
  const ir::Function& f = function();
  const ir::NodeId update = f.values[value.index].definition;
  // Copies that were added at the end have no position: they read results, not parameters.
  if (positions_.size() <= static_cast<std::size_t>(update.index)) return false;
  const std::vector<bool> overwritable = overwritableOperands(module_, f.node(update));
  for (const Read& read : reads_[f.parameters[parameter].index])
    if (read.node == update ? !overwritable[read.operand] : positions_[read.node.index] > positions_[update.index])
      return false;
  return true;
}

void ResultPlacer::placeResult(int result) {
  const ir::Storage home = target(result);
  const ir::Value value = function().results[result];
  const ir::Value owner = viewedValue(function(), value);
  const ir::Node* definition = function().definition(owner);
  if (definition == nullptr) return;  // a parameter in its own place
  const bool isTaken = static_cast<std::size_t>(owner.index) < homes_.size() && homes_[owner.index].has_value();
  const bool isDenseConst =
      definition->op == ir::Op::Const && !std::get<ir::ConstAttributes>(definition->attributes).isSplat;
  const bool mayPlace = home.kind == ir::StorageKind::Result || mayUpdate(owner, home.index);
  if (!isTaken && !isDenseConst && mayPlace) return setHome(owner, home);
  const ir::Value copied = copy(value);
  function().results[result] = copied;
  setHome(copied, home);
}

std::vector<std::optional<ir::Storage>> ResultPlacer::run() {
  saveParameters();
  findReads();
  for (std::size_t i = 0; i < function().results.size(); ++i) placeResult(static_cast<int>(i));
  homes_.resize(function().values.size());
  return std::move(homes_);
}

std::vector<std::optional<ir::Storage>> placeResults(ir::Module& module, ir::FunctionId function, CopyKernels& copies) {
  return ResultPlacer(module, function, copies).run();
}

}  // namespace nnc::passes
