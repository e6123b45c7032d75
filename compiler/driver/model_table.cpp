#include "driver/model_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ir/flops.h"

namespace nnc::driver {

namespace {

bool isWithin(std::string_view path, std::string_view scope) {
  return path.starts_with(scope) &&
         (path.size() == scope.size() || path[scope.size()] == '.' || path[scope.size()] == '[');
}

/// `net.h2.block[0].conv2d_2` -> `conv2d`: the callee, without the count of instances and the iteration.
std::string operationOf(std::string_view path) {
  std::string_view last = path.substr(path.rfind('.') + 1);
  last = last.substr(0, last.find('['));
  const std::size_t underscore = last.rfind('_');
  const bool isCounted =
      underscore != std::string_view::npos && underscore + 1 < last.size() &&
      std::all_of(last.begin() + underscore + 1, last.end(), [](char c) { return c >= '0' && c <= '9'; });
  return std::string(isCounted ? last.substr(0, underscore) : last);
}

class Describer {
 public:
  Describer(const elaborate::BatchProgram& forward, const std::vector<elaborate::Slot>& slots)
      : module_(forward.module), function_(forward.module.function(forward.function)), slots_(slots) {}

  ModelTable run(std::int64_t batch) {
    ModelTable table;
    table.batch = batch;
    for (const std::string& path : pathsInOrder()) table.rows.push_back(describeRow(path));
    for (const ModelRow& row : table.rows) table.multiplyAdds += row.multiplyAdds;
    for (const elaborate::Slot& slot : slots_) addSlot(table, slot);
    return table;
  }

 private:
  const std::string& scopeOf(const ir::Node& node) const {
    static const std::string none;
    return node.scope.isValid() ? module_.scopes[node.scope.index] : none;
  }

  static bool isNetwork(std::string_view path) { return isWithin(path, "net"); }

  /// Every instance that holds nodes or parameters, and those around it, as a tree in order of first appearance.
  std::vector<std::string> pathsInOrder() const {
    std::vector<std::string> found;
    const auto add = [&](std::string path) {
      if (!isNetwork(path)) return;
      std::vector<std::string> chain;
      for (; !path.empty(); path = path.substr(0, path.rfind('.') == std::string::npos ? 0 : path.rfind('.')))
        chain.insert(chain.begin(), path);
      for (const std::string& entry : chain)
        if (std::find(found.begin(), found.end(), entry) == found.end()) found.push_back(entry);
    };
    for (const ir::NodeId id : function_.body) add(scopeOf(function_.node(id)));
    for (const elaborate::Slot& slot : slots_)
      if (slot.kind != elaborate::SlotKind::OptimizerState) add(slot.path.substr(0, slot.path.rfind('.')));
    // A binding (`net.h`) is no instance: keep what has nodes or parameters of its own, and the root.
    std::erase_if(found, [&](const std::string& path) { return path != "net" && !hasContent(path); });
    return found;
  }

  bool hasContent(const std::string& path) const {
    for (const ir::NodeId id : function_.body)
      if (scopeOf(function_.node(id)) == path) return true;
    return std::any_of(slots_.begin(), slots_.end(), [&](const elaborate::Slot& slot) {
      return slot.kind != elaborate::SlotKind::OptimizerState && slot.path.substr(0, slot.path.rfind('.')) == path;
    });
  }

  ModelRow describeRow(const std::string& path) const {
    ModelRow row;
    row.path = path;
    row.operation = path == "net" ? "network" : operationOf(path);
    for (const ir::NodeId id : function_.body) {
      const ir::Node& node = function_.node(id);
      if (scopeOf(node) == path) row.multiplyAdds += ir::multiplyAdds(function_, node);
    }
    for (const elaborate::Slot& slot : slots_)
      if (slot.kind == elaborate::SlotKind::Parameter && slot.path.substr(0, slot.path.rfind('.')) == path)
        row.parameters += slot.type.elementCount();
    findShapes(row);
    return row;
  }

  /// Input: the first tensor from outside that is no parameter or state. Output: the last value that leaves.
  void findShapes(ModelRow& row) const {
    std::vector<bool> isInside(function_.nodes.size());
    for (const ir::NodeId id : function_.body) isInside[id.index] = isWithin(scopeOf(function_.node(id)), row.path);
    const auto comesFromOutside = [&](ir::Value value) {
      const ir::NodeId definition = function_.values[value.index].definition;
      if (!definition.isValid()) {
        const auto index = static_cast<std::size_t>(function_.values[value.index].resultIndex);
        return std::none_of(slots_.begin(), slots_.end(),
                            [&](const elaborate::Slot& slot) { return slot.path == function_.parameterNames[index]; });
      }
      return !isInside[definition.index];
    };
    for (const ir::NodeId id : function_.body) {
      const ir::Node& node = function_.node(id);
      for (const ir::Value operand : node.operands) {
        const bool leaves = !isInside[id.index] && function_.values[operand.index].definition.isValid() &&
                            isInside[function_.values[operand.index].definition.index];
        if (leaves) row.output = function_.type(operand).shape;
        const bool enters = isInside[id.index] && comesFromOutside(operand) && function_.type(operand).rank() > 0;
        if (enters && !row.input) row.input = function_.type(operand).shape;
      }
    }
    for (const ir::Value result : function_.results) {
      const ir::NodeId definition = function_.values[result.index].definition;
      if (definition.isValid() && isInside[definition.index]) row.output = function_.type(result).shape;
    }
  }

