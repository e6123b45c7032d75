// Lifetimes, sharing in place, and the storage of every value.
#include "passes/plan_memory.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "diagnostics/kinds/ir.h"
#include "ir/call_graph.h"
#include "passes/plan_arena.h"
#include "passes/plan_results.h"
#include "passes/value_memory.h"

namespace nnc::passes {

namespace {

/// Plans one function whose results have their homes and whose scan bodies are planned.
class Planner {
 public:
  Planner(const ir::Module& module, const ir::Function& function, std::vector<std::optional<ir::Storage>> homes)
      : module_(module), function_(function), homes_(std::move(homes)) {}
  ir::MemoryPlan run();

 private:
  void findLastUses();
  void extendHomes();
  void placeNode(int position);
  void placeScan(int position);
  bool mayTakeOver(int position, const ir::Node& node, ir::Value owner, ir::Value result,
                   const std::vector<bool>& overwritable) const;
  int takeOver(int position, const ir::Node& node, ir::Value result, const std::vector<bool>& overwritable) const;
  ir::Storage storageOf(ir::Value value) const;
  int newBuffer(std::int64_t bytes, int begin, int end);

  struct Scan {
    ir::NodeId node;
    int arena = -1;  // buffers
    std::vector<int> carries;
  };

  const ir::Module& module_;
  const ir::Function& function_;
  std::vector<std::optional<ir::Storage>> homes_;
  std::vector<int> lastUse_;   // by value that owns memory: position in the body
  std::vector<int> bufferOf_;  // by value: -1 or index into buffers_
  std::vector<ArenaBuffer> buffers_;
  std::vector<Scan> scans_;
};

}  // namespace

static bool isDenseConst(const ir::Node& node) {
  return node.op == ir::Op::Const && !std::get<ir::ConstAttributes>(node.attributes).isSplat;
}

void Planner::findLastUses() {
  lastUse_.assign(function_.values.size(), -1);
  for (std::size_t i = 0; i < function_.body.size(); ++i) {
    const ir::Node& node = function_.node(function_.body[i]);
    for (const ir::Value result : node.results) lastUse_[result.index] = static_cast<int>(i);
    if (isFreeView(node.op)) continue;
    for (const ir::Value operand : node.operands) lastUse_[viewedValue(function_, operand).index] = static_cast<int>(i);
  }
}

int Planner::newBuffer(std::int64_t bytes, int begin, int end) {
  buffers_.push_back({bytes, begin, end, 0});
  return static_cast<int>(buffers_.size()) - 1;
}

/// What a result may be written onto is computed in the result's buffer from the start: a chain of updates in place
/// ends where the caller looks for it, without memory of its own.
void Planner::extendHomes() {
  for (std::size_t i = function_.body.size(); i-- > 0;) {
    const ir::Node& node = function_.node(function_.body[i]);
    if (isFreeView(node.op)) continue;
    const std::vector<bool> overwritable = overwritableOperands(module_, node);
    for (const ir::Value result : node.results) {
      const std::optional<ir::Storage> home = homes_[result.index];
      // A parameter's buffer holds its old value until then.
      if (!home.has_value() || home->kind != ir::StorageKind::Result) continue;
      for (std::size_t k = 0; k < node.operands.size(); ++k) {
        const ir::Value owner = viewedValue(function_, node.operands[k]);
        const ir::Node* definition = function_.definition(owner);
        if (definition == nullptr || isDenseConst(*definition) || homes_[owner.index].has_value()) continue;
        if (!mayTakeOver(static_cast<int>(i), node, owner, result, overwritable)) continue;
        homes_[owner.index] = home;
        break;
      }
    }
  }
}

/// Whether `owner` dies in the node and `result` may be written onto it.
bool Planner::mayTakeOver(int position, const ir::Node& node, ir::Value owner, ir::Value result,
                          const std::vector<bool>& overwritable) const {
  const ir::Type& from = function_.type(owner);
  const ir::Type& to = function_.type(result);
  // Elements of another size would overwrite their neighbours.
  const bool fits = from.byteCount() == to.byteCount() && ir::dtypeBytes(from.dtype) == ir::dtypeBytes(to.dtype);
  if (lastUse_[owner.index] != position || !fits) return false;
  for (std::size_t k = 0; k < node.operands.size(); ++k)
    if (viewedValue(function_, node.operands[k]) == owner && !overwritable[k]) return false;
  return true;
}

/// The buffer of an operand that dies in the node and that `result` may overwrite, or -1.
int Planner::takeOver(int position, const ir::Node& node, ir::Value result,
                      const std::vector<bool>& overwritable) const {
  for (std::size_t i = 0; i < node.operands.size(); ++i) {
    const ir::Value owner = viewedValue(function_, node.operands[i]);
    const int buffer = bufferOf_[owner.index];
    if (buffer < 0 || !mayTakeOver(position, node, owner, result, overwritable)) continue;
    // Another result of the node may have taken it.
    const bool isFree = std::none_of(node.results.begin(), node.results.end(),
                                     [&](ir::Value other) { return bufferOf_[other.index] == buffer; });
    if (isFree) return buffer;
  }
  return -1;
}

void Planner::placeScan(int position) {
  const ir::Node& node = function_.node(function_.body[position]);
  const auto& scan = std::get<ir::ScanAttributes>(node.attributes);
  Scan scratch;
  scratch.node = function_.body[position];
  scratch.arena = newBuffer(module_.function(scan.body).plan->arenaBytes, position, position);
  for (int i = 0; i < scan.carries; ++i)
    scratch.carries.push_back(newBuffer(function_.type(node.results[i]).byteCount(), position, position));
  scans_.push_back(std::move(scratch));
}

void Planner::placeNode(int position) {
  const ir::Node& node = function_.node(function_.body[position]);
  if (isDenseConst(node) || isFreeView(node.op)) return;
  const std::vector<bool> overwritable = overwritableOperands(module_, node);
  for (const ir::Value result : node.results) {
    if (homes_[result.index].has_value()) continue;
    const int taken = takeOver(position, node, result, overwritable);
    const int end = lastUse_[result.index];
    if (taken >= 0) {
      buffers_[taken].end = end;
      bufferOf_[result.index] = taken;
    } else {
      bufferOf_[result.index] = newBuffer(function_.type(result).byteCount(), position, end);
    }
  }
  if (node.op == ir::Op::Scan) placeScan(position);
}

ir::Storage Planner::storageOf(ir::Value value) const {
  const ir::Value owner = viewedValue(function_, value);
  const ir::ValueInfo& info = function_.values[owner.index];
  if (!info.definition.isValid()) return {ir::StorageKind::Argument, info.resultIndex, 0};
  if (isDenseConst(function_.node(info.definition))) return {ir::StorageKind::Constant, owner.index, 0};
  if (homes_[owner.index].has_value()) return *homes_[owner.index];
  return {ir::StorageKind::Arena, 0, buffers_[bufferOf_[owner.index]].offset};
}

ir::MemoryPlan Planner::run() {
  findLastUses();
  extendHomes();
  bufferOf_.assign(function_.values.size(), -1);
  for (std::size_t i = 0; i < function_.body.size(); ++i) placeNode(static_cast<int>(i));
  ir::MemoryPlan plan;
  plan.arenaBytes = placeBuffers(buffers_);
  plan.storage.resize(function_.values.size());
  for (const ir::Value parameter : function_.parameters) plan.storage[parameter.index] = storageOf(parameter);
  for (const ir::NodeId id : function_.body)
    for (const ir::Value result : function_.node(id).results) plan.storage[result.index] = storageOf(result);
  for (const Scan& scan : scans_) {
    ir::ScanScratch scratch{scan.node.index, buffers_[scan.arena].offset, {}};
    for (const int carry : scan.carries) scratch.carryOffsets.push_back(buffers_[carry].offset);
    plan.scans.push_back(std::move(scratch));
  }
  return plan;
}

/// Whether nothing is left in the function that cannot run.
static bool checkRunnable(const ir::Function& function, Diagnostics& diagnostics) {
  for (const ir::NodeId id : function.body) {
    const ir::Node& node = function.node(id);
    const auto* call = std::get_if<ir::CallAttributes>(&node.attributes);
    if (call == nullptr || call->kind == ir::CallKind::Kernel) continue;
    diagnostics.emit<diag::IrInvalid>(node.span, function.name,
                                      "a memory plan needs composite and gradient calls to be expanded");
    return false;
  }
  return true;
}

bool planMemory(ir::Module& module, Diagnostics& diagnostics) {
  const std::vector<bool> isKernel = ir::kernelBodies(module);
  CopyKernels copies(module);
  for (const ir::FunctionId id : ir::calleesFirst(module)) {
    if (isKernel[id.index]) continue;
    if (!checkRunnable(module.function(id), diagnostics)) return false;
    std::vector<std::optional<ir::Storage>> homes = placeResults(module, id, copies);
    module.function(id).plan = Planner(module, module.function(id), std::move(homes)).run();
  }
  return true;
}

}  // namespace nnc::passes
