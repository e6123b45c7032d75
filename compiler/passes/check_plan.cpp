#include "passes/check_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "ir/call_graph.h"
#include "passes/plan_arena.h"
#include "passes/value_memory.h"

namespace nnc::passes {

namespace {

/// Bytes of one buffer: [begin, end).
struct Place {
  ir::StorageKind kind = ir::StorageKind::None;
  int buffer = 0;  // parameter, result or constant
  std::int64_t begin = 0, end = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

class Checker {
 public:
  Checker(const ir::Module& module, const ir::Function& function, std::vector<std::string>& errors)
      : module_(module), function_(function), plan_(*function.plan), errors_(errors) {}
  void run();

 private:
  void checkShape();
  void visit(ir::NodeId id);
  void read(const ir::Node& node, ir::Value value);
  void write(ir::Value value);
  void clobber(const Place& place);
  void checkOverlaps(const ir::Node& node);
  void checkScan(ir::NodeId id);
  void checkResults();
  Place placeOf(ir::Value value) const;
  bool isInside(const Place& place) const;
  template <typename... Arguments>
  void report(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    errors_.push_back("@" + function_.name + ": " + fmt::format(format, std::forward<Arguments>(arguments)...));
  }

  const ir::Module& module_;
  const ir::Function& function_;
  const ir::MemoryPlan& plan_;
  std::vector<std::string>& errors_;
  std::map<int, Place> held_;  // values that are intact, by value index; free views are not listed
};

}  // namespace

static bool meet(const Place& a, const Place& b) {
  return a.kind == b.kind && a.buffer == b.buffer && a.begin < b.end && b.begin < a.end;
}

Place Checker::placeOf(ir::Value value) const {
  const ir::Storage& storage = plan_.storage[value.index];
  const std::int64_t bytes = function_.type(value).byteCount();
  return {storage.kind, storage.index, storage.offset, storage.offset + bytes};
}

bool Checker::isInside(const Place& place) const {
  switch (place.kind) {
    case ir::StorageKind::None:
      return false;
    case ir::StorageKind::Argument:
      return place.buffer >= 0 && place.buffer < static_cast<int>(function_.parameters.size()) && place.begin == 0 &&
             place.end == function_.type(function_.parameters[place.buffer]).byteCount();
    case ir::StorageKind::Result:
      return place.buffer >= 0 && place.buffer < static_cast<int>(function_.results.size()) && place.begin == 0 &&
             place.end == function_.type(function_.results[place.buffer]).byteCount();
    case ir::StorageKind::Arena:
      return place.begin >= 0 && place.end <= plan_.arenaBytes;
    case ir::StorageKind::Constant:
      return place.begin == 0;
  }
  return false;
}

void Checker::clobber(const Place& place) {
  std::erase_if(held_, [&](const auto& entry) { return meet(entry.second, place); });
}

void Checker::read(const ir::Node& node, ir::Value value) {
  const ir::Value owner = viewedValue(function_, value);
  if (plan_.storage[value.index] != plan_.storage[owner.index])
    report("value {} is a view of value {} and lives elsewhere", value.index, owner.index);
  const auto found = held_.find(owner.index);
  if (found == held_.end() || found->second != placeOf(owner))
    report("{} reads value {}, which was overwritten", ir::opInfo(node.op).name, value.index);
}

void Checker::write(ir::Value value) {
  const Place place = placeOf(value);
  if (!isInside(place)) report("value {} is outside of its buffer", value.index);
  if (place.begin % kArenaAlignment != 0) report("value {} is not aligned", value.index);
  if (place.kind == ir::StorageKind::Argument) {
    const bool isAlias = std::any_of(function_.aliases.begin(), function_.aliases.end(),
                                     [&](const ir::Alias& alias) { return alias.parameter == place.buffer; });
    if (!isAlias) report("value {} overwrites parameter {}, which no result aliases", value.index, place.buffer);
  }
  clobber(place);
  held_[value.index] = place;
}

/// No result may touch an operand, another result or a constant, but where the op allows to write in place.
void Checker::checkOverlaps(const ir::Node& node) {
  const std::vector<bool> overwritable = overwritableOperands(module_, node);
  for (std::size_t r = 0; r < node.results.size(); ++r) {
    const Place place = placeOf(node.results[r]);
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      const ir::Value operand = node.operands[i];
      if (!meet(place, placeOf(operand))) continue;
      const bool isSame = place == placeOf(operand) && ir::dtypeBytes(function_.type(node.results[r]).dtype) ==
                                                           ir::dtypeBytes(function_.type(operand).dtype);
      if (!isSame || !overwritable[i])
        report("{} writes value {} onto its operand {}", ir::opInfo(node.op).name, node.results[r].index,
               operand.index);
    }
    for (std::size_t k = 0; k < r; ++k)
      if (meet(place, placeOf(node.results[k])))
        report("values {} and {} of one node overlap", node.results[k].index, node.results[r].index);
  }
}

/// The scratch memory of a scan may not touch its operands or results.
void Checker::checkScan(ir::NodeId id) {
  const ir::Node& node = function_.node(id);
  const auto& scan = std::get<ir::ScanAttributes>(node.attributes);
  const auto found = std::find_if(plan_.scans.begin(), plan_.scans.end(),
                                  [&](const ir::ScanScratch& scratch) { return scratch.node == id.index; });
  const ir::Function& body = module_.function(scan.body);
  if (found == plan_.scans.end() || !body.plan.has_value() ||
      found->carryOffsets.size() != static_cast<std::size_t>(scan.carries))
    return report("a scan has no scratch memory");
  std::vector<Place> scratch{{ir::StorageKind::Arena, 0, found->offset, found->offset + body.plan->arenaBytes}};
  for (int i = 0; i < scan.carries; ++i) {
    const std::int64_t offset = found->carryOffsets[i];
    scratch.push_back({ir::StorageKind::Arena, 0, offset, offset + function_.type(node.results[i]).byteCount()});
  }
  std::vector<Place> others;
  for (const ir::Value value : node.operands) others.push_back(placeOf(value));
  for (const ir::Value value : node.results) others.push_back(placeOf(value));
  for (const Place& place : scratch) {
    if (!isInside(place) || place.begin % kArenaAlignment != 0)
      report("scratch memory of a scan is outside of the arena");
    if (std::any_of(others.begin(), others.end(), [&](const Place& other) { return meet(place, other); }))
      report("scratch memory of a scan overlaps its operands, results or itself");
    clobber(place);
    others.push_back(place);
  }
}

void Checker::visit(ir::NodeId id) {
  const ir::Node& node = function_.node(id);
  if (isFreeView(node.op)) {  // reads nothing itself
    if (plan_.storage[node.results[0].index] != plan_.storage[node.operands[0].index])
      report("the result of {} is not its operand's memory", ir::opInfo(node.op).name);
    return;
  }
  for (const ir::Value operand : node.operands) read(node, operand);
  if (plan_.storage[node.results[0].index].kind == ir::StorageKind::Constant) {
    const bool isDense = node.op == ir::Op::Const && !std::get<ir::ConstAttributes>(node.attributes).isSplat;
    if (!isDense) report("value {} is not a dense constant", node.results[0].index);
    held_[node.results[0].index] = placeOf(node.results[0]);
    return;
  }
  checkOverlaps(node);
  if (node.op == ir::Op::Scan) checkScan(id);
  for (const ir::Value result : node.results) write(result);
}

void Checker::checkShape() {
  if (plan_.arenaBytes % kArenaAlignment != 0) report("the arena has {} bytes", plan_.arenaBytes);
  if (plan_.storage.size() != function_.values.size())
    report("the plan knows {} of {} values", plan_.storage.size(), function_.values.size());
}

void Checker::checkResults() {
  for (std::size_t i = 0; i < function_.results.size(); ++i) {
    ir::Storage wanted{ir::StorageKind::Result, static_cast<int>(i), 0};
    for (const ir::Alias& alias : function_.aliases)
      if (alias.result == static_cast<int>(i)) wanted = {ir::StorageKind::Argument, alias.parameter, 0};
    const ir::Value owner = viewedValue(function_, function_.results[i]);
    if (plan_.storage[owner.index] != wanted) report("result {} is not where the caller looks for it", i);
    if (!held_.contains(owner.index)) report("result {} was overwritten", i);
  }
}

void Checker::run() {
  checkShape();
  if (plan_.storage.size() != function_.values.size()) return;
  for (std::size_t i = 0; i < function_.parameters.size(); ++i) {
    const ir::Value parameter = function_.parameters[i];
    if (plan_.storage[parameter.index] != ir::Storage{ir::StorageKind::Argument, static_cast<int>(i), 0})
      report("parameter {} is not in its argument", i);
    held_[parameter.index] = placeOf(parameter);
  }
  for (const ir::NodeId id : function_.body) visit(id);
  checkResults();
}

std::vector<std::string> checkPlans(const ir::Module& module) {
  std::vector<std::string> errors;
  const std::vector<bool> isKernel = ir::kernelBodies(module);
  for (std::size_t i = 0; i < module.functions.size(); ++i) {
    const ir::Function& function = module.functions[i];
    if (isKernel[i]) continue;
    if (function.plan.has_value())
      Checker(module, function, errors).run();
    else
      errors.push_back("@" + function.name + ": no memory plan");
  }
  return errors;
}

}  // namespace nnc::passes
