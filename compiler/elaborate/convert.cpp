#include "elaborate/convert.h"

#include <algorithm>
#include <map>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/dims.h"
#include "elaborate/tensor_ops.h"
#include "support/suggest.h"

namespace nnc::elaborate {

using syntax::TypeExpr;

std::optional<bool> staticCondition(Elaborator& elaborator, const syntax::Expr& expr, Scope& scope,
                                    std::string_view keyword) {
  const std::optional<Value> value = elaborator.evaluate(expr, scope);
  if (!value) return std::nullopt;
  if (const bool* condition = std::get_if<bool>(&*value)) return *condition;
  if (const Traced* tensor = asTraced(*value)) {
    auto report =
        elaborator.error<diag::TracedCondition>(expr.span, keyword, elaborator.text(expr.span), describe(tensor));
    report.help(fmt::format("use select({}, a, b); both sides are computed", elaborator.text(expr.span)));
    return std::nullopt;
  }
  elaborator.error<diag::WrongKind>(expr.span, fmt::format("`{}`", keyword), "a bool", describe(*value));
  return std::nullopt;
}

bool isDataType(const TypeExpr& type) {
  if (tensorDType(type)) return true;
  if (const auto* named = std::get_if<syntax::NamedType>(&type.node)) return named->name.text == "key";
  if (const auto* record = std::get_if<syntax::RecordType>(&type.node))
    return !record->fields.empty() && isDataType(*record->fields[0].type);
  return false;
}

namespace {
/// One conversion: what it starts from and who is asking.
class Converter {
 public:
  Converter(Elaborator& elaborator, const Value& value, const TypeExpr& type, Scope& scope, Span where,
            std::string_view what)
      : elaborator_(elaborator), value_(value), type_(type), scope_(scope), where_(where), what_(what) {}

  std::optional<Value> convert();

 private:
  std::optional<Value> toNamed(const syntax::NamedType& named);
  std::optional<Value> toTensor();
  std::optional<Value> toEnum(const syntax::EnumType& type);
  std::optional<Value> toRecord(const syntax::RecordType& type);
  std::optional<Value> toCallable(bool layersToo);
  std::optional<Value> toSchedule();
  std::optional<Value> wrong(std::string_view wanted) {
    elaborator_.error<diag::WrongKind>(where_, what_, wanted, describe(value_)).also(type_.span, "declared here");
    return std::nullopt;
  }

