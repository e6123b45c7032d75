// What a name means: locals, declarations, predeclared values, fields.
#include <algorithm>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/builtins.h"
#include "elaborate/elaborator.h"
#include "elaborate/index_notation.h"
#include "elaborate/observation.h"
#include "elaborate/suggest_name.h"
#include "support/suggest.h"

namespace nnc::elaborate {

using syntax::Expr;

std::optional<Value> Elaborator::predeclared(std::string_view name, Span span) {
  if (name == "mode" && trace_) {
    if (trace_->observation && trace_->observation->isNoisy(frame().decl)) return Symbol{"eval"};
    switch (trace_->mode) {
      case Mode::Train:
        return Symbol{frame().isFrozen ? "eval" : "train"};
      case Mode::Eval:
        return Symbol{"eval"};
      case Mode::Serve:
        return Symbol{"serve"};
    }
  }
  if (name == "step" && trace_ && trace_->step && frame().decl && frame().decl->kind == syntax::CallableKind::Optimizer)
    return traced(at(span).cast(*trace_->step, ir::DType::F32), span);
  if (const Builtin* builtin = findBuiltin(name)) return keepCallable(Callable{BuiltinCallable{builtin}, span});
  if (const std::optional<ir::DType> dtype = ir::parseDType(name)) return *dtype;
  return std::nullopt;
}

std::optional<Value> Elaborator::lookUp(std::string_view name, const SourceModule& from, Span use) {
  if (const Named named = modules_.find(from, name)) return valueOf(named, use);
  if (const std::optional<Value> value = predeclared(name, use)) return value;
  if (name == kTuned) {
    error<diag::Tuned>(use);
    return std::nullopt;
  }
  std::vector<std::string> candidates = modules_.visibleNames(from);
  const std::vector<std::string> builtins = builtinNames();
  candidates.insert(candidates.end(), builtins.begin(), builtins.end());
  auto report = error<diag::UnknownName>(use, name);
  if (std::optional<std::string> help = suggestName(name, candidates)) report.help(std::move(*help));
  return std::nullopt;
}

std::optional<Value> Elaborator::preludeValue(std::string_view name, Span use) {
  static const SourceModule kNoNames;
  return lookUp(name, kNoNames, use);
}

std::optional<Value> Elaborator::evaluateName(const syntax::NameExpr& name, Span span, Scope& scope) {
  if (const Name* local = scope.find(name.name)) {
    local->isUsed = true;
    if (local->index) return indexValue(*this, *local->index, span);
    if (!local->pack) return local->value;
    error<diag::ValueNotScalar>(span, name.name, "a pack of indices");
    return std::nullopt;
  }
  // A misspelt local is more likely than a misspelt function.
  if (modules_.find(scope.home(), name.name) || findBuiltin(name.name)) return lookUp(name.name, scope.home(), span);
  if (const std::optional<Value> value = predeclared(name.name, span)) return value;
  if (const std::optional<std::string> closest = closestName(name.name, scope.visibleNames())) {
    error<diag::UnknownName>(span, name.name).help(fmt::format("did you mean `{}`?", *closest));
    return std::nullopt;
  }
  return lookUp(name.name, scope.home(), span);
}

std::optional<Value> Elaborator::valueOf(const Named& named, Span use) {
  if (!named.decl) {
    error<diag::NotAValue>(use, fmt::format("the reader `{}`", text(use)))
        .help("a reader stands in the `source` of a data block");
    return std::nullopt;
  }
  const syntax::Decl& decl = *named.decl;
  if (const auto* callable = std::get_if<syntax::CallableDecl>(&decl.node))
    return keepCallable(Callable{DeclaredCallable{callable, named.module, nullptr}, use});
  if (const auto* block = std::get_if<syntax::BlockDecl>(&decl.node)) return BlockRef{block, named.module};
  if (std::holds_alternative<syntax::ConstantDecl>(decl.node)) return evaluateConstant(decl, *named.module);
  error<diag::NotAValue>(use, fmt::format("`{}`", text(use)));
  return std::nullopt;
}

std::optional<Value> Elaborator::evaluateConstant(const syntax::Decl& decl, const SourceModule& home) {
  if (const auto known = constants_.find(&decl); known != constants_.end()) return known->second;
  const auto& constant = std::get<syntax::ConstantDecl>(decl.node);
  const auto underWay = std::find(evaluating_.begin(), evaluating_.end(), &decl);
  if (underWay != evaluating_.end()) {
    // From its first declaration on, wherever the circle was entered: it is one mistake.
    std::vector<const syntax::Decl*> circle(underWay, evaluating_.end());
    const auto nameOf = [](const syntax::Decl* of) -> const syntax::Ident& {
      return std::get<syntax::ConstantDecl>(of->node).name;
    };
    std::rotate(circle.begin(),
                std::min_element(circle.begin(), circle.end(),
                                 [&](const syntax::Decl* a, const syntax::Decl* b) {
                                   return nameOf(a).span.begin < nameOf(b).span.begin;
                                 }),
                circle.end());
    auto report = error<diag::ConstantCycle>(nameOf(circle[0]).span, nameOf(circle[0]).text);
    for (const syntax::Decl* other : circle)
      report.also(nameOf(other).span, fmt::format("`{}` needs the next one", nameOf(other).text));
    return std::nullopt;
  }
  evaluating_.push_back(&decl);
  // A constant is static, whoever asks for it first.
  Trace* const outer = std::exchange(trace_, nullptr);
  frames_.emplace_back();
  Scope& scope = newScope(home);
  std::optional<Value> value =
      constant.type ? evaluateAs(*constant.value, *constant.type, scope) : evaluate(*constant.value, scope);
  frames_.pop_back();
  trace_ = outer;
  evaluating_.pop_back();
  if (value) constants_.emplace(&decl, *value);
  return value;
}

// ----------------------------------------------------------------- fields

/// What a field could have been: the closest of `names`, or all of them.
template <typename Report>
static void suggestField(Report& report, const std::string& field, const std::vector<std::string>& names) {
  // Of names so short, every other one is close.
  constexpr std::size_t kShortest = 3;
  const std::optional<std::string> closest = field.size() < kShortest ? std::nullopt : closestName(field, names);
  if (closest)
    report.help(fmt::format("did you mean `{}`?", *closest));
  else
    report.note(names.empty() ? std::string("it has no fields") : fmt::format("it has {}", fmt::join(names, ", ")));
}

std::optional<Value> Elaborator::instanceField(Instance& instance, const syntax::Ident& field) {
  if (const auto slot = instance.slots.find(field.text); slot != instance.slots.end())
    return traced(slot->second->current, field.span, slot->second);
  if (const auto sub = trace_->paths.find(instance.path + "." + field.text); sub != trace_->paths.end())
    return sub->second;
  if (!instance.isApplied) {
    error<diag::NotAppliedYet>(field.span, instance.path);
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const auto& [name, slot] : instance.slots) names.push_back(name);
  const std::string inside = instance.path + ".";
  for (auto at = trace_->paths.lower_bound(inside); at != trace_->paths.end() && at->first.starts_with(inside); ++at)
    if (at->first.find('.', inside.size()) == std::string::npos) names.push_back(at->first.substr(inside.size()));
  auto report = error<diag::UnknownField>(field.span, fmt::format("`{}`", instance.path), field.text);
  suggestField(report, field.text, names);
  return std::nullopt;
}

static std::optional<Value> tensorField(const Traced& traced, std::string_view field, const Trace* trace) {
  if (traced.slot && field == "decay") return traced.slot->slot.decay;
  if (trace && field == "function" && trace->applied.tensor == traced.value) return trace->applied.function;
  return std::nullopt;
}

std::optional<Value> Elaborator::fieldOf(const Value& base, const syntax::Ident& field, Span span) {
  if (const auto* record = std::get_if<const Record*>(&base)) {
    if (const Value* value = (*record)->find(field.text)) return *value;
    std::vector<std::string> names;
    for (const auto& [name, value] : (*record)->fields) names.emplace_back(name);
    auto report = error<diag::UnknownField>(field.span, describe(base), field.text);
    suggestField(report, field.text, names);
    if (field.text == "ys") report.help("`ys` is what the `yield` of a loop gives, step by step");
    return std::nullopt;
  }
  if (const auto* instance = std::get_if<Instance*>(&base)) return instanceField(**instance, field);
  if (const Traced* tensor = asTraced(base))
    if (const std::optional<Value> value = tensorField(*tensor, field.text, trace_)) return value;
  error<diag::UnknownField>(field.span ? field.span : span, describe(base), field.text);
  return std::nullopt;
}

std::optional<Value> Elaborator::evaluateField(const syntax::FieldExpr& field, Span span, Scope& scope) {
  const auto* name = std::get_if<syntax::NameExpr>(&field.base->node);
  if (name && !scope.find(name->name)) {
    const auto alias = scope.home().aliases.find(name->name);
    if (alias != scope.home().aliases.end()) {
      if (const Named named = modules_.find(scope.home(), name->name, field.field.text)) return valueOf(named, span);
      auto report =
          error<diag::UnknownField>(field.field.span, fmt::format("module `{}`", name->name), field.field.text);
      if (const auto closest = closestName(field.field.text, publicNames(*alias->second)))
        report.help(fmt::format("did you mean `{}`?", *closest));
      return std::nullopt;
    }
  }
  const std::optional<Value> base = evaluate(*field.base, scope);
  return base ? fieldOf(*base, field.field, span) : std::nullopt;
}

}  // namespace nnc::elaborate
