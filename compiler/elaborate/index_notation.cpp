// Index notation as a whole: contexts, lets with binders, functions along an index.
#include "elaborate/index_notation.h"

#include <algorithm>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/builtins.h"
#include "elaborate/trees.h"

namespace nnc::elaborate {

using syntax::Expr;
using syntax::IndexExpr;

std::optional<Value> indexValue(Elaborator& elaborator, const IndexVariable& index, Span where) {
  if (!requireExtent(elaborator, index, where) || !elaborator.requireTrace(where)) return std::nullopt;
  const ir::Type type{ir::DType::I32, {*index.extent}};
  if (!checkLimits(elaborator, type.shape, where)) return std::nullopt;
  const ir::Value iota = elaborator.at(where).iota(type, 0);
  return elaborator.keep(Traced{.value = iota, .type = type, .labels = {&index}, .isIndex = true, .origin = where});
}

std::optional<bool> isReduction(Elaborator& elaborator, const Expr& callee, Scope& scope) {
  const auto* index = std::get_if<IndexExpr>(&stripped(callee).node);
  if (!index || std::holds_alternative<IndexExpr>(stripped(*index->base).node)) return false;
  if (mentionsIndex(*index->base, scope)) return false;
  const std::optional<Value> base = baseOf(elaborator, *index->base, scope);
  if (!base) return std::nullopt;
  return std::holds_alternative<const Callable*>(*base);
}

std::optional<Value> labelsToAxes(Elaborator& elaborator, const Value& value, const Labels& axes, Span span) {
  const Traced* tensor = asTensor(elaborator, value, std::nullopt, span);
  if (!tensor) return std::nullopt;
  if (tensor->ownRank() > 0) {
    elaborator.error<diag::ValueNotScalar>(span, elaborator.text(span),
                                           "a whole tensor " + ir::toString(tensor->ownType()));
    return std::nullopt;
  }
  Labels kept;
  for (const IndexVariable* label : tensor->labels)
    if (std::find(axes.begin(), axes.end(), label) == axes.end()) kept.push_back(label);
  Labels all = kept;
  all.insert(all.end(), axes.begin(), axes.end());
  const std::optional<ir::Value> spreadOut = spread(elaborator, *tensor, all, {}, span);
  if (!spreadOut) return std::nullopt;
  return elaborator.keep(Traced{.value = *spreadOut,
                                .type = elaborator.trace().builder.type(*spreadOut),
                                .labels = std::move(kept),
                                .origin = span});
}

// ------------------------------------------------------------------ binders

static bool addBinder(Elaborator& elaborator, const syntax::Binder& binder, IndexContext& context, Scope& outer) {
  const std::string& name = binder.name.text;
  const Name* known = context.scope->find(name);
  const bool isSamePack = known && binder.isPack && known->kind == NameKind::Dim;
  if (known && !isSamePack) {
    elaborator
        .error<diag::ShadowingIndex>(binder.name.span, name,
                                     known->index || known->pack ? "another index" : "a value that is visible here")
        .also(known->span, "introduced here")
        .help("choose another name for the index");
    return false;
  }
  Name bound{.text = name,
             .kind = binder.isPack ? NameKind::IndexPack : NameKind::Index,
             .value = Unit{},
             .span = binder.span};
  if (binder.isPack) {
    bound.pack = &context.packs.emplace_back(
        IndexPack{.name = name, .variables = {}, .order = elaborator.nextIndexOrder(), .bound = binder.span});
  } else {
    IndexVariable variable{.name = name,
                           .order = elaborator.nextIndexOrder(),
                           .extent = {},
                           .bound = binder.span,
                           .extentFrom = {},
                           .affineUse = {}};
    if (binder.extent) {
      const std::optional<Value> extent = elaborator.evaluate(*binder.extent, outer);
      if (!extent) return false;
      const auto* size = std::get_if<std::int64_t>(&*extent);
      if (!size || *size < 0) {
        elaborator.error<diag::WrongKind>(binder.extent->span, fmt::format("the extent of `{}`", name), "an int >= 0",
                                          describe(*extent));
        return false;
      }
      variable.extent = *size;
      variable.isWritten = true;
      variable.extentFrom = binder.extent->span;
    }
    bound.index = elaborator.arena().make(std::move(variable));
  }
  context.scope->add(std::move(bound));
  return true;
}

/// The extents that only the surrounding signature can give, and the message for those that nothing gives.
static std::optional<Labels> binderVariables(Elaborator& elaborator, const syntax::Pattern& pattern,
                                             IndexContext& context, Scope& outer) {
  Labels variables;
  for (const syntax::Binder& binder : *pattern.binders) {
    const Name* name = context.scope->findHere(binder.name.text);
    if (name->index) {
      if (!requireExtent(elaborator, *name->index, binder.span)) return std::nullopt;
      variables.push_back(name->index);
      continue;
    }
    IndexPack& pack = *name->pack;
    const Name* dims = outer.find(binder.name.text);
    if (const auto sizes = dims ? asDims(dims->value) : std::nullopt; sizes && !pack.variables)
      if (!resolvePack(elaborator, pack, *sizes, binder.span)) return std::nullopt;
    if (!pack.variables) {
      elaborator.error<diag::UnknownExtent>(binder.span, ".." + binder.name.text,
                                            "nothing on the right is indexed by it");
      return std::nullopt;
    }
    variables.insert(variables.end(), pack.variables->begin(), pack.variables->end());
  }
  return variables;
}

std::optional<Value> evaluateIndexedLet(Elaborator& elaborator, const syntax::Pattern& pattern, const Expr& value,
                                        Scope& scope) {
  if (!elaborator.requireTrace(pattern.span)) return std::nullopt;
  IndexContext& context = elaborator.newIndexContext();
  context.scope = &elaborator.newScope(scope);
  context.scope->indices = &context;
  for (const syntax::Binder& binder : *pattern.binders)
    if (!addBinder(elaborator, binder, context, scope)) return std::nullopt;
  if (!discover(elaborator, value, *context.scope)) return std::nullopt;
  const std::optional<Labels> variables = binderVariables(elaborator, pattern, context, scope);
  if (!variables) return std::nullopt;
  const std::optional<Value> element = elaborator.evaluate(value, *context.scope);
  return element ? labelsToAxes(elaborator, *element, *variables, value.span) : std::nullopt;
}

// --------------------------------------------------------- standing alone

/// Evaluates `expr` as if the packs that nothing binds stood on the left of a `let`.
template <typename Evaluate>
static std::optional<Value> standAlone(Elaborator& elaborator, const Expr& expr, Scope& scope, Evaluate evaluate) {
  IndexContext& context = elaborator.newIndexContext();
  context.isStandalone = true;
  context.scope = &elaborator.newScope(scope);
  context.scope->indices = &context;
  const std::optional<Value> element = evaluate(*context.scope);
  const Traced* tensor = element ? asTraced(*element) : nullptr;
  if (!tensor) return element;
  Labels axes;
  for (const IndexPack* pack : context.standalone)
    axes.insert(axes.end(), pack->variables->begin(), pack->variables->end());
  return tensor->ownRank() > 0 && axes.empty() ? element : labelsToAxes(elaborator, *element, axes, expr.span);
}

// ----------------------------------------------------------------- entries

/// `list[2]` with static subscripts only. Empty: an entry cannot be known now; false inside: reported.
static std::optional<std::optional<Value>> staticEntry(Elaborator& elaborator, const List& list, const Access& access,
                                                       Scope& scope) {
  Value entry = &list;
  for (const syntax::Subscript* each : access.subscripts) {
    const syntax::Subscript& subscript = *each;
    if (subscript.isPack || subscript.name || mentionsIndex(*subscript.value, scope)) return std::nullopt;
    const std::optional<Value> at = elaborator.evaluate(*subscript.value, scope);
    if (!at) return std::optional<Value>();
    const auto* i = std::get_if<std::int64_t>(&*at);
    const auto* items = std::get_if<const List*>(&entry);
    if (!i || !items) return std::nullopt;
    if (*i < 0 || *i >= static_cast<std::int64_t>((*items)->items.size())) {
      elaborator.error<diag::IndexRange>(subscript.span, *i, (*items)->items.size());
      return std::optional<Value>();
    }
    entry = (*items)->items[static_cast<std::size_t>(*i)];
  }
  return entry;
}

static std::optional<Value> evaluateEntry(Elaborator& elaborator, const Expr& expr, Scope& scope) {
  const Access access = accessOf(expr, scope);
  const std::optional<Value> base = baseOf(elaborator, *access.base, scope);
  if (!base) return std::nullopt;
  const auto* list = std::get_if<const List*>(&*base);
  if (list) {
    const auto entry = staticEntry(elaborator, **list, access, scope);
    if (entry) return *entry;
  }
  if (std::holds_alternative<const Callable*>(*base) || (!list && !asTraced(*base))) {
    elaborator.error<diag::IndexAsFunction>(expr.span, elaborator.text(access.base->span), describe(*base));
    return std::nullopt;
  }
  if (!discover(elaborator, expr, scope)) return std::nullopt;
  const Traced* tensor = list ? listToTensor(elaborator, **list, std::nullopt, access.base->span) : asTraced(*base);
  return tensor ? readTensor(elaborator, *tensor, access, expr.span, scope) : std::nullopt;
}

std::optional<Value> evaluateIndex(Elaborator& elaborator, const Expr& expr, Scope& scope) {
  if (scope.indices) return evaluateEntry(elaborator, expr, scope);
  return standAlone(elaborator, expr, scope, [&](Scope& inner) { return evaluateEntry(elaborator, expr, inner); });
}

// --------------------------------------------------- functions along an index

std::optional<Labels> variablesOf(Elaborator& elaborator, const Reduction& reduction) {
  Labels variables;
  for (const ReductionIndex& index : reduction.indices) {
    if (index.variable) {
      if (!requireExtent(elaborator, *index.variable, index.span)) return std::nullopt;
      variables.push_back(index.variable);
      continue;
    }
    if (!index.pack->variables) {
      elaborator.error<diag::UnknownExtent>(index.span, ".." + std::string(index.pack->name),
                                            "nothing is indexed by it");
      return std::nullopt;
    }
    variables.insert(variables.end(), index.pack->variables->begin(), index.pack->variables->end());
  }
  return variables;
}

/// Whether all indices are bound around the reduction (1), none is (0), or the two are mixed (empty, reported).
static bool checkBinding(Elaborator& elaborator, const Reduction& reduction, bool isKept, std::string_view function) {
  for (const ReductionIndex& index : reduction.indices) {
    if (index.isOuter == isKept) continue;
    const std::string_view name = index.variable ? index.variable->name : index.pack->name;
    const std::string_view reason =
        isKept ? "the function keeps this axis, so the index must stand on the left"
               : "the function drops this axis, and the index is bound around it; choose another name";
    elaborator.error<diag::IndexKept>(index.span, function, name, reason);
    return false;
  }
  return true;
}

/// `value` with the axes of `variables` as one last axis of its own.
static std::optional<Value> alongAxis(Elaborator& elaborator, const Value& value, const Labels& variables, Span span) {
  const Traced* tensor = asTensor(elaborator, value, std::nullopt, span);
  if (!tensor) return std::nullopt;
  const std::optional<Value> moved = labelsToAxes(elaborator, tensor, variables, span);
  if (!moved || variables.size() == 1) return moved;
  Traced flat = *asTraced(*moved);
  std::int64_t count = 1;
  for (const IndexVariable* variable : variables) count *= *variable->extent;
  ir::Shape shape = extents(flat.labels);
  shape.push_back(count);
  flat.value = elaborator.at(span).reshape(flat.value, shape);
  flat.type.shape = std::move(shape);
  return elaborator.keep(std::move(flat));
}

static bool hasAny(const Value& value, const Labels& variables) {
  const Traced* tensor = asTraced(value);
  return tensor && std::any_of(tensor->labels.begin(), tensor->labels.end(), [&](const IndexVariable* label) {
           return std::find(variables.begin(), variables.end(), label) != variables.end();
         });
}

static std::optional<Value> applyAlong(Elaborator& elaborator, const syntax::CallExpr& call, const Reduction& reduction,
                                       const Labels& variables, Span span) {
  const std::string_view function = Elaborator::sourceName(*call.callee);
  std::vector<Argument> arguments;
  for (const syntax::Arg& argument : call.arguments) {
    std::optional<Value> value = elaborator.evaluate(*argument.value, *reduction.scope);
    if (value && (arguments.empty() || hasAny(*value, variables)))
      value = alongAxis(elaborator, *value, variables, argument.value->span);
    if (!value) return std::nullopt;
    arguments.push_back(
        {argument.name ? std::string_view(argument.name->text) : std::string_view(), *value, argument.span});
  }
  const std::optional<Value> result = elaborator.apply(reduction.callee, std::move(arguments), {span, function});
  const Traced* tensor = result ? asTensor(elaborator, *result, std::nullopt, span) : nullptr;
  if (!tensor) return std::nullopt;
  std::int64_t count = 1;
  for (const IndexVariable* variable : variables) count *= *variable->extent;
  const bool isKept = tensor->ownRank() == 1;
  if (tensor->ownRank() > 1 || (isKept && tensor->ownShape()[0] != count)) {
    elaborator.error<diag::IndexKept>(
        span, function, elaborator.text(std::get<IndexExpr>(stripped(*call.callee).node).subscripts.front().span),
        fmt::format("it gives {} for {} entries; it must give one number, or as many as it gets",
                    ir::toString(tensor->ownType()), count));
    return std::nullopt;
  }
  if (!checkBinding(elaborator, reduction, isKept, function)) return std::nullopt;
  if (!isKept) return tensor;
  Traced kept = *tensor;
  kept.labels.insert(kept.labels.end(), variables.begin(), variables.end());
  kept.type.shape = extents(kept.labels);
  kept.value = elaborator.at(span).reshape(kept.value, kept.type.shape);
  return elaborator.keep(std::move(kept));
}

static std::optional<Value> reduce(Elaborator& elaborator, const Expr& expr, Scope& scope) {
  const auto& call = std::get<syntax::CallExpr>(expr.node);
  if (!scope.indices->reductions.contains(&expr) && !discover(elaborator, expr, scope)) return std::nullopt;
  const Reduction& reduction = scope.indices->reductions.at(&expr);
  const std::optional<Labels> variables = variablesOf(elaborator, reduction);
  if (!variables || !elaborator.requireTrace(expr.span)) return std::nullopt;
  const auto* builtin = std::get_if<BuiltinCallable>(&std::get<const Callable*>(reduction.callee)->node);
  const std::string_view name = builtin ? builtin->builtin->name : std::string_view();
  if (call.arguments.empty() || ((name == "sum" || name == "max" || name == "min") && call.arguments.size() != 1)) {
    elaborator.error<diag::MissingArgument>(expr.span, fmt::format("`{}`", elaborator.text(call.callee->span)),
                                            "one expression");
    return std::nullopt;
  }
  const Expr& argument = *call.arguments.front().value;
  if (name != "sum" && name != "max" && name != "min")
    return applyAlong(elaborator, call, reduction, *variables, expr.span);
  if (!checkBinding(elaborator, reduction, /*isKept=*/false, name)) return std::nullopt;
  if (name == "sum") return sumOver(elaborator, argument, *variables, expr.span, *reduction.scope);
  const std::optional<Value> value = elaborator.evaluate(argument, *reduction.scope);
  return value ? maxOver(elaborator, *value, *variables, name == "min", expr.span) : std::nullopt;
}

std::optional<Value> evaluateReduction(Elaborator& elaborator, const Expr& call, Scope& scope) {
  if (scope.indices) return reduce(elaborator, call, scope);
  return standAlone(elaborator, call, scope, [&](Scope& inner) { return reduce(elaborator, call, inner); });
}

}  // namespace nnc::elaborate