  Elaborator& elaborator_;
  const Value& value_;
  const TypeExpr& type_;
  Scope& scope_;
  Span where_;
  std::string_view what_;
};
}  // namespace

std::optional<Value> Converter::toTensor() {
  std::optional<Value> value = value_;
  if (!asTraced(value_)) {
    const bool isNumber =
        asReal(value_) || std::holds_alternative<bool>(value_) || std::holds_alternative<const List*>(value_);
    if (!isNumber) return wrong(fmt::format("a tensor {}", elaborator_.text(type_.span)));
    const ir::DType dtype = *tensorDType(type_);
    const bool fits = std::holds_alternative<bool>(value_)     ? dtype == ir::DType::Bool
                      : std::holds_alternative<double>(value_) ? ir::isFloat(dtype)
                                                               : dtype != ir::DType::Bool;
    if (!fits) return wrong(fmt::format("a tensor {}", elaborator_.text(type_.span)));
    const Traced* tensor = asTensor(elaborator_, value_, dtype, where_);
    if (!tensor) return std::nullopt;
    value = tensor;
  }
  // The name in "parameter `x` of `f`" is what dims are said to come from.
  std::string_view argument;
  if (const std::size_t begin = what_.find('`'); what_.starts_with("parameter") && begin != std::string_view::npos)
    argument = what_.substr(begin + 1, what_.find('`', begin + 1) - begin - 1);
  const Traced* matched = matchType(elaborator_, type_, *asTraced(*value), scope_, {what_, argument, where_});
  if (!matched) return std::nullopt;
  return matched;
}

std::optional<Value> Converter::toCallable(bool layersToo) {
  if (std::holds_alternative<Instance*>(value_)) {
    if (layersToo) return value_;
    return wrong("a fn");
  }
  const auto* callable = std::get_if<const Callable*>(&value_);
  if (!callable) return wrong(layersToo ? "a layer or a fn" : "a fn");
  const DeclaredCallable* declared = (*callable)->declared();
  if (declared && !layersToo && declared->decl->kind != syntax::CallableKind::Fn)
    return wrong("a fn (`layer` takes both)");
  return elaborator_.withDefaults(value_, where_);
}

/// `(..)(t: f32) -> f32`: hyper-parameters, then the step. relu is a function of a tensor, and no schedule.
static bool hasFormOfSchedule(const Callable& callable) {
  const DeclaredCallable* declared = callable.declared();
  if (declared == nullptr) return std::holds_alternative<LambdaCallable>(callable.node);
  if (!declared->decl->second || declared->decl->second->size() != 1) return false;
  const auto* type = std::get_if<syntax::NamedType>(&declared->decl->second->front().type->node);
  return type != nullptr && type->name.text == "f32" && (!type->shape || type->shape->empty());
}

std::optional<Value> Converter::toSchedule() {
  const std::optional<double> real = asReal(value_);
  if (!real && !asCallable(value_)) return wrong("a real or a schedule");
  if (!real && !hasFormOfSchedule(*asCallable(value_)))
    return wrong("a real or a schedule (a fn of two lists, `fn name(v: real)(t: f32) -> f32`)");
  if (!real) return toCallable(/*layersToo=*/false);
  const std::optional<Value> constant = elaborator_.preludeValue("constant", where_);
  if (!constant) return std::nullopt;
  return elaborator_.call(*constant, {{"v", *real, where_}}, {where_, "constant"});
}

std::optional<Value> Converter::toEnum(const syntax::EnumType& type) {
  std::vector<std::string> names;
  for (const syntax::Ident& name : type.values) names.push_back(name.text);
  const auto* symbol = std::get_if<Symbol>(&value_);
  if (symbol && std::find(names.begin(), names.end(), symbol->name) != names.end()) return value_;
  std::string wanted;
  for (const std::string& name : names) wanted += (wanted.empty() ? "one of ." : " .") + name;
  auto report = elaborator_.error<diag::WrongKind>(where_, what_, wanted, describe(value_));
  if (const auto closest = symbol ? closestName(symbol->name, names) : std::nullopt)
    report.help(fmt::format("did you mean `.{}`?", *closest));
  return std::nullopt;
}

std::optional<Value> Converter::toRecord(const syntax::RecordType& type) {
  const auto* record = std::get_if<const Record*>(&value_);
  if (!record) return wrong("a record " + std::string(elaborator_.text(type_.span)));
  Record converted;
  for (const syntax::ParamDecl& field : type.fields) {
    const Value* given = (*record)->find(field.name.text);
    if (!given) {
      elaborator_.error<diag::UnknownField>(where_, describe(value_), field.name.text)
          .also(field.span, "declared here");
      return std::nullopt;
    }
    const std::optional<Value> value = elaborator_.convert(*given, *field.type, scope_, where_, what_);
    if (!value) return std::nullopt;
    converted.fields.emplace_back(field.name.text, *value);
  }
  if ((*record)->fields.size() != type.fields.size())
    return wrong("exactly the fields " + std::string(elaborator_.text(type_.span)));
  return static_cast<const Record*>(elaborator_.arena().make(std::move(converted)));
}

std::optional<Value> Converter::toNamed(const syntax::NamedType& named) {
  if (tensorDType(type_)) return toTensor();
  const std::string& name = named.name.text;
  const auto* integer = std::get_if<std::int64_t>(&value_);
  if (name == "int") return integer ? std::optional(value_) : wrong("an int");
  if (name == "dim") return integer && *integer >= 0 ? std::optional(value_) : wrong("an int >= 0");
  if (name == "bool") return std::holds_alternative<bool>(value_) ? std::optional(value_) : wrong("a bool");
  if (name == "str") return std::holds_alternative<Text>(value_) ? std::optional(value_) : wrong("a text");
  if (name == "list") return std::holds_alternative<const List*>(value_) ? std::optional(value_) : wrong("a list");
  if (name == "dims") return asDims(value_) ? std::optional(value_) : wrong("a list of ints >= 0");
  if (name == "key") return std::holds_alternative<RandomKey*>(value_) ? std::optional(value_) : wrong("a random key");
  if (name == "schedule") return toSchedule();
  if (name == "real") {
    if (const std::optional<double> real = asReal(value_)) return *real;
    return wrong("a real");
  }
  if (name == "init") return asReal(value_) ? std::optional(value_) : toCallable(/*layersToo=*/false);
  auto report = elaborator_.error<diag::UnknownType>(named.name.span, name);
  if (const auto closest = closestType(name)) report.help(fmt::format("did you mean `{}`?", *closest));
  return std::nullopt;
}

std::optional<Value> Converter::convert() {
  if (const auto* named = std::get_if<syntax::NamedType>(&type_.node)) return toNamed(*named);
  if (std::holds_alternative<syntax::FnType>(type_.node)) return toCallable(/*layersToo=*/false);
  if (std::holds_alternative<syntax::LayerType>(type_.node)) return toCallable(/*layersToo=*/true);
  if (const auto* type = std::get_if<syntax::EnumType>(&type_.node)) return toEnum(*type);
  return toRecord(std::get<syntax::RecordType>(type_.node));
}

std::optional<Value> Elaborator::convert(const Value& value, const TypeExpr& type, Scope& scope, Span where,
                                         std::string_view what) {
  return Converter(*this, value, type, scope, where, what).convert();
}

std::optional<Value> Elaborator::evaluateAs(const syntax::Expr& expr, const TypeExpr& type, Scope& scope) {
  const std::optional<Value> value = evaluate(expr, scope);
  if (!value) return std::nullopt;
  return convert(*value, type, scope, expr.span, fmt::format("`{}`", text(type.span)));
}

static const std::vector<std::string>& typeNames() {
  static const std::vector<std::string> names = {"int",  "real",     "bool", "str", "dim",   "dims", "list",
                                                 "init", "schedule", "key",  "fn",  "layer", "enum", "f32",
                                                 "f64",  "bf16",     "i8",   "u8",  "i32",   "i64"};
  return names;
}

bool isTypeName(std::string_view name) {
  return std::find(typeNames().begin(), typeNames().end(), name) != typeNames().end() || ir::parseDType(name);
}

std::optional<std::string> closestType(const std::string& name) {
  // As other languages call them.
  static const std::map<std::string, std::string, std::less<>> kForeign = {
      {"float", "f32"}, {"float32", "f32"},  {"double", "f64"}, {"float64", "f64"}, {"int32", "i32"},
      {"int64", "i64"}, {"uint8", "u8"},     {"int8", "i8"},    {"byte", "u8"},     {"long", "i64"},
      {"half", "bf16"}, {"boolean", "bool"}, {"string", "str"}};
  if (const auto found = kForeign.find(name); found != kForeign.end()) return found->second;
  return closestName(name, typeNames());
}

}  // namespace nnc::elaborate
