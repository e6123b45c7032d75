#include "ir/print.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "ir/attribute_fields.h"
#include "ir/call_graph.h"
#include "ir/numbers.h"
#include "ir/value_numbers.h"

namespace nnc::ir {

namespace {

bool isPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + '"';
}

/// As many digits as tell the number apart from its neighbours in `dtype`; a NaN with its bits unless it is the usual
/// one.
std::string realText(double value, DType dtype) {
  if (std::isnan(value)) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const bool isUsual = bits == std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN());
    return isUsual ? "nan" : fmt::format("nan({:#x})", bits);
  }
  const auto narrow = static_cast<float>(value);
  if (dtype != DType::F64 && static_cast<double>(narrow) == value) return fmt::format("{}", narrow);
  return fmt::format("{}", value);
}

/// Prints one module. Never trusts it: broken modules are printed too, to see what is wrong with them.
class Printer {
 public:
  Printer(const Module& module, const PrintOptions& options) : module_(module), options_(options) {}
  /// Prints what code depends on: functions are `ordinals` (by function index), numbers of the table are `#`.
  Printer(const Module& module, const PrintOptions& options, const std::vector<int>& ordinals)
      : module_(module), options_(options), ordinals_(&ordinals) {}

  void printFunction(const Function& f) {
    function_ = &f;
    numbers_.emplace(f);
    write("func {}(", isCode() ? "" : functionName(f.name));
    for (std::size_t i = 0; i < f.parameters.size(); ++i) {
      write("{}{}: {}", i > 0 ? ", " : "", valueName(f.parameters[i]), typeText(f.parameters[i]));
      printName(f.parameterNames, i);
      const Storage usual{StorageKind::Argument, static_cast<int>(i), 0};
      if (f.plan && storageOf(f.parameters[i]) != usual) write(" at {}", storageText(f.parameters[i]));
    }
    write(") -> (");
    for (std::size_t i = 0; i < f.results.size(); ++i) printSignatureResult(i);
    write(")");
    if (f.plan) write(" arena {}", f.plan->arenaBytes);
    write(" {{\n");
    for (const NodeId id : f.body) printNode(id);
    write("  return");
    for (std::size_t i = 0; i < f.results.size(); ++i) write("{}{}", i > 0 ? ", " : " ", valueName(f.results[i]));
    write("\n}}\n");
  }

  void blankLine() { write("\n"); }
  std::string take() { return fmt::to_string(out_); }

