// Calls: arguments to parameters, lists one after the other, chains and repeats.
#include <algorithm>
#include <utility>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/builtins.h"
#include "elaborate/convert.h"
#include "elaborate/derivative.h"
#include "elaborate/elaborator.h"
#include "elaborate/observation.h"
#include "support/suggest.h"

namespace nnc::elaborate {

using syntax::CallableDecl;
using syntax::CallableKind;
using syntax::ParamDecl;

/// Programs are unrolled: a few lines can stand for more than any machine holds.
bool Elaborator::requireSize(Span where) {
  constexpr std::int64_t kMostCalls = 10'000'000;
  constexpr std::size_t kMostNodes = 1'000'000;
  if (++calls_ > kMostCalls) {
    error<diag::ProgramTooLarge>(where, fmt::format("{} calls", kMostCalls));
    return false;
  }
  if (trace_ && trace_->builder.function().nodes.size() > kMostNodes) {
    error<diag::ProgramTooLarge>(where, fmt::format("{} operations", kMostNodes));
    return false;
  }
  return true;
}

bool Elaborator::enter(Frame frame, Span where) {
  constexpr std::size_t kDeepest = 256;
  if (!requireSize(where)) return false;
  if (frames_.size() < kDeepest) {
    frame.insideScan = frames_.back().insideScan;
    frame.isUnderShared = frame.isShared || frames_.back().isUnderShared;
    frame.isFrozen = frames_.back().isFrozen;
    frames_.push_back(std::move(frame));
    return true;
  }
  std::vector<std::string_view> round = {frame.name};
  bool isRound = false;
  for (auto at = frames_.rbegin(); at != frames_.rend() && !isRound; ++at) {
    isRound = at->name == frame.name;
    if (isRound || at->name != round.back()) round.push_back(at->name);
  }
  // The way there is hundreds of calls, the same ones again and again: the round says it all.
  std::vector<Label> trail;
  const Span primary = blame(where, trail);
  if (!isRound) {
    diagnostics_.emit<diag::NestedTooDeep>(primary, kDeepest);
    return false;
  }
  std::reverse(round.begin(), round.end());
  DiagnosticBuilder report = diagnostics_.emit<diag::Recursion>(primary, frame.name);
  if (round.size() > 2) report.note(fmt::format("one in the other: {}", fmt::join(round, ", ")));
  return false;
}

std::optional<Elaborator::Matched> Elaborator::matchArguments(std::span<const std::string_view> names,
                                                              std::vector<Argument>& arguments, std::string_view what) {
  Matched matched(names.size());
  std::size_t next = 0;
  for (Argument& argument : arguments) {
    std::size_t at = next;
    if (argument.name.empty()) {
      ++next;
    } else {
      at = static_cast<std::size_t>(std::find(names.begin(), names.end(), argument.name) - names.begin());
      if (at == names.size()) {
        auto report = error<diag::UnknownArgument>(argument.span, what, argument.name);
        const std::vector<std::string> known(names.begin(), names.end());
        if (const auto closest = closestName(argument.name, known))
          report.help(fmt::format("did you mean `{}`?", *closest));
        report.note(known.empty() ? "it has no parameters" : fmt::format("parameters: {}", fmt::join(known, ", ")));
        return std::nullopt;
      }
    }
    if (at >= names.size()) {
      error<diag::TooManyValues>(argument.span, what,
                                 fmt::format("{} value{}", names.size(), names.size() == 1 ? "" : "s"));
      return std::nullopt;
    }
    if (matched[at]) {
      error<diag::RepeatedArgument>(argument.span, names[at]).also(matched[at]->span, "first given here");
      return std::nullopt;
    }
    matched[at] = std::move(argument);
  }
  return matched;
}

bool Elaborator::bindParameters(std::span<const ParamDecl> parameters, std::vector<Argument> arguments, Scope& scope,
                                Span where, std::string_view what) {
  std::vector<std::string_view> names;
  for (const ParamDecl& parameter : parameters) names.push_back(parameter.name.text);
  const std::optional<Matched> matched = matchArguments(names, arguments, what);
  if (!matched) return false;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const ParamDecl& parameter = parameters[i];
    std::optional<Argument> argument = (*matched)[i];
    if (!argument && parameter.defaultValue) {
      const Result value = evaluate(*parameter.defaultValue, scope);
      if (!value) return false;
      argument = Argument{{}, *value, parameter.defaultValue->span};
    }
    if (!argument) {
      error<diag::MissingArgument>(where, what, parameter.name.text)
          .also(parameter.span, "declared here, without a default");
      return false;
    }
    const Result value = convert(argument->value, *parameter.type, scope, argument->span,
                                 fmt::format("parameter `{}` of {}", parameter.name.text, what));
    if (!value) return false;
    scope.add(parameter.name.text, NameKind::Parameter, *value, parameter.name.span);
  }
  return true;
}

