#include "elaborate/train.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "diagnostics/kinds/project.h"
#include "elaborate/known_name.h"
#include "elaborate/settings.h"

namespace nnc::elaborate {

using syntax::BlockKind;
using syntax::Setting;

namespace {

/// Reads the settings of one train into a TrainSpec. Each function reports what it refuses.
class TrainReader {
 public:
  TrainReader(Elaborator& elaborator, const Settings& settings, Scope& scope, TrainSpec& spec)
      : elaborator_(elaborator), settings_(settings), scope_(scope), spec_(spec) {}

  bool run() {
    bool isFine = readRole("network", spec_.network);
    isFine &= readData();
    isFine &= readRole("loss", spec_.loss);
    isFine &= readMetrics();
    isFine &= readRole("optimizer", spec_.optimizer);
    isFine &= readNumbers();
    isFine &= readClip();
    isFine &= readFreeze();
    isFine &= readStop();
    isFine &= readTarget();
    isFine &= readCheckpoint();
    isFine &= readPrecision();
    return isFine;
  }

 private:
  bool refuse(const Setting& setting, Span where, const std::string& what) {
    elaborator_.error<diag::SettingValue>(where, setting.name.text, settingTakes(BlockKind::Train, setting.name.text),
                                          what);
    return false;
  }

  template <syntax::CallableKind... Kinds>
  static bool isCallable(const syntax::Decl& decl) {
    const auto* const callable = std::get_if<syntax::CallableDecl>(&decl.node);
    return callable != nullptr && ((callable->kind == Kinds) || ...);
  }
  static bool isData(const syntax::Decl& decl) {
    const auto* const block = std::get_if<syntax::BlockDecl>(&decl.node);
    return block != nullptr && block->kind == BlockKind::Data;
  }
  /// Which declarations the setting of a role takes.
  static bool (*fitsRole(std::string_view name))(const syntax::Decl&) {
    using syntax::CallableKind;
    if (name == "optimizer") return isCallable<CallableKind::Optimizer>;
    if (name == "network") return isCallable<CallableKind::Network, CallableKind::Layer>;
    return isCallable<CallableKind::Fn>;
  }

  bool readRole(std::string_view name, Role& role) {
    const Setting& setting = settings_.get(name);
    if (!isNameKnown(elaborator_, *setting.value, scope_, fitsRole(name))) return false;
    const std::optional<Value> value = elaborator_.evaluate(*setting.value, scope_);
    if (!value) return false;
    const Callable* const callable = asCallable(*value);
    if (callable == nullptr) return refuse(setting, setting.value->span, describe(*value));
    const DeclaredCallable* const declared = callable->declared();
    const bool isOptimizer = declared != nullptr && declared->decl->kind == syntax::CallableKind::Optimizer;
    if (declared != nullptr && isOptimizer != (name == "optimizer"))
      return refuse(setting, setting.value->span, describe(*value));
    role = {nameOf(*setting.value, *callable), *value, setting.value->span};
    return true;
  }

  /// What was written, without arguments: `top_k` of `top_k(5)`.
  static std::string nameOf(const syntax::Expr& expr, const Callable& callable) {
    if (const auto* call = std::get_if<syntax::CallExpr>(&expr.node)) return nameOf(*call->callee, callable);
    if (const auto* paren = std::get_if<syntax::ParenExpr>(&expr.node)) return nameOf(*paren->inner, callable);
    if (const auto* field = std::get_if<syntax::FieldExpr>(&expr.node)) return field->field.text;
    if (const auto* name = std::get_if<syntax::NameExpr>(&expr.node)) return name->name;
    return callable.name();
  }

  bool readData() {
    const syntax::Expr& written = *settings_.get("data").value;
    if (!isNameKnown(elaborator_, written, scope_, isData)) return false;
    std::optional<DataUse> use = readDataUse(elaborator_, written, scope_);
    if (!use) return false;
    spec_.data = *use;
    return true;
  }