  static void addSlot(ModelTable& table, const elaborate::Slot& slot) {
    const std::int64_t count = slot.type.elementCount();
    table.parameterBytes += slot.type.byteCount();
    if (slot.kind == elaborate::SlotKind::Parameter) {
      table.parameters += count;
      if (slot.isTrained) table.trained += count;
    } else {
      table.stateElements += count;
    }
  }

  const ir::Module& module_;
  const ir::Function& function_;
  const std::vector<elaborate::Slot>& slots_;
};

/// 1234567 -> 1,234,567
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<std::size_t>(i), 1, ',');
  return digits;
}

std::string shapeText(const std::optional<ir::Shape>& shape) { return shape ? ir::toString(*shape) : "-"; }

}  // namespace

ModelTable describe(const elaborate::BatchProgram& forward, const std::vector<elaborate::Slot>& slots) {
  return Describer(forward, slots).run(forward.batch);
}

std::string renderTable(const ModelTable& table, std::optional<std::int64_t> arenaBytes) {
  std::vector<std::vector<std::string>> cells = {
      {"path", "operation", "input", "output", "parameters", "multiply-adds"}};
  for (const ModelRow& row : table.rows)
    cells.push_back({row.path, row.operation, shapeText(row.input), shapeText(row.output),
                     row.parameters == 0 ? "-" : grouped(row.parameters),
                     row.multiplyAdds == 0 ? "-" : grouped(row.multiplyAdds)});
  std::vector<std::size_t> widths(cells[0].size());
  for (const auto& line : cells)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string text;
  for (const auto& line : cells) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i)
      out += i < 4 ? fmt::format("{:<{}}  ", line[i], widths[i]) : fmt::format("{:>{}}  ", line[i], widths[i]);
    text += out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
  }
  text += fmt::format("\nparameters           {} ({} trained)\n", grouped(table.parameters), grouped(table.trained));
  text += fmt::format("state                {} elements\n", grouped(table.stateElements));
  text += fmt::format("multiply-adds        {} per forward pass of {} examples\n", grouped(table.multiplyAdds),
                      table.batch);
  text += fmt::format("weights and states   {} bytes\n", grouped(table.parameterBytes));
  if (arenaBytes) {
    text += fmt::format("arena                {} bytes\n", grouped(*arenaBytes));
    text += fmt::format("planned peak         {} bytes\n", grouped(*arenaBytes + table.parameterBytes));
  }
  for (const RealParameter& real : table.reals)
    text += fmt::format("{:<20} {}\n", fmt::format("{} = {}", real.name, real.value),
                        real.specialises ? "specialises: other values have code of their own"
                                         : "run time: values nearby run the same code");
  return text;
}

std::string renderTableJson(const ModelTable& table, std::optional<std::int64_t> arenaBytes) {
  nlohmann::ordered_json object;
  object["rows"] = nlohmann::ordered_json::array();
  for (const ModelRow& row : table.rows) {
    nlohmann::ordered_json entry;
    entry["path"] = row.path;
    entry["operation"] = row.operation;
    entry["input"] = row.input ? nlohmann::ordered_json(*row.input) : nullptr;
    entry["output"] = row.output ? nlohmann::ordered_json(*row.output) : nullptr;
    entry["parameters"] = row.parameters;
    entry["multiply_adds"] = row.multiplyAdds;
    object["rows"].push_back(entry);
  }
  object["batch"] = table.batch;
  object["parameters"] = table.parameters;
  object["trained"] = table.trained;
  object["state_elements"] = table.stateElements;
  object["multiply_adds"] = table.multiplyAdds;
  object["slot_bytes"] = table.parameterBytes;
  object["reals"] = nlohmann::ordered_json::array();
  for (const RealParameter& real : table.reals)
    object["reals"].push_back({{"name", real.name}, {"value", real.value}, {"specialises", real.specialises}});
  if (arenaBytes) object["arena_bytes"] = *arenaBytes;
  return object.dump() + "\n";
}

}  // namespace nnc::driver
