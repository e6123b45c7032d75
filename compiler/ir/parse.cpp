// The parser of IR text. Functions are read one after the other with the types that the text states; once all are
// known, each node is held against its shape rule, so that functions may stand in any order.
#include <fmt/format.h>

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ir/attribute_fields.h"
#include "ir/parse_attributes.h"
#include "ir/print.h"
#include "ir/text_reader.h"
#include "ir/verify.h"

namespace nnc::ir {

namespace {

using text::Token;
using text::TokenKind;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

/// The smallest and the largest value of an integer dtype.
std::pair<std::int64_t, std::int64_t> rangeOf(DType dtype) {
  switch (dtype) {
    case DType::I8:
      return {-128, 127};
    case DType::U8:
      return {0, 255};
    case DType::I32:
      return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    case DType::Bool:
      return {0, 1};
    case DType::I64:
    case DType::F32:
    case DType::F64:
    case DType::BF16:
      break;
  }
  return {std::numeric_limits<std::int64_t>::min(), kMost};
}

/// Byte offset of a line and column of a file; empty when there is no such place.
std::optional<std::uint32_t> offsetOf(const SourceManager& sources, FileId file, std::int64_t line,
                                      std::int64_t column) {
  const std::string_view text = sources.text(file), row = sources.line(file, static_cast<int>(line));
  if (row.data() == nullptr) return std::nullopt;
  std::size_t at = 0;
  for (std::int64_t i = 1; i < column; ++i) {
    if (at >= row.size()) return std::nullopt;
    ++at;
    while (at < row.size() && (static_cast<unsigned char>(row[at]) & 0xC0) == 0x80) ++at;
  }
  return static_cast<std::uint32_t>(static_cast<std::size_t>(row.data() - text.data()) + at);
}

class Parser {
 public:
  Parser(FileId file, const SourceManager& sources, Diagnostics& diagnostics)
      : file_(file), sources_(sources), in_(file, sources, diagnostics) {}

  std::optional<Module> run() {
    if (!in_.tokenize() || !declareFunctions()) return std::nullopt;
    for (std::size_t i = 0; in_.peek().kind != TokenKind::End; ++i)
      if (!readFunction(i)) return std::nullopt;
    for (std::size_t i = 0; i < module_.functions.size(); ++i)
      if (!checkFunction(i)) return std::nullopt;
    const std::vector<std::string> problems = verify(module_);
    if (problems.empty()) return std::move(module_);
    in_.fail({file_, 0, 0}, problems[0]);
    return std::nullopt;
  }

 private:
  /// Gives every function its id, in the order of the text.
  bool declareFunctions() {
    const std::size_t start = in_.position();
    for (; in_.peek().kind != TokenKind::End; in_.advance()) {
      if (!in_.isWord("func") || in_.peek(1).kind != TokenKind::Function) continue;
      in_.advance();
      const Span where = in_.span(in_.peek());
      const std::size_t at = in_.position();
      const std::optional<std::string> name = in_.readFunctionName();
      if (!name) return false;
      if (!functions_.emplace(*name, module_.addFunction(*name)).second)
        return in_.fail(where, fmt::format("there are two functions `@{}`", *name));
      in_.seek(at);
    }
    in_.seek(start);
    places_.resize(module_.functions.size());
    return true;
  }

  Function& function() { return module_.functions[current_]; }

  bool readFunction(std::size_t index) {
    current_ = index;
    values_.clear();
    if (!in_.expectWord("func")) return false;
    if (!in_.readFunctionName() || !in_.expect("(")) return false;
    if (!in_.accept(")")) {
      do {
        if (!readParameter()) return false;
      } while (in_.accept(","));
      if (!in_.expect(")")) return false;
    }
    std::vector<std::pair<Type, Span>> results;
    if (!in_.expect("->") || !in_.expect("(")) return false;
    if (!in_.accept(")")) {
      do {
        if (!readSignatureResult(results)) return false;
      } while (in_.accept(","));
      if (!in_.expect(")")) return false;
    }
    if (!readArena() || !in_.expect("{")) return false;
    while (!in_.isWord("return"))
      if (!readNode()) return false;
    return readReturn(results) && in_.expect("}");
  }

