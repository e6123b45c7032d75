// Instances and what they own: paths, parameters, states, updates.
#include "diagnostics/kinds/elaborate.h"
#include "diagnostics/kinds/project.h"
#include "elaborate/convert.h"
#include "elaborate/dims.h"
#include "elaborate/elaborator.h"
#include "elaborate/tensor_ops.h"
#include "support/suggest.h"

namespace nnc::elaborate {

Instance* Elaborator::childInstance(std::string path, Span where) {
  if (const auto known = trace_->paths.find(path); known != trace_->paths.end()) {
    // The second application of a shared instance finds what the first one made.
    if (frame().isReapplied) return known->second;
    error<diag::InstanceNameClash>(where, path)
        .also(known->second->created, "the other one")
        .help("rename one of them");
    return nullptr;
  }
  Instance& instance = trace_->instances.emplace_back();
  instance.path = path;
  instance.created = where;
  trace_->paths.emplace(std::move(path), &instance);
  return &instance;
}

Instance* Elaborator::nextInstance(std::string_view callee, Span where) {
  Frame& f = frame();
  if (f.isPure || !f.instance) {
    error<diag::LayerInFn>(where, callee, frames_.size() == 1 ? "this block" : "a fn");
    return nullptr;
  }
  if (!requireNotInScan(fmt::format("a new instance of `{}`", callee), where)) return nullptr;
  const int count = ++f.callees[fmt::format("{}.{}", f.binding, callee)];
  std::string path = f.instance->path;
  if (!f.binding.empty()) path += "." + f.binding;
  path += fmt::format(".{}", callee);
  if (count > 1) path += fmt::format("_{}", count);
  return childInstance(path + f.repeatSuffix, where);
}

bool Elaborator::requireNotInScan(std::string_view what, Span where) {
  if (!frame().insideScan || frame().isUnderShared) return true;
  error<diag::NewInScan>(where, what)
      .also(frame().insideScan, "the scan")
      .help("make it once, in front of the scan: `sub cell = ..`; its weights are shared over time");
  return false;
}

std::optional<Value> Elaborator::instantiate(const Value& recipe, std::string path, char separator,
                                             std::vector<Argument> arguments, Span where) {
  if (!requireTrace(where)) return std::nullopt;
  const Result complete = completed(recipe, where);
  if (!complete) return std::nullopt;
  const auto* callable = std::get_if<const Callable*>(&*complete);
  if (!callable) {
    error<diag::NotCallable>(where, describe(recipe));
    return std::nullopt;
  }
  Instance* instance = childInstance(std::move(path), where);
  if (!instance) return std::nullopt;
  instance->separator = separator;
  instance->recipe = *callable;
  return call(instance, std::move(arguments), {where, {}});
}

bool Elaborator::executeSub(const syntax::SubStmt& statement, Span span, Scope& scope) {
  if (frame().isPure || !frame().instance) {
    error<diag::StateInFn>(span, "sub " + statement.name.text);
    return false;
  }
  if (!requireNotInScan(fmt::format("`sub {}`", statement.name.text), span)) return false;
  const Result recipe = evaluate(*statement.value, scope);
  const Result complete = recipe ? completed(*recipe, statement.value->span) : std::nullopt;
  if (!complete) return false;
  const auto* callable = std::get_if<const Callable*>(&*complete);
  if (!callable) {
    error<diag::WrongKind>(statement.value->span, fmt::format("`sub {}`", statement.name.text),
                           "a recipe, such as `dense(10)`", describe(*complete));
    return false;
  }
  Instance* instance =
      childInstance(fmt::format("{}.{}{}", frame().instance->path, statement.name.text, frame().repeatSuffix), span);
  if (!instance) return false;
  instance->recipe = *callable;
  return introduce(statement.name, NameKind::Sub, instance, scope);
}

// ------------------------------------------------------------------- slots

bool Elaborator::sharedSlotFits(const SlotRecord& record, const ir::Type& type, const syntax::Ident& name,
                                Scope& scope) {
  if (record.slot.type == type) return true;
  std::string before = ir::toString(record.slot.type), now = ir::toString(type);
  const Name* changed = nullptr;
  for (const auto& [dim, size] : record.dims) {
    const Name* bound = scope.find(dim);
    const auto* value = bound ? std::get_if<std::int64_t>(&bound->value) : nullptr;
    if (!value || *value == size) continue;
    before = fmt::format("`{}` = {}", dim, size);
    now = fmt::format("`{}` = {}", dim, *value);
    changed = bound;
    noteClash(*value, size);
    break;
  }
  const std::string& path = frame().instance->path;
  auto report = error<diag::SharedInstanceShape>(frame().call, path, before, now);
  if (changed && changed->kind == NameKind::Dim)
    report.label(fmt::format("`{}: {}`", changed->factName, ir::toString(changed->factType)));
  if (!record.declaredTrail.empty())
    report.also(record.declaredTrail.front().span, fmt::format("the first use fixed {}", before));
  report.also(name.span, fmt::format("`{}` has its shape from there", name.text));
  report.help("it is one shared instance (`sub`); for separate weights write `let` instead");
  return false;
}

SlotRecord* Elaborator::declareSlot(const syntax::Ident& name, const syntax::TypeExpr& type, SlotKind kind, Span span,
                                    Scope& scope) {
  const bool isParam = kind == SlotKind::Parameter;
  if (frame().isPure || !frame().instance) {
    error<diag::StateInFn>(span, fmt::format("{} {}", isParam ? "param" : "state", name.text))
        .help("declare it as a `layer`");
    return nullptr;
  }
  if (!requireNotInScan(fmt::format("`{} {}`", isParam ? "param" : "state", name.text), span)) return nullptr;
  Instance& instance = *frame().instance;
  const std::optional<ir::Type> resolved = resolveType(*this, type, scope);
  if (!resolved) return nullptr;
  if (const auto known = instance.slots.find(name.text); known != instance.slots.end()) {
    if (frame().isReapplied && !scope.find(name.text))
      return sharedSlotFits(*known->second, *resolved, name, scope) ? known->second : nullptr;
    error<diag::DeclaredTwice>(name.span, name.text).also(known->second->slot.declared, "declared here before");
    return nullptr;
  }
  if (isParam && !ir::isFloat(resolved->dtype)) {
    error<diag::WrongKind>(type.span, fmt::format("`param {}`", name.text), "a float element type",
                           ir::toString(*resolved));
    return nullptr;
  }
  SlotRecord& record = trace_->slots.emplace_back();
  record.slot.path = fmt::format("{}{}{}", instance.path, instance.separator, name.text);
  record.slot.type = *resolved;
  record.slot.kind = !isParam && instance.separator == '/' ? SlotKind::OptimizerState : kind;
  record.slot.isTrained = isParam;
  record.slot.declared = span;
  if (isStdlib(span) && frame().decl) record.slot.layer = frame().decl->name.text;
  record.declaredTrail = trail();
  record.current = trace_->builder.addParameter(*resolved, record.slot.path);
  if (const auto* named = std::get_if<syntax::NamedType>(&type.node); named && named->shape)
    for (const syntax::DimExpr& dim : *named->shape)
      if (const auto* dimName = dim.value ? std::get_if<syntax::NameExpr>(&dim.value->node) : nullptr)
        if (const Name* bound = scope.find(dimName->name))
          if (const auto* size = std::get_if<std::int64_t>(&bound->value))
            record.dims.emplace_back(dimName->name, *size);
  instance.slots.emplace(name.text, &record);
  return &record;
}

bool Elaborator::readInit(const syntax::ExprPtr& init, SlotRecord& record, Scope& scope) {
  const Result value = evaluate(*init, scope);
  if (!value) return false;
  record.initSpan = init->span;
  if (asReal(*value) || std::holds_alternative<bool>(*value)) {
    record.init = *value;
    return true;
  }
  const Result complete = withDefaults(*value, init->span);
  if (!complete) return false;
  if (std::holds_alternative<const Callable*>(*complete)) {
    record.init = *complete;
    return true;
  }
  error<diag::BadInitialiser>(init->span, describe(*value), record.slot.path);
  return false;
}

bool Elaborator::readAttributes(const std::vector<syntax::Arg>& attributes, SlotRecord& record, Scope& scope) {
  const bool isParam = record.slot.kind == SlotKind::Parameter;
  static const std::vector<std::string> kParam = {"decay", "fan_in", "fan_out", "project"};
  static const std::vector<std::string> kState = {"scope"};
  for (const syntax::Arg& attribute : attributes) {
    const std::string name = attribute.name ? attribute.name->text : std::string(text(attribute.span));
    const std::vector<std::string>& known = isParam ? kParam : kState;
    if (!attribute.name || std::find(known.begin(), known.end(), name) == known.end()) {
      auto report = error<diag::UnknownAttribute>(attribute.span, isParam ? "param" : "state", name);
      if (const auto closest = closestName(name, known)) report.help(fmt::format("did you mean `{}`?", *closest));
      return false;
    }
    const Result value = evaluate(*attribute.value, scope);
    if (!value) return false;
    const auto wrong = [&](std::string_view wanted) {
      error<diag::WrongKind>(attribute.value->span, fmt::format("attribute `{}`", name), wanted, describe(*value));
      return false;
    };
    const auto* integer = std::get_if<std::int64_t>(&*value);
    if (name == "decay") {
      if (!std::holds_alternative<bool>(*value)) return wrong("a bool");
      record.slot.decay = std::get<bool>(*value);
    } else if (name == "project") {
      if (!asCallable(*value)) return wrong("a fn of the parameter");
      record.project = *value;
      record.projectSpan = attribute.value->span;
    } else if (name == "scope") {
      const auto* symbol = std::get_if<Symbol>(&*value);
      if (!symbol || (symbol->name != "run" && symbol->name != "session")) return wrong(".run or .session");
      if (symbol->name == "run") continue;
      if (trace_->mode != Mode::Serve) {
        error<diag::StateWithoutSession>(attribute.span, record.slot.path)
            .help(
                "put `if mode != .serve { return .. }` in front of it, or the state inside `if mode == .serve { .. }`");
        return false;
      }
      record.slot.kind = SlotKind::SessionState;
    } else {
      if (!integer || *integer <= 0) return wrong("an int > 0");
      (name == "fan_in" ? record.fanIn : record.fanOut) = *integer;
    }
  }
  return true;
}

bool Elaborator::executeParam(const syntax::ParamStmt& statement, Span span, Scope& scope) {
  SlotRecord* record = declareSlot(statement.name, *statement.type, SlotKind::Parameter, span, scope);
  if (!record) return false;
  if (!record->isRead) {
    if (!readAttributes(statement.attributes, *record, scope)) return false;
    if (statement.init) {
      if (!readInit(statement.init, *record, scope)) return false;
    } else if (record->slot.type.rank() >= 2) {
      const Result heNormal = preludeValue("he_normal", span);
      if (!heNormal) return false;
      record->init = *heNormal;
      record->initSpan = span;
    } else {
      record->init = 0.0;
    }
  }
  record->isRead = true;
  return introduce(statement.name, NameKind::Param, traced(record->current, span, record), scope);
}

bool Elaborator::executeState(const syntax::StateStmt& statement, Span span, Scope& scope) {
  SlotRecord* record = declareSlot(statement.name, *statement.type, SlotKind::NetworkState, span, scope);
  if (!record) return false;
  if (!record->isRead) {
    if (!readAttributes(statement.attributes, *record, scope)) return false;
    if (!statement.init) {
      error<diag::StateWithoutValue>(span, statement.name.text)
          .help(fmt::format("write `state {}: {} = 0.0`", statement.name.text, text(statement.type->span)));
      return false;
    }
    if (!readInit(statement.init, *record, scope)) return false;
    if (record->slot.kind == SlotKind::SessionState && !asReal(record->init) &&
        !std::holds_alternative<bool>(record->init)) {
      error<diag::BadInitialiser>(record->initSpan, describe(record->init), record->slot.path)
          .note("a session begins anew at any time, without a seed: its states begin with one number");
      return false;
    }
  }
  record->isRead = true;
  return introduce(statement.name, NameKind::State, traced(record->current, span, record), scope);
}

bool Elaborator::executeUpdate(const syntax::UpdateStmt& statement, Span span, Scope& scope) {
  const Name* name = scope.find(statement.name.text);
  if (!name || name->kind != NameKind::State) {
    auto report = error<diag::NotAState>(statement.name.span, statement.name.text);
    if (name) report.also(name->span, "it is introduced here");
    return false;
  }
  name->isUsed = true;
  const bool isFrozen = frame().isFrozen;
  if (frame().insideScan && !isFrozen) {
    error<diag::UpdateInScan>(span, statement.name.text)
        .also(frame().insideScan, "the scan")
        .help("carry the value from step to step, and update the state behind the scan");
    return false;
  }
  SlotRecord& record = *frame().instance->slots.find(statement.name.text)->second;
  if (record.updated && !isFrozen) {
    auto report = error<diag::UpdatedTwice>(span, record.slot.path);
    // Of one line that is reached twice, what led to it the first time says more.
    if (record.updateTrail.empty() || (record.updateSpan != span && !isStdlib(record.updateSpan)))
      report.also(record.updateSpan, "first updated here");
    else
      report.also(record.updateTrail.front().span, "the first update comes from here");
    const std::string_view path = frame().instance->path;
    report.help(frame().isReapplied
                    ? fmt::format("use two instances, or `frozen({})` for one of the applications: it reads the state "
                                  "and leaves it as it is",
                                  path.substr(path.rfind('.') + 1))
                    : "a body gives each of its states one update");
    return false;
  }
  frame().binding = statement.name.text;
  const Result value = evaluate(*statement.value, scope);
  if (!value) return false;
  const ir::Type& type = record.slot.type;
  const Traced* tensor = asTraced(*value);
  const bool isNumber = asReal(*value) && (ir::isFloat(type.dtype) || std::holds_alternative<std::int64_t>(*value));
  if (!isNumber && (!tensor || tensor->type != type)) {
    error<diag::UpdateType>(statement.value->span, statement.name.text, ir::toString(type),
                            tensor ? ir::toString(tensor->type) : describe(*value));
    return false;
  }
  if (isFrozen) return true;
  record.updated = tensor ? tensor->value : literal(at(span), type, *asReal(*value));
  record.updateSpan = span;
  record.updateTrail = trail();
  return true;
}

}  // namespace nnc::elaborate