static bool hasOpenFirstList(const Callable& callable) {
  const DeclaredCallable* declared = callable.declared();
  return declared && declared->decl->second && !declared->bound;
}

std::optional<Value> Elaborator::withDefaults(const Value& value, Span where) {
  const auto* callable = std::get_if<const Callable*>(&value);
  if (!callable || !hasOpenFirstList(**callable)) return value;
  const std::vector<ParamDecl>& first = (*callable)->declared()->decl->first;
  const bool allHaveDefaults =
      std::all_of(first.begin(), first.end(), [](const ParamDecl& p) { return p.defaultValue != nullptr; });
  return allHaveDefaults ? bindFirstList(**callable, {}, {where, {}}) : value;
}

std::optional<Value> Elaborator::completed(const Value& value, Span where) {
  const auto* callable = std::get_if<const Callable*>(&value);
  return callable && hasOpenFirstList(**callable) ? bindFirstList(**callable, {}, {where, {}}) : value;
}

std::optional<Value> Elaborator::bindFirstList(const Callable& callable, std::vector<Argument> arguments,
                                               const CallSite& site) {
  const DeclaredCallable& declared = *callable.declared();
  Frame inner;
  inner.name = declared.decl->name.text;
  inner.call = site.span;
  if (!enter(std::move(inner), site.span)) return std::nullopt;
  Scope& bound = newScope(*declared.home);
  const bool isBound = bindParameters(declared.decl->first, std::move(arguments), bound, site.span,
                                      fmt::format("`{}`", declared.decl->name.text));
  frames_.pop_back();
  if (!isBound) return std::nullopt;
  return keepCallable(Callable{DeclaredCallable{declared.decl, declared.home, &bound}, site.span});
}

/// `net()` of a network without hyper-parameters is the network, like `dropout()` is `dropout`.
static bool takesDataAlone(const Callable& callable) {
  const DeclaredCallable* declared = callable.declared();
  if (!declared || declared->decl->second || declared->decl->first.empty()) return false;
  const std::vector<ParamDecl>& data = declared->decl->first;
  return std::all_of(data.begin(), data.end(),
                     [](const ParamDecl& p) { return isDataType(*p.type) && p.defaultValue == nullptr; });
}

std::optional<Value> Elaborator::call(const Value& callee, std::vector<Argument> arguments, const CallSite& site) {
  if (const auto* instance = std::get_if<Instance*>(&callee)) {
    return callCallable(*(*instance)->recipe, std::move(arguments), site, *instance);
  }
  const Callable* callable = asCallable(callee);
  if (!callable) {
    error<diag::NotCallable>(site.span, describe(callee));
    return std::nullopt;
  }
  if (const auto* frozen = std::get_if<FrozenCallable>(&callable->node)) {
    const bool isFrozenAround = std::exchange(frame().isFrozen, true);
    Result value = call(frozen->callable, std::move(arguments), site);
    frame().isFrozen = isFrozenAround;
    return value;
  }
  if (hasOpenFirstList(*callable)) return bindFirstList(*callable, std::move(arguments), site);
  if (arguments.empty() && takesDataAlone(*callable)) return callee;
  return callCallable(*callable, std::move(arguments), site, nullptr);
}

std::optional<Value> Elaborator::apply(const Value& callee, std::vector<Argument> arguments, const CallSite& site) {
  const Result bound = completed(callee, site.span);
  return bound ? call(*bound, std::move(arguments), site) : std::nullopt;
}

std::optional<Value> Elaborator::callCallable(const Callable& callable, std::vector<Argument> arguments,
                                              const CallSite& site, Instance* shared) {
  Observation::Application application(trace_ ? trace_->observation : nullptr, callable, arguments, site);
  applied_ = nullptr;
  Result value;
  if (callable.declared())
    value = runDeclared(callable, std::move(arguments), site, shared);
  else if (const auto* builtin = std::get_if<BuiltinCallable>(&callable.node))
    value = runBuiltin(*builtin->builtin, std::move(arguments), site);  // no function is called in it
  else
    value = runChain(callable, std::move(arguments), site, shared);
  return value ? application.finish(*value, applied_) : value;
}

std::span<const ParamDecl> Elaborator::dataParameters(const Value& value) const {
  const Callable* callable = asCallable(value);
  const DeclaredCallable* declared = callable ? callable->declared() : nullptr;
  if (!declared) return {};
  return declared->decl->second ? *declared->decl->second : declared->decl->first;
}