  bool defineValue(const Token& name, Type type, NodeId definition, int resultIndex) {
    const Value value(function().values.size());
    if (!values_.emplace(in_.text(name), value).second)
      return in_.fail(in_.span(name), fmt::format("`{}` is defined twice", in_.text(name)));
    function().values.push_back({std::move(type), definition, resultIndex});
    return true;
  }
  std::optional<Value> readValue() {
    const Token token = in_.peek();
    if (token.kind != TokenKind::Value) {
      in_.unexpected("a value");
      return std::nullopt;
    }
    const auto at = values_.find(in_.text(token));
    if (at == values_.end()) {
      in_.fail(in_.span(token), fmt::format("`{}` is not defined before this use", in_.text(token)));
      return std::nullopt;
    }
    in_.advance();
    return at->second;
  }

  bool readParameter() {
    const Token name = in_.peek();
    if (name.kind != TokenKind::Value) return in_.unexpected("a parameter");
    in_.advance();
    if (!in_.expect(":")) return false;
    std::optional<Type> type = in_.readType();
    if (!type || !readOptionalName(function().parameterNames)) return false;
    const auto index = static_cast<int>(function().parameters.size());
    const Value value(function().values.size());
    if (!defineValue(name, std::move(*type), NodeId(), index)) return false;
    function().parameters.push_back(value);
    parameterStorage_.resize(static_cast<std::size_t>(index));  // that of earlier functions goes
    Storage storage{StorageKind::Argument, index, 0};
    if (in_.isWord("at")) {
      planned_ = in_.span(in_.peek());
      in_.advance();
      if (!readStorage(storage)) return false;
    }
    parameterStorage_.push_back(storage);
    return true;
  }

  bool readOptionalName(std::vector<std::string>& names) {
    names.emplace_back();
    if (in_.peek().kind != TokenKind::String) return true;
    std::optional<std::string> name = in_.readString();
    if (name) names.back() = std::move(*name);
    return name.has_value();
  }

  bool readSignatureResult(std::vector<std::pair<Type, Span>>& results) {
    const std::size_t from = in_.position();
    std::optional<Type> type = in_.readType();
    if (!type || !readOptionalName(function().resultNames)) return false;
    if (in_.acceptWord("alias")) {
      const std::optional<Value> value = readValue();
      if (!value) return false;
      // Only parameters are defined so far, in order.
      function().aliases.push_back({static_cast<int>(results.size()), value->index});
    }
    results.emplace_back(std::move(*type), in_.spanSince(from));
    return true;
  }

  bool readArena() {
    const std::size_t parameters = function().parameters.size();
    parameterStorage_.resize(parameters);
    const std::optional<Span> planned = std::exchange(planned_, std::nullopt);
    if (!in_.acceptWord("arena"))
      return !planned || in_.fail(*planned, "a place in memory in a function without `arena`");
    const std::optional<std::int64_t> bytes = in_.readInteger(0, kMost);
    if (!bytes) return false;
    function().plan.emplace();
    function().plan->arenaBytes = *bytes;
    function().plan->storage = parameterStorage_;
    return true;
  }

  bool readReturn(const std::vector<std::pair<Type, Span>>& results) {
    const std::size_t from = in_.position();
    in_.advance();
    if (!in_.isSymbol("}")) {
      do {
        const std::size_t at = in_.position();
        const std::optional<Value> value = readValue();
        if (!value) return false;
        const std::size_t i = function().results.size();
        if (i < results.size() && function().type(*value) != results[i].first)
          return in_.fail(in_.spanSince(at),
                          fmt::format("result {} is {} and the signature says {}", i, toString(function().type(*value)),
                                      toString(results[i].first)));
        function().results.push_back(*value);
      } while (in_.accept(","));
    }
    if (function().results.size() == results.size()) return true;
    return in_.fail(in_.spanSince(from), fmt::format("{} values are returned and the signature says {}",
                                                     function().results.size(), results.size()));
  }

  bool readNode() {
    const std::size_t from = in_.position();
    std::vector<Token> names;
    if (in_.peek().kind == TokenKind::Value) {
      do {
        if (in_.peek().kind != TokenKind::Value) return in_.unexpected("a value");
        names.push_back(in_.peek());
        in_.advance();
      } while (in_.accept(","));
      if (!in_.expect("=")) return false;
    }
    const Token opToken = in_.peek();
    const std::optional<Op> op = opToken.kind == TokenKind::Word ? findOp(in_.text(opToken)) : std::nullopt;
    if (!op) return in_.unexpected("an op");
    in_.advance();
    Node node;
    node.op = *op;
    node.attributes = text::emptyAttributes(*op);
    const std::size_t elements = in_.position();
    if (*op == Op::Const && !skipElements()) return false;
    if (!readOperands(node.operands)) return false;
    if (!text::readAttributes(in_, functions_, *op, in_.span(opToken), node.attributes)) return false;
    std::vector<Type> types;
    if (!in_.expect(":") || !readResultTypes(types)) return false;
    if (types.size() != names.size())
      return in_.fail(in_.spanSince(from),
                      fmt::format("{} results are named and {} types are given", names.size(), types.size()));
    if (!types.empty()) text::takeFromResult(node.attributes, types[0]);
    if (auto* constant = std::get_if<ConstAttributes>(&node.attributes); constant && !readElements(elements, *constant))
      return false;
    const Span statement = in_.spanSince(from);
    return defineResults(node, names, std::move(types)) && readTail(node, statement) &&
           append(std::move(node), statement);
  }