  bool readMetrics() {
    const Setting* const setting = settings_.find("metrics");
    if (setting == nullptr) return true;
    const auto* list = std::get_if<syntax::ListExpr>(&setting->value->node);
    if (list == nullptr) return refuse(*setting, setting->value->span, "not in brackets");
    bool isFine = true;
    for (const syntax::ListEntry& entry : list->entries) isFine &= readMetric(*setting, entry);
    return isFine;
  }

  bool readMetric(const Setting& setting, const syntax::ListEntry& entry) {
    if (!isNameKnown(elaborator_, *entry.value, scope_, fitsRole("metrics"))) return false;
    const std::optional<Value> value = elaborator_.evaluate(*entry.value, scope_);
    if (!value) return false;
    const Callable* const callable = asCallable(*value);
    if (callable == nullptr) return refuse(setting, entry.value->span, fmt::format("a list with {}", describe(*value)));
    std::string name = entry.label ? *entry.label : nameOf(*entry.value, *callable);
    const bool isTaken = name == "loss" || std::any_of(spec_.metrics.begin(), spec_.metrics.end(),
                                                       [&](const Role& metric) { return metric.name == name; });
    const auto isNameCharacter = [](char c) {
      return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    if (isTaken || name.empty() || !std::all_of(name.begin(), name.end(), isNameCharacter)) {
      elaborator_
          .error<diag::SettingValue>(
              entry.value->span, setting.name.text, settingTakes(BlockKind::Train, setting.name.text),
              isTaken ? fmt::format("a second result named `{}`", name) : fmt::format("a metric named `{}`", name))
          .help("give it a name of its own in front: `[\"top5\": top_k(5)]`");
      return false;
    }
    spec_.metrics.push_back({std::move(name), *value, entry.value->span});
    return true;
  }

  /// A whole number from 1.
  bool readCount(const Setting& setting, std::int64_t& count) {
    const std::optional<Value> value = elaborator_.evaluate(*setting.value, scope_);
    if (!value) return false;
    const auto* number = std::get_if<std::int64_t>(&*value);
    if (number == nullptr || *number < 1)
      return refuse(setting, setting.value->span, number ? fmt::format("{}", *number) : describe(*value));
    count = *number;
    return true;
  }

  bool readNumbers() {
    bool isFine = readCount(settings_.get("batch"), spec_.batch);
    for (const auto& [name, target] : {std::pair("epochs", &spec_.epochs), std::pair("steps", &spec_.steps)})
      if (const Setting* const setting = settings_.find(name)) isFine &= readCount(*setting, target->emplace());
    return isFine;
  }

  /// The arguments of an expression that is written as a call of `function`; null: it is not.
  static const std::vector<syntax::Arg>* argumentsOf(const syntax::Expr& expr, std::string_view function) {
    const auto* call = std::get_if<syntax::CallExpr>(&expr.node);
    const auto* name = call != nullptr ? std::get_if<syntax::NameExpr>(&call->callee->node) : nullptr;
    return name != nullptr && name->name == function ? &call->arguments : nullptr;
  }

  bool readClip() {
    const Setting* const setting = settings_.find("clip");
    if (setting == nullptr) return true;
    const std::vector<syntax::Arg>* const arguments = argumentsOf(*setting->value, "global_norm");
    if (arguments == nullptr || arguments->size() != 1) return refuse(*setting, setting->value->span, "something else");
    const std::optional<Value> value = elaborator_.evaluate(*(*arguments)[0].value, scope_);
    if (!value) return false;
    const std::optional<double> limit = asReal(*value);
    if (!limit || !(*limit > 0.0) || !std::isfinite(*limit))
      return refuse(*setting, (*arguments)[0].span, "no number above 0");
    spec_.clipNorm = *limit;
    spec_.clipSpan = setting->value->span;
    return true;
  }

  /// `net.h2.block[0]` as a path; empty: something else.
  std::string pathText(const syntax::Expr& expr) const {
    if (const auto* name = std::get_if<syntax::NameExpr>(&expr.node)) return name->name;
    if (const auto* field = std::get_if<syntax::FieldExpr>(&expr.node)) {
      const std::string base = pathText(*field->base);
      return base.empty() ? "" : base + "." + field->field.text;
    }
    const auto* index = std::get_if<syntax::IndexExpr>(&expr.node);
    if (index == nullptr || index->subscripts.size() != 1 || index->subscripts[0].isPack || index->subscripts[0].name)
      return "";
    const auto* number = std::get_if<syntax::IntLiteral>(&index->subscripts[0].value->node);
    const std::string base = pathText(*index->base);
    return number == nullptr || base.empty() ? "" : fmt::format("{}[{}]", base, number->value);
  }

  bool readFreeze() {
    const Setting* const setting = settings_.find("freeze");
    if (setting == nullptr) return true;
    const auto* list = std::get_if<syntax::ListExpr>(&setting->value->node);
    if (list == nullptr) return refuse(*setting, setting->value->span, "something else");
    for (const syntax::ListEntry& entry : list->entries) {
      const std::string path = pathText(*entry.value);
      if (path.empty()) return refuse(*setting, entry.value->span, "a list with something else");
      spec_.freeze.emplace_back(path, entry.value->span);
    }
    return true;
  }

  bool readStop() {
    const Setting* const setting = settings_.find("stop");
    if (setting == nullptr) return true;
    const std::vector<syntax::Arg>* const arguments = argumentsOf(*setting->value, "patience");
    if (arguments == nullptr || arguments->size() != 2) return refuse(*setting, setting->value->span, "something else");
    spec_.patienceResult = readResult(*setting, *(*arguments)[0].value);
    if (!spec_.patienceResult) return false;
    const std::optional<Value> value = elaborator_.evaluate(*(*arguments)[1].value, scope_);
    if (!value) return false;
    const auto* epochs = std::get_if<std::int64_t>(&*value);
    if (epochs == nullptr || *epochs < 1) return refuse(*setting, (*arguments)[1].span, "no whole number from 1");
    spec_.patience = *epochs;
    return true;
  }

  /// `valid.loss`: a part, and the loss or a metric of this train. Empty: reported.
  std::optional<ResultName> readResult(const Setting& setting, const syntax::Expr& expr) {
    const auto* field = std::get_if<syntax::FieldExpr>(&expr.node);
    const auto* part = field != nullptr ? std::get_if<syntax::NameExpr>(&field->base->node) : nullptr;
    if (part == nullptr) {
      refuse(setting, expr.span, "no result such as `valid.loss`");
      return std::nullopt;
    }
    const std::string& name = field->field.text;
    const bool isKnown = name == "loss" || std::any_of(spec_.metrics.begin(), spec_.metrics.end(),
                                                       [&](const Role& metric) { return metric.name == name; });
    if (isKnown) return ResultName{part->name, name, expr.span};
    refuse(setting, field->field.span, fmt::format("`{}`, which is neither `loss` nor a metric of this train", name));
    return std::nullopt;
  }

  /// `valid.accuracy >= 0.9`
  bool readTarget() {
    const Setting* const setting = settings_.find("target");
    if (setting == nullptr) return true;
    const auto* condition = std::get_if<syntax::BinaryExpr>(&setting->value->node);
    if (condition == nullptr || (condition->op != syntax::BinaryOp::Ge && condition->op != syntax::BinaryOp::Le))
      return refuse(*setting, setting->value->span, "no comparison with `>=` or `<=`");
    spec_.targetResult = readResult(*setting, *condition->left);
    if (!spec_.targetResult) return false;
    const std::optional<Value> value = elaborator_.evaluate(*condition->right, scope_);
    if (!value) return false;
    const std::optional<double> number = asReal(*value);
    if (!number || !std::isfinite(*number)) return refuse(*setting, condition->right->span, describe(*value));
    spec_.target = {spec_.targetResult->text(), *number, condition->op == syntax::BinaryOp::Le};
    return true;
  }

  bool readCheckpoint() {
    const Setting* const setting = settings_.find("checkpoint");
    if (setting == nullptr) return true;
    const std::vector<syntax::Arg>* const every = argumentsOf(*setting->value, "every");
    if (every == nullptr || every->size() != 1) return refuse(*setting, setting->value->span, "something else");
    const syntax::Expr& period = *(*every)[0].value;
    for (const auto& [unit, seconds] :
         {std::pair("seconds", 1.0), std::pair("minutes", 60.0), std::pair("hours", 3600.0)})
      if (const std::vector<syntax::Arg>* const arguments = argumentsOf(period, unit))
        return readPeriod(*setting, period, *arguments, seconds);
    if (const std::vector<syntax::Arg>* const arguments = argumentsOf(period, "steps"))
      return readPeriod(*setting, period, *arguments, std::nullopt);
    return refuse(*setting, period.span, "something else");
  }

  /// `minutes(5)` or `steps(1000)`. `unitSeconds` is empty for steps.
  bool readPeriod(const Setting& setting, const syntax::Expr& period, const std::vector<syntax::Arg>& arguments,
                  std::optional<double> unitSeconds) {
    if (arguments.size() != 1) return refuse(setting, period.span, fmt::format("{} numbers", arguments.size()));
    const std::optional<Value> value = elaborator_.evaluate(*arguments[0].value, scope_);
    if (!value) return false;
    const auto* whole = std::get_if<std::int64_t>(&*value);
    if (!unitSeconds && (whole == nullptr || *whole < 1))
      return refuse(setting, arguments[0].span, "no whole number from 1");
    const std::optional<double> number = asReal(*value);
    if (!number || !(*number > 0.0) || !std::isfinite(*number))
      return refuse(setting, arguments[0].span, "no number above 0");
    if (unitSeconds)
      spec_.checkpoint.seconds = *number * *unitSeconds;
    else
      spec_.checkpoint.steps = *whole;
    return true;
  }

  bool readPrecision() {
    const Setting* const setting = settings_.find("precision");
    if (setting == nullptr) return true;
    const std::optional<Value> value = elaborator_.evaluate(*setting->value, scope_);
    if (!value) return false;
    const auto* symbol = std::get_if<Symbol>(&*value);
    const std::optional<ir::DType> dtype = symbol ? ir::parseDType(symbol->name) : std::nullopt;
    if (!dtype || !ir::isFloat(*dtype)) return refuse(*setting, setting->value->span, describe(*value));
    spec_.precision = *dtype;
    return true;
  }

  Elaborator& elaborator_;
  const Settings& settings_;
  Scope& scope_;
  TrainSpec& spec_;
};

}  // namespace

std::optional<TrainSpec> readTrain(Elaborator& elaborator, const syntax::BlockDecl& block, const SourceModule& home,
                                   const std::vector<ParsedOverride>& overrides) {
  const std::optional<Settings> settings = Settings::read(block, elaborator.diagnostics());
  const Scope* const parameters = settings ? openParameters(elaborator, ownerOf(block), home, overrides) : nullptr;
  if (parameters == nullptr) return std::nullopt;
  TrainSpec spec;
  spec.block = &block;
  spec.home = &home;
  spec.parameters = parameters;
  for (const syntax::ParamDecl& parameter : block.parameters)
    if (const Name* const name = parameters->findHere(parameter.name.text))
      spec.values.emplace_back(parameter.name.text, toText(name->value));
  Scope& scope = elaborator.newScope(*parameters);
  for (const syntax::BlockItem& item : block.items) {
    const auto* statement = std::get_if<syntax::StmtPtr>(&item);
    if (statement != nullptr && !elaborator.execute(**statement, scope)) return std::nullopt;
  }
  if (!TrainReader(elaborator, *settings, scope, spec).run()) return std::nullopt;
  return spec;
}

}  // namespace nnc::elaborate