 private:
  template <typename... Arguments>
  void write(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Arguments>(arguments)...);
  }

  bool isCode() const { return ordinals_ != nullptr; }

  bool isValue(Value value) const {
    return value.index >= 0 && value.index < static_cast<int>(function_->values.size());
  }

  bool isNode(NodeId id) const { return id.index >= 0 && id.index < static_cast<int>(function_->nodes.size()); }

  std::string valueName(Value value) const { return numbers_->name(value); }
  std::string typeText(Value value) const { return isValue(value) ? toString(function_->type(value)) : "?"; }

  static std::string functionName(const std::string& name) {
    for (const char c : name)
      if (!isPlain(c)) return "@" + quoted(name);
    return name.empty() ? "@\"\"" : "@" + name;
  }
  std::string functionName(FunctionId id) const {
    const bool exists = id.index >= 0 && id.index < static_cast<int>(module_.functions.size());
    if (isCode() && exists) return fmt::format("@{}", (*ordinals_)[id.index]);
    return exists ? functionName(module_.function(id).name) : fmt::format("@undefined{}", id.index);
  }

  void printName(const std::vector<std::string>& names, std::size_t i) {
    if (!isCode() && i < names.size() && !names[i].empty()) write(" {}", quoted(names[i]));
  }

  void printSignatureResult(std::size_t i) {
    const Function& f = *function_;
    write("{}{}", i > 0 ? ", " : "", typeText(f.results[i]));
    printName(f.resultNames, i);
    for (const Alias alias : f.aliases) {
      if (alias.result != static_cast<int>(i)) continue;
      const bool exists = alias.parameter >= 0 && alias.parameter < static_cast<int>(f.parameters.size());
      write(" alias {}", valueName(exists ? f.parameters[alias.parameter] : Value()));
    }
  }

  void printNode(NodeId id) {
    if (!isNode(id)) return write("  // no node {}\n", id.index);
    const Node& node = function_->node(id);
    write("  ");
    for (std::size_t i = 0; i < node.results.size(); ++i) write("{}{}", i > 0 ? ", " : "", valueName(node.results[i]));
    write("{}{}", node.results.empty() ? "" : " = ", opInfo(node.op).name);
    if (isCode() && holdsNumber(node))
      write(" #");
    else if (const auto* constant = std::get_if<ConstAttributes>(&node.attributes))
      printElements(*constant);
    if (node.op != Op::Const && opInfo(node.op).maxOperands != 0) printOperands(node);
    printAttributes(node);
    write(" : ");
    for (std::size_t i = 0; i < node.results.size(); ++i) write("{}{}", i > 0 ? ", " : "", typeText(node.results[i]));
    if (node.results.empty()) write("()");
    if (function_->plan) printStorage(id, node);
    if (options_.scopes && node.scope.isValid() && node.scope.index < static_cast<int>(module_.scopes.size()))
      write("  scope {}", quoted(module_.scopes[node.scope.index]));
    if (options_.locations && options_.sources != nullptr && node.span) printLocation(node.span);
    write("\n");
  }

  void printOperands(const Node& node) {
    write("(");
    for (std::size_t i = 0; i < node.operands.size(); ++i)
      write("{}{}", i > 0 ? ", " : "", valueName(node.operands[i]));
    write(")");
  }

  void printElement(const ConstAttributes& constant, std::size_t i) {
    if (isFloat(constant.type.dtype)) return write("{}", realText(constant.reals[i], constant.type.dtype));
    const std::int64_t value = constant.integers[i];
    if (constant.type.dtype == DType::Bool && (value == 0 || value == 1)) return write("{}", value == 1);
    write("{}", value);
  }
  void printElements(const ConstAttributes& constant) {
    const std::size_t count = isFloat(constant.type.dtype) ? constant.reals.size() : constant.integers.size();
    write(" ");
    if (constant.isSplat && count == 1) return printElement(constant, 0);
    write("[");
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) write(", ");
      printElement(constant, i);
    }
    write("]");
  }

  void printAttributes(const Node& node) {
    Attributes attributes = std::holds_alternative<ConstAttributes>(node.attributes) ? NoAttributes{} : node.attributes;
    bool isFirst = true;
    const auto printField = [&](const char* name, const auto& field, text::Presence presence) {
      if (presence == text::Presence::UnlessDefault && isDefault(field)) return;
      if (presence == text::Presence::NotInCode && isCode()) return;
      write("{}{} = {}", isFirst ? " {" : ", ", name, fieldText(field));
      isFirst = false;
    };
    std::visit([&](auto& a) { text::eachField(a, printField); }, attributes);
    if (!isFirst) write("}}");
  }

  template <typename T>
  static bool isDefault(const T& field) {
    return field == T{};
  }

  static std::string fieldText(int value) { return fmt::format("{}", value); }
  static std::string fieldText(std::int64_t value) { return fmt::format("{}", value); }
  static std::string fieldText(std::uint64_t value) { return fmt::format("{:#x}", value); }
  static std::string fieldText(double value) { return realText(value, DType::F64); }
  static std::string fieldText(bool value) { return value ? "true" : "false"; }
  static std::string fieldText(const std::string& value) { return quoted(value); }
  static std::string fieldText(const Shape& value) { return toString(value); }
  static std::string fieldText(const std::vector<int>& value) { return fmt::format("[{}]", fmt::join(value, ", ")); }
  static std::string fieldText(Predicate value) { return text::kPredicates[static_cast<int>(value)]; }
  static std::string fieldText(ScatterMode value) { return text::kScatterModes[static_cast<int>(value)]; }
  static std::string fieldText(CallKind value) { return text::kCallKinds[static_cast<int>(value)]; }
  std::string fieldText(FunctionId value) const { return functionName(value); }
  std::string fieldText(const std::optional<FunctionId>& value) const { return value ? functionName(*value) : ""; }
  static std::string fieldText(const std::vector<WindowDim>& dims) {
    std::vector<std::string> parts;
    for (const WindowDim& dim : dims)
      parts.push_back(
          fmt::format("axis {} size {} stride {} dilation {}", dim.axis, dim.size, dim.stride, dim.dilation));
    return fmt::format("[{}]", fmt::join(parts, ", "));
  }

  Storage storageOf(Value value) const {
    const std::vector<Storage>& storage = function_->plan->storage;
    return isValue(value) && value.index < static_cast<int>(storage.size()) ? storage[value.index] : Storage{};
  }
  std::string storageText(Value value) const {
    const Storage storage = storageOf(value);
    const char* kind = text::kStorageKinds[static_cast<int>(storage.kind)];
    switch (storage.kind) {
      case StorageKind::None:
        return kind;
      case StorageKind::Argument:
      case StorageKind::Result:
        return fmt::format("{} {}", kind, storage.index);
      case StorageKind::Arena:
        return fmt::format("{} {}", kind, storage.offset);
      case StorageKind::Constant: {
        Value definer;
        definer.index = storage.index;
        return fmt::format("{} {}", kind, valueName(definer));
      }
    }
    return kind;
  }
  void printStorage(NodeId id, const Node& node) {
    for (std::size_t i = 0; i < node.results.size(); ++i)
      write("{}{}", i > 0 ? ", " : "  at ", storageText(node.results[i]));
    for (const ScanScratch& scratch : function_->plan->scans)
      if (scratch.node == id.index) write(" scratch {} [{}]", scratch.offset, fmt::join(scratch.carryOffsets, ", "));
  }

  void printLocation(Span span) {
    const Place begin = options_.sources->place(span.file, span.begin),
                end = options_.sources->place(span.file, span.end);
    write("  loc({}:{}:{}:{}:{})", quoted(options_.sources->name(span.file)), begin.line, begin.column, end.line,
          end.column);
  }

  const Module& module_;
  const PrintOptions& options_;
  const std::vector<int>* ordinals_ = nullptr;
  const Function* function_ = nullptr;
  std::optional<text::ValueNumbers> numbers_;  // of `function_`
  fmt::memory_buffer out_;
};

}  // namespace

std::string print(const Module& module, const PrintOptions& options) {
  Printer printer(module, options);
  for (std::size_t i = 0; i < module.functions.size(); ++i) {
    if (i > 0) printer.blankLine();
    printer.printFunction(module.functions[i]);
  }
  return printer.take();
}

std::string print(const Module& module, FunctionId function, const PrintOptions& options) {
  Printer printer(module, options);
  printer.printFunction(module.function(function));
  return printer.take();
}

std::string codeText(const Module& module, const std::vector<FunctionId>& entries) {
  const std::vector<FunctionId> order = reachedFrom(module, entries);
  std::vector<int> ordinals(module.functions.size(), -1);
  for (std::size_t i = 0; i < order.size(); ++i) ordinals[order[i].index] = static_cast<int>(i);
  PrintOptions options;
  options.scopes = false;
  Printer printer(module, options, ordinals);
  for (const FunctionId id : order) printer.printFunction(module.function(id));
  return printer.take();
}

}  // namespace nnc::ir