  bool readOperands(std::vector<Value>& operands) {
    if (!in_.accept("(") || in_.accept(")")) return true;
    do {
      const std::optional<Value> value = readValue();
      if (!value) return false;
      operands.push_back(*value);
    } while (in_.accept(","));
    return in_.expect(")");
  }

  bool readResultTypes(std::vector<Type>& types) {
    if (in_.accept("(")) return in_.expect(")");
    do {
      std::optional<Type> type = in_.readType();
      if (!type) return false;
      types.push_back(std::move(*type));
    } while (in_.accept(","));
    return true;
  }

  /// Steps over the elements of a const: their dtype comes behind them.
  bool skipElements() {
    if (in_.accept("[")) {
      while (!in_.isSymbol("]")) {
        if (in_.peek().kind == TokenKind::End || in_.isSymbol(":")) return in_.unexpected("`]`");
        in_.advance();
      }
      in_.advance();
      return true;
    }
    if (in_.isSymbol(":") || in_.peek().kind == TokenKind::End) return in_.unexpected("the elements");
    in_.advance();
    if (!in_.accept("(")) return true;  // nan(0x7ff...)
    in_.advance();
    return in_.expect(")");
  }

  bool readElement(ConstAttributes& constant) {
    const DType dtype = constant.type.dtype;
    if (isFloat(dtype)) {
      const std::optional<double> value = in_.readReal(dtype);
      if (value) constant.reals.push_back(*value);
      return value.has_value();
    }
    if (dtype == DType::Bool) {
      const bool isTrue = in_.isWord("true");
      if (!isTrue && !in_.isWord("false")) return in_.unexpected("true or false");
      in_.advance();
      constant.integers.push_back(isTrue ? 1 : 0);
      return true;
    }
    const auto [least, most] = rangeOf(dtype);
    const std::optional<std::int64_t> value = in_.readInteger(least, most);
    if (value) constant.integers.push_back(*value);
    return value.has_value();
  }

  bool readElements(std::size_t from, ConstAttributes& constant) {
    const std::size_t after = in_.position();
    in_.seek(from);
    if (in_.accept("[")) {
      while (!in_.isSymbol("]")) {
        if (!readElement(constant)) return false;
        if (!in_.isSymbol("]") && !in_.expect(",")) return false;
      }
    } else {
      constant.isSplat = true;
      if (!readElement(constant)) return false;
    }
    in_.seek(after);
    return true;
  }

  bool defineResults(Node& node, const std::vector<Token>& names, std::vector<Type> types) {
    const NodeId id(function().nodes.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      node.results.push_back(Value(function().values.size()));
      if (!defineValue(names[i], std::move(types[i]), id, static_cast<int>(i))) return false;
    }
    return true;
  }

  /// What may follow the types: storage, path, place.
  bool readTail(Node& node, Span statement) {
    if (!readNodeStorage(node)) return false;
    if (in_.acceptWord("scope")) {
      const std::optional<std::string> path = in_.readString();
      if (!path) return false;
      const auto [at, isNew] = scopes_.emplace(*path, ScopeId(module_.scopes.size()));
      if (isNew) module_.scopes.push_back(*path);
      node.scope = at->second;
    }
    node.span = statement;
    return !in_.acceptWord("loc") || readLocation(node.span);
  }

  bool readLocation(Span& span) {
    if (!in_.expect("(")) return false;
    const std::optional<std::string> name = in_.readString();
    if (!name) return false;
    std::int64_t numbers[4];
    for (std::int64_t& number : numbers) {
      if (!in_.expect(":")) return false;
      const auto value = in_.readInteger(1, std::numeric_limits<int>::max());
      if (!value) return false;
      number = *value;
    }
    if (!in_.expect(")")) return false;
    const std::optional<FileId> file = sources_.find(*name);
    if (!file) return true;
    const auto begin = offsetOf(sources_, *file, numbers[0], numbers[1]),
               end = offsetOf(sources_, *file, numbers[2], numbers[3]);
    if (begin && end && *begin <= *end) span = {*file, *begin, *end};
    return true;
  }