/// A layer without data (`layer tower(n: int) = repeat n { .. }`) makes a recipe, not an instance.
static bool makesRecipe(const CallableDecl& decl) {
  return !decl.second &&
         !std::any_of(decl.first.begin(), decl.first.end(), [](const ParamDecl& p) { return isDataType(*p.type); });
}

std::optional<Value> Elaborator::runDeclared(const Callable& callable, std::vector<Argument> arguments,
                                             const CallSite& site, Instance* shared) {
  const DeclaredCallable& declared = *callable.declared();
  const CallableDecl& decl = *declared.decl;
  if (decl.vjp && decl.kind != CallableKind::Fn) {
    error<diag::BadVjp>(decl.vjp->body.span, decl.name.text, "only a fn may have one: it is pure");
    return std::nullopt;
  }
  Frame inner;
  inner.decl = &decl;
  inner.name = decl.name.text;
  inner.call = site.span;
  inner.instance = frame().instance;
  const bool isPure = decl.kind == CallableKind::Fn || makesRecipe(decl);
  if (!isPure) {
    if (!requireTrace(site.span)) return std::nullopt;
    inner.instance =
        shared ? shared : nextInstance(site.name.empty() ? std::string_view(decl.name.text) : site.name, site.span);
    if (!inner.instance) return std::nullopt;
    inner.isPure = false;
    inner.isReapplied = inner.instance->isApplied;
    inner.isShared = shared != nullptr;
  }
  Instance* const own = isPure ? nullptr : inner.instance;
  Scope& scope = declared.bound ? newScope(*declared.bound) : newScope(*declared.home);
  if (!enter(std::move(inner), site.span)) return std::nullopt;
  const std::vector<ParamDecl>& parameters = decl.second ? *decl.second : decl.first;
  Result value;
  if (bindParameters(parameters, std::move(arguments), scope, site.span, fmt::format("`{}`", decl.name.text)))
    value = decl.vjp ? runWithDerivative(decl, scope, site.span) : runBody(decl, scope);
  frames_.pop_back();
  if (own) own->isApplied = true;
  applied_ = own;
  return value;
}

std::optional<Value> Elaborator::runWithDerivative(const CallableDecl& decl, Scope& scope, Span where) {
  if (!requireTrace(where)) return std::nullopt;
  OwnDerivative derivative(*this, decl, scope, where);
  Observation* const observation = std::exchange(trace_->observation, nullptr);  // the body is cut out of the function
  const Result value = runBody(decl, derivative.bodyScope());
  trace_->observation = observation;
  return value ? derivative.finish(*value) : std::nullopt;
}

std::optional<Value> Elaborator::runBody(const CallableDecl& decl, Scope& scope) {
  Result value;
  if (decl.expression) {
    value = evaluate(*decl.expression, scope);
    frame().returnSpan = decl.expression->span;
  } else {
    const Flow flow = executeBlock(*decl.body, scope);
    if (flow == Flow::Failed) return std::nullopt;
    if (flow == Flow::Next) {
      error<diag::MissingReturn>(decl.name.span, fmt::format("`{}`", decl.name.text));
      return std::nullopt;
    }
    value = frame().returned;
  }
  if (!value || !decl.result) return value;
  return convert(*value, *decl.result, scope, frame().returnSpan, fmt::format("the result of `{}`", decl.name.text));
}

// ------------------------------------------------------------------ chains

/// A lambda, composition or repeat. Under a name it is a level of the path of what it makes: `net.h.tower.dense[0]`.
std::optional<Value> Elaborator::runChain(const Callable& callable, std::vector<Argument> arguments,
                                          const CallSite& site, Instance* shared) {
  // In a scan no instance is made, and a chain of pure functions needs none.
  const bool mayMake = !frame().insideScan || frame().isUnderShared;
  const bool isLevel = shared || (!site.name.empty() && frame().instance && !frame().isPure && mayMake);
  if (isLevel) {
    Frame inner;
    inner.name = site.name;
    inner.call = site.span;
    inner.instance = shared ? shared : nextInstance(site.name, site.span);
    if (!inner.instance) return std::nullopt;
    inner.isPure = false;
    inner.isReapplied = inner.instance->isApplied;
    inner.isShared = shared != nullptr;
    if (!enter(std::move(inner), site.span)) return std::nullopt;
  }
  Result value;
  if (const auto* lambda = std::get_if<LambdaCallable>(&callable.node))
    value = runLambda(*lambda, std::move(arguments), site);
  else if (const auto* chain = std::get_if<CompositionCallable>(&callable.node))
    value = runComposition(*chain, std::move(arguments), site);
  else
    value = runRepeat(std::get<RepeatCallable>(callable.node), std::move(arguments), site);
  applied_ = nullptr;
  if (isLevel) {
    frame().instance->isApplied = true;
    applied_ = frame().instance;
    frames_.pop_back();
  }
  return value;
}

