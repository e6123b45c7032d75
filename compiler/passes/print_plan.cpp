#include "passes/print_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "passes/plan_arena.h"
#include "passes/value_memory.h"

namespace nnc::passes {

namespace {

/// One value that owns memory.
struct Line {
  int number = 0;  // as printed
  ir::Value value;
  int begin = -1, end = -1;  // -1: before the first node, or never read
};

}  // namespace

static std::string storageName(const ir::Storage& storage) {
  switch (storage.kind) {
    case ir::StorageKind::None:
      return "none";
    case ir::StorageKind::Argument:
      return fmt::format("argument {}", storage.index);
    case ir::StorageKind::Result:
      return fmt::format("result {}", storage.index);
    case ir::StorageKind::Arena:
      return fmt::format("arena +{}", storage.offset);
    case ir::StorageKind::Constant:
      return "constant";
  }
  return "";
}

static std::vector<Line> linesOf(const ir::Function& function) {
  std::vector<Line> lines;
  std::vector<int> lineOf(function.values.size(), -1);
  int number = 0;
  const auto add = [&](ir::Value value, int begin) {
    if (viewedValue(function, value) == value) {
      lineOf[value.index] = static_cast<int>(lines.size());
      lines.push_back({number, value, begin, begin});
    }
    ++number;
  };
  for (const ir::Value parameter : function.parameters) add(parameter, -1);
  for (std::size_t i = 0; i < function.body.size(); ++i) {
    const ir::Node& node = function.node(function.body[i]);
    for (const ir::Value result : node.results) add(result, static_cast<int>(i));
    if (isFreeView(node.op)) continue;
    for (const ir::Value operand : node.operands)
      lines[lineOf[viewedValue(function, operand).index]].end = static_cast<int>(i);
  }
  for (const ir::Value result : function.results)
    lines[lineOf[viewedValue(function, result).index]].end = static_cast<int>(function.body.size());
  return lines;
}

/// Values that share a place in turn count once.
static std::int64_t peakBytes(const ir::Function& function, const std::vector<Line>& lines) {
  std::map<std::int64_t, std::vector<ArenaBuffer>> byOffset;
  for (const Line& line : lines) {
    const ir::Storage& storage = function.plan->storage[line.value.index];
    if (storage.kind != ir::StorageKind::Arena) continue;
    std::vector<ArenaBuffer>& buffers = byOffset[storage.offset];
    const std::int64_t bytes = function.type(line.value).byteCount();
    // An update in place begins where the value that it replaces ends.
    if (!buffers.empty() && buffers.back().end == line.begin && buffers.back().bytes == bytes)
      buffers.back().end = line.end;
    else
      buffers.push_back({bytes, line.begin, line.end, storage.offset});
  }
  std::vector<ArenaBuffer> all;
  for (const auto& [offset, buffers] : byOffset) all.insert(all.end(), buffers.begin(), buffers.end());
  return peakOfBuffers(all);
}

static std::string origin(const ir::Module& module, const ir::Function& function, ir::Value value) {
  const ir::Node* node = function.definition(value);
  if (node == nullptr) return function.parameterNames[function.values[value.index].resultIndex];
  const auto* call = std::get_if<ir::CallAttributes>(&node->attributes);
  std::string text(call != nullptr ? std::string_view(call->name) : ir::opInfo(node->op).name);
  if (node->scope.isValid()) text += "  " + module.scopes[node->scope.index];
  return text;
}

static std::string printPlan(const ir::Module& module, const ir::Function& function) {
  const std::vector<Line> lines = linesOf(function);
  std::string text = fmt::format("plan of @{}: arena {} bytes, at most {} live, {} nodes\n", function.name,
                                 function.plan->arenaBytes, peakBytes(function, lines), function.body.size());
  text += fmt::format("{:>7}  {:<14}  {:>12}  {:>5}  {:>5}  {:<20}  {}\n", "value", "storage", "bytes", "from", "to",
                      "type", "origin");
  for (const Line& line : lines) {
    const std::string begin = line.begin < 0 ? "-" : std::to_string(line.begin);
    const std::string end = line.end < 0                                         ? "-"
                            : line.end == static_cast<int>(function.body.size()) ? "end"
                                                                                 : std::to_string(line.end);
    text += fmt::format("{:>7}  {:<14}  {:>12}  {:>5}  {:>5}  {:<20}  {}\n", fmt::format("%{}", line.number),
                        storageName(function.plan->storage[line.value.index]), function.type(line.value).byteCount(),
                        begin, end, ir::toString(function.type(line.value)), origin(module, function, line.value));
  }
  for (const ir::ScanScratch& scan : function.plan->scans)
    text += fmt::format("scratch of the scan @{}: arena +{}, carries at {}\n",
                        module.function(std::get<ir::ScanAttributes>(function.nodes[scan.node].attributes).body).name,
                        scan.offset, fmt::join(scan.carryOffsets, ", "));
  return text;
}

std::string printPlans(const ir::Module& module) {
  std::string text;
  for (const ir::Function& function : module.functions) {
    if (!function.plan.has_value() || function.body.empty()) continue;
    if (!text.empty()) text += '\n';
    text += printPlan(module, function);
  }
  return text;
}

}  // namespace nnc::passes