  bool readNodeStorage(const Node& node) {
    if (!function().plan)
      return !in_.isWord("at") || in_.fail(in_.span(in_.peek()), "a place in memory in a function without `arena`");
    MemoryPlan& plan = *function().plan;
    for (std::size_t i = 0; i < node.results.size(); ++i) {
      if (!(i == 0 ? in_.expectWord("at") : in_.expect(","))) return false;
      if (!readStorage(plan.storage.emplace_back())) return false;
    }
    if (!in_.acceptWord("scratch")) return true;
    ScanScratch scratch;
    scratch.node = static_cast<std::int32_t>(function().nodes.size());
    const std::optional<std::int64_t> offset = in_.readInteger(0, plan.arenaBytes);
    std::optional<Shape> carries = offset ? in_.readIntegers(0, plan.arenaBytes) : std::nullopt;
    if (!carries) return false;
    scratch.offset = *offset;
    scratch.carryOffsets = std::move(*carries);
    plan.scans.push_back(std::move(scratch));
    return true;
  }

  bool readStorage(Storage& storage) {
    storage = {};
    if (in_.acceptWord("none")) return true;
    if (in_.acceptWord("constant")) {
      const std::optional<Value> value = readValue();
      if (value) storage = {StorageKind::Constant, value->index, 0};
      return value.has_value();
    }
    for (const StorageKind kind : {StorageKind::Argument, StorageKind::Result, StorageKind::Arena}) {
      if (!in_.acceptWord(text::kStorageKinds[static_cast<int>(kind)])) continue;
      const bool isArena = kind == StorageKind::Arena;
      const std::int64_t most =
          isArena && function().plan ? function().plan->arenaBytes : std::numeric_limits<int>::max();
      const std::optional<std::int64_t> number = in_.readInteger(0, most);
      if (number) storage = {kind, isArena ? 0 : static_cast<int>(*number), isArena ? *number : 0};
      return number.has_value();
    }
    return in_.unexpected(fmt::format("one of {}", fmt::join(text::kStorageKinds, ", ")));
  }

  bool append(Node node, Span statement) {
    const NodeId id(function().nodes.size());
    function().nodes.push_back(std::move(node));
    function().body.push_back(id);
    places_[current_].push_back(statement);
    return true;
  }

  /// Holds the stated types of every node against its rule.
  bool checkFunction(std::size_t index) {
    const Function& f = module_.functions[index];
    for (std::size_t i = 0; i < f.nodes.size(); ++i) {
      const Node& node = f.nodes[i];
      const std::string_view name = opInfo(node.op).name;
      std::vector<Type> operands;
      for (const Value operand : node.operands) operands.push_back(f.type(operand));
      const InferredTypes inferred = inferTypes(module_, node.op, operands, node.attributes);
      if (!inferred.error.empty()) return in_.fail(places_[index][i], fmt::format("`{}`: {}", name, inferred.error));
      if (inferred.types.size() != node.results.size())
        return in_.fail(places_[index][i],
                        fmt::format("`{}` has {} results, not {}", name, inferred.types.size(), node.results.size()));
      for (std::size_t k = 0; k < node.results.size(); ++k)
        if (inferred.types[k] != f.type(node.results[k]))
          return in_.fail(places_[index][i], fmt::format("`{}` gives {}, not {}", name, toString(inferred.types[k]),
                                                         toString(f.type(node.results[k]))));
    }
    return true;
  }

  FileId file_;
  const SourceManager& sources_;
  text::Reader in_;
  Module module_;
  text::FunctionIds functions_;
  std::unordered_map<std::string, ScopeId> scopes_;
  std::vector<std::vector<Span>> places_;  // of each node of each function

  // Of the function that is being read.
  std::size_t current_ = 0;
  std::unordered_map<std::string_view, Value> values_;
  std::vector<Storage> parameterStorage_;
  std::optional<Span> planned_;  // the first `at` of its parameters
};

}  // namespace

std::optional<Module> parse(FileId file, const SourceManager& sources, Diagnostics& diagnostics) {
  return Parser(file, sources, diagnostics).run();
}

}  // namespace nnc::ir