std::optional<Value> Elaborator::runLambda(const LambdaCallable& callable, std::vector<Argument> arguments,
                                           const CallSite&) {
  std::vector<std::string_view> names;
  for (const syntax::Ident& parameter : callable.lambda->parameters) names.push_back(parameter.text);
  const std::optional<Matched> matched = matchArguments(names, arguments, "this function");
  if (!matched) return std::nullopt;
  Scope& scope = newScope(*callable.scope);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!(*matched)[i]) {
      error<diag::MissingArgument>(callable.lambda->parameters[i].span, "this function", names[i]);
      return std::nullopt;
    }
    scope.add(names[i], NameKind::Parameter, (*matched)[i]->value, callable.lambda->parameters[i].span);
  }
  return evaluate(*callable.lambda->body, scope);
}

std::optional<Value> Elaborator::runComposition(const CompositionCallable& chain, std::vector<Argument> arguments,
                                                const CallSite& site) {
  for (const CompositionCallable::Stage& stage : chain.stages) {
    const Result value = apply(stage.callable, std::move(arguments), {stage.span, stage.name});
    if (!value) return std::nullopt;
    arguments = {Argument{{}, *value, site.span}};
  }
  return arguments.front().value;
}

std::optional<Value> Elaborator::runRepeat(const RepeatCallable& callable, std::vector<Argument> arguments,
                                           const CallSite& site) {
  const std::string_view parameter[] = {"x"};
  const std::optional<Matched> matched = matchArguments(parameter, arguments, "`repeat`");
  if (!matched) return std::nullopt;
  if (!(*matched)[0]) {
    error<diag::MissingArgument>(site.span, "`repeat`", "x");
    return std::nullopt;
  }
  Value value = (*matched)[0]->value;
  const syntax::RepeatExpr& repeat = *callable.repeat;
  // Every iteration counts its instances alike: `block[0]`, `block[1]`, and `conv2d[0]`, `conv2d_2[0]`, `conv2d[1]`, ..
  const auto callees = frame().callees;
  const std::string suffix = frame().repeatSuffix;
  for (std::int64_t i = 0; i < callable.count; ++i) {
    if (!requireSize(repeat.body->span)) return std::nullopt;
    frame().callees = callees;
    frame().repeatSuffix = fmt::format("{}[{}]", suffix, i);
    Scope& scope = newScope(*callable.scope);
    if (repeat.variable) scope.add(repeat.variable->text, NameKind::RepeatVariable, i, repeat.variable->span);
    const Result body = evaluate(*repeat.body, scope);
    const Result next =
        body ? apply(*body, {Argument{{}, value, site.span}}, {repeat.body->span, sourceName(*repeat.body)})
             : std::nullopt;
    if (!next) return std::nullopt;
    value = *next;
  }
  frame().repeatSuffix = suffix;
  return value;
}

// ---------------------------------------------------------------- builtins

std::optional<Value> Elaborator::runBuiltin(const Builtin& builtin, std::vector<Argument> arguments,
                                            const CallSite& site) {
  std::vector<std::string_view> names;
  std::vector<bool> isOptional;
  BuiltinCall made{.builtin = &builtin, .arguments = {}, .rest = {}, .span = site.span};
  for (std::size_t at = 0; at < builtin.parameters.size();) {
    const std::size_t end = std::min(builtin.parameters.find(' ', at), builtin.parameters.size());
    std::string_view name = builtin.parameters.substr(at, end - at);
    at = end + 1;
    if (name.ends_with("..")) {
      // Takes every value without a name.
      const auto isNamed = [](const Argument& argument) { return !argument.name.empty(); };
      const auto rest = std::stable_partition(arguments.begin(), arguments.end(), isNamed);
      made.rest.assign(rest, arguments.end());
      arguments.erase(rest, arguments.end());
      continue;
    }
    isOptional.push_back(name.ends_with('?'));
    if (isOptional.back()) name.remove_suffix(1);
    names.push_back(name);
  }
  const std::string what = fmt::format("`{}`", builtin.name);
  std::optional<Matched> matched = matchArguments(names, arguments, what);
  if (!matched) return std::nullopt;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if ((*matched)[i] || isOptional[i]) continue;
    error<diag::MissingArgument>(site.span, what, names[i]);
    return std::nullopt;
  }
  made.arguments = std::move(*matched);
  return builtin.run(*this, made);
}

}  // namespace nnc::elaborate
