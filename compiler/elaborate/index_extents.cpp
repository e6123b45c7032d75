// Before index notation is lowered: which indices there are, and over what they run.
#include <algorithm>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/index_notation.h"
#include "elaborate/trees.h"
#include "support/suggest.h"

namespace nnc::elaborate {

using syntax::Expr;
using syntax::IndexExpr;
using syntax::Subscript;

const Name* asIndexName(const Expr& expr, const Scope& scope) {
  const auto* name = std::get_if<syntax::NameExpr>(&stripped(expr).node);
  const Name* found = name ? scope.find(name->name) : nullptr;
  return found && found->index ? found : nullptr;
}

static bool isAmong(const Labels* only, const IndexVariable* variable) {
  return !only || std::find(only->begin(), only->end(), variable) != only->end();
}

static bool mentionsPack(const Subscript& subscript, const Scope& scope, const Labels* only) {
  const Name* name = subscript.name ? scope.find(subscript.name->text) : nullptr;
  if (!only || !name || !name->pack || !name->pack->variables) return !only;
  return std::any_of(name->pack->variables->begin(), name->pack->variables->end(),
                     [&](const IndexVariable* v) { return isAmong(only, v); });
}

bool mentionsIndex(const Expr& given, const Scope& scope, const Labels* only) {
  const Expr* expr = &stripped(given);
  const auto inside = [&](const syntax::ExprPtr& e) { return mentionsIndex(*e, scope, only); };
  // Chains lean to the left: follow them in a loop.
  while (const auto* binary = std::get_if<syntax::BinaryExpr>(&expr->node)) {
    if (inside(binary->right)) return true;
    expr = &stripped(*binary->left);
  }
  if (const Name* name = asIndexName(*expr, scope)) return isAmong(only, name->index);
  if (const auto* unary = std::get_if<syntax::UnaryExpr>(&expr->node)) return inside(unary->operand);
  if (const auto* field = std::get_if<syntax::FieldExpr>(&expr->node)) return inside(field->base);
  if (const auto* lambda = std::get_if<syntax::LambdaExpr>(&expr->node)) return inside(lambda->body);
  if (const auto* cond = std::get_if<syntax::CondExpr>(&expr->node))
    return inside(cond->condition) || inside(cond->thenValue) || inside(cond->elseValue);
  if (const auto* list = std::get_if<syntax::ListExpr>(&expr->node))
    return std::any_of(list->entries.begin(), list->entries.end(), [&](const auto& e) { return inside(e.value); });
  if (const auto* call = std::get_if<syntax::CallExpr>(&expr->node))
    return inside(call->callee) ||
           std::any_of(call->arguments.begin(), call->arguments.end(), [&](const auto& a) { return inside(a.value); });
  if (const auto* index = std::get_if<IndexExpr>(&expr->node))
    return inside(index->base) ||
           std::any_of(index->subscripts.begin(), index->subscripts.end(),
                       [&](const Subscript& s) { return s.isPack ? mentionsPack(s, scope, only) : inside(s.value); });
  return false;
}

Access accessOf(const Expr& expr, const Scope& scope) {
  Access access;
  const Expr* at = &expr;
  do {
    const auto& index = std::get<IndexExpr>(at->node);
    std::vector<const Subscript*> before;
    for (const Subscript& subscript : index.subscripts) before.push_back(&subscript);
    access.subscripts.insert(access.subscripts.begin(), before.begin(), before.end());
    access.base = index.base.get();
    at = &stripped(*access.base);
  } while (std::holds_alternative<IndexExpr>(at->node) && mentionsIndex(*at, scope));
  return access;
}

bool setExtent(Elaborator& elaborator, IndexVariable& index, std::int64_t extent, Span where) {
  if (index.isWritten) return true;  // reads are checked against it
  if (!index.extent) {
    index.extent = extent;
    index.extentFrom = where;
    return true;
  }
  if (*index.extent == extent) return true;
  elaborator.noteClash(extent, *index.extent);
  elaborator.error<diag::ExtentsDisagree>(where, index.name, extent, *index.extent)
      .also(index.extentFrom, fmt::format("here it runs over {}", *index.extent));
  return false;
}

bool requireExtent(Elaborator& elaborator, const IndexVariable& index, Span where) {
  if (index.extent) return true;
  std::string reason = "no axis is indexed by it alone";
  if (index.affineUse == index.name)
    reason = "it is used as a number, and no axis is indexed by it";
  else if (!index.affineUse.empty())
    reason = fmt::format("it is only used as `{}`", index.affineUse);
  elaborator.error<diag::UnknownExtent>(where, index.name, reason)
      .help(fmt::format("write it where the index is introduced:  {}: n", index.name));
  return false;
}

bool resolvePack(Elaborator& elaborator, IndexPack& pack, const ir::Shape& sizes, Span where) {
  if (!pack.variables) {
    std::vector<IndexVariable*> variables;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      IndexVariable variable{.name = pack.name,
                             .order = pack.order + static_cast<int>(i),
                             .extent = sizes[i],
                             .bound = pack.bound,
                             .extentFrom = where,
                             .affineUse = {}};
      variables.push_back(elaborator.arena().make(std::move(variable)));
    }
    pack.variables = std::move(variables);
    return true;
  }
  if (pack.variables->size() != sizes.size()) {
    elaborator.error<diag::ExtentsDisagree>(where, ".." + std::string(pack.name), fmt::format("{} axes", sizes.size()),
                                            fmt::format("{} axes", pack.variables->size()));
    return false;
  }
  for (std::size_t i = 0; i < sizes.size(); ++i)
    if (!setExtent(elaborator, *(*pack.variables)[i], sizes[i], where)) return false;
  return true;
}

std::optional<Value> baseOf(Elaborator& elaborator, const Expr& base, Scope& scope) {
  if (scope.indices) {
    const auto known = scope.indices->bases.find(&base);
    if (known != scope.indices->bases.end()) return known->second;
  }
  const std::optional<Value> value = elaborator.evaluate(base, scope);
  if (value && scope.indices) scope.indices->bases.emplace(&base, *value);
  return value;
}

namespace {
/// The walk over an expression.
class Discovery {
 public:
  Discovery(Elaborator& elaborator, Scope& scope) : elaborator_(elaborator), scope_(scope), context_(*scope.indices) {}

  bool visit(const Expr& expr);

 private:
  bool visitChain(const Expr& expr);
  bool visitCond(const syntax::CondExpr& cond);
  bool visitCall(const Expr& expr, const syntax::CallExpr& call);
  bool visitRead(const Expr& expr);
  bool visitSubscript(const Subscript& subscript, std::int64_t size);
  bool visitReduction(const Expr& expr, const syntax::CallExpr& call);
  bool addReductionIndex(const Subscript& subscript, Reduction& reduction);
  void noteAffineUse(const Expr& expr, Span whole);
  std::optional<ir::Shape> shapeOf(const Expr& base);
  IndexPack* packOf(const Subscript& subscript);

  Elaborator& elaborator_;
  Scope& scope_;
  IndexContext& context_;
};
}  // namespace

/// The shape that subscripts are counted against.
std::optional<ir::Shape> Discovery::shapeOf(const Expr& given) {
  const std::optional<Value> value = baseOf(elaborator_, given, scope_);
  if (!value) return std::nullopt;
  if (const Traced* tensor = asTraced(*value)) return tensor->ownShape();
  ir::Shape shape;
  const auto* list = std::get_if<const List*>(&*value);
  if (!list) {
    elaborator_.error<diag::IndexAsFunction>(given.span, elaborator_.text(given.span), describe(*value));
    return std::nullopt;
  }
  for (const List* at = *list; at;) {
    shape.push_back(static_cast<std::int64_t>(at->items.size()));
    const auto* inner = at->items.empty() ? nullptr : std::get_if<const List*>(&at->items[0]);
    at = inner ? *inner : nullptr;
  }
  return shape;
}

bool Discovery::visit(const Expr& expr) {
  if (std::holds_alternative<syntax::BinaryExpr>(expr.node)) return visitChain(expr);
  if (const auto* paren = std::get_if<syntax::ParenExpr>(&expr.node)) return visit(*paren->inner);
  if (const auto* unary = std::get_if<syntax::UnaryExpr>(&expr.node)) return visit(*unary->operand);
  if (const auto* cond = std::get_if<syntax::CondExpr>(&expr.node)) return visitCond(*cond);
  if (const auto* call = std::get_if<syntax::CallExpr>(&expr.node)) return visitCall(expr, *call);
  if (std::holds_alternative<IndexExpr>(expr.node)) return visitRead(expr);
  if (const auto* tuple = std::get_if<syntax::TupleExpr>(&expr.node))
    return std::all_of(tuple->entries.begin(), tuple->entries.end(), [&](const auto& e) { return visit(*e.value); });
  if (const auto* list = std::get_if<syntax::ListExpr>(&expr.node))
    return std::all_of(list->entries.begin(), list->entries.end(), [&](const auto& e) { return visit(*e.value); });
  noteAffineUse(expr, expr.span);
  return true;
}

bool Discovery::visitChain(const Expr& expr) {
  std::vector<const syntax::BinaryExpr*> spine;
  const Expr* leftmost = &expr;
  while (const auto* binary = std::get_if<syntax::BinaryExpr>(&leftmost->node)) {
    spine.push_back(binary);
    leftmost = binary->left.get();
  }
  if (!visit(*leftmost)) return false;
  for (auto at = spine.rbegin(); at != spine.rend(); ++at) {
    // The right of a pipe is a recipe.
    if ((*at)->op != syntax::BinaryOp::Pipe && !visit(*(*at)->right)) return false;
  }
  return true;
}

bool Discovery::visitCond(const syntax::CondExpr& cond) {
  if (mentionsIndex(*cond.condition, scope_)) {
    const std::string_view text = elaborator_.text(cond.condition->span);
    elaborator_.error<diag::TracedCondition>(cond.condition->span, "if", text, "different for each index")
        .help(fmt::format("use select({}, a, b); both sides are computed", text));
    return false;
  }
  const std::optional<Value> condition = elaborator_.evaluate(*cond.condition, scope_);
  if (!condition) return false;
  const bool* known = std::get_if<bool>(&*condition);
  return !known || visit(*known ? *cond.thenValue : *cond.elseValue);  // not a bool: evaluation reports it
}

bool Discovery::visitCall(const Expr& expr, const syntax::CallExpr& call) {
  const std::optional<bool> isAlongIndex = isReduction(elaborator_, *call.callee, scope_);
  if (!isAlongIndex) return false;
  if (*isAlongIndex) return visitReduction(expr, call);
  if (std::holds_alternative<IndexExpr>(call.callee->node) && !visit(*call.callee)) return false;
  return std::all_of(call.arguments.begin(), call.arguments.end(), [&](const auto& a) { return visit(*a.value); });
}

void Discovery::noteAffineUse(const Expr& given, Span whole) {
  const Expr* expr = &stripped(given);
  while (const auto* binary = std::get_if<syntax::BinaryExpr>(&expr->node)) {
    noteAffineUse(*binary->right, whole);
    expr = &stripped(*binary->left);
  }
  if (const auto* unary = std::get_if<syntax::UnaryExpr>(&expr->node)) return noteAffineUse(*unary->operand, whole);
  const Name* name = asIndexName(*expr, scope_);
  if (name && name->index->affineUse.empty()) name->index->affineUse = elaborator_.text(whole);
}

IndexPack* Discovery::packOf(const Subscript& subscript) {
  if (subscript.name) {
    const Name* name = scope_.find(subscript.name->text);
    if (name && name->pack) return name->pack;
  } else if (const auto known = context_.anonymousPacks.find(&subscript); known != context_.anonymousPacks.end()) {
    return known->second;
  }
  if (!context_.isStandalone) {
    const std::string text(elaborator_.text(subscript.span));
    elaborator_.error<diag::UnboundIndex>(subscript.span, text)
        .help(subscript.name ? fmt::format("write it on the left:  let y[{}] = ..", text) : "give it a name: `..s`");
    return nullptr;
  }
  const std::string_view name = subscript.name ? std::string_view(subscript.name->text) : std::string_view();
  IndexPack& pack = context_.packs.emplace_back(
      IndexPack{.name = name, .variables = {}, .order = elaborator_.nextIndexOrder(), .bound = subscript.span});
  context_.standalone.push_back(&pack);
  if (subscript.name)
    context_.scope->add(
        Name{.text = name, .kind = NameKind::IndexPack, .value = Unit{}, .span = subscript.span, .pack = &pack});
  else
    context_.anonymousPacks.emplace(&subscript, &pack);
  return &pack;
}

bool Discovery::visitSubscript(const Subscript& subscript, std::int64_t size) {
  if (subscript.name) {
    elaborator_.error<diag::ExtentInRead>(subscript.span);
    return false;
  }
  if (const Name* name = asIndexName(*subscript.value, scope_)) {
    name->isUsed = true;
    return setExtent(elaborator_, *name->index, size, subscript.span);
  }
  const auto* bare = std::get_if<syntax::NameExpr>(&stripped(*subscript.value).node);
  if (bare && !scope_.find(bare->name) && !elaborator_.modules().find(scope_.home(), bare->name)) {
    auto report = elaborator_.error<diag::UnboundIndex>(subscript.span, bare->name);
    if (bare->name == "_") {
      report.help(
          "an axis that is read has an index with a name, which stands on the left or is summed over; `_` stands "
          "for a dim of a type");
      return false;
    }
    std::vector<std::string> names = scope_.visibleNames();
    const auto closest = closestName(bare->name, names);
    report.help(closest && bare->name.size() > 1
                    ? fmt::format("did you mean `{}`, or `sum[{}](..)`?", *closest, bare->name)
                    : fmt::format("did you mean `sum[{}](..)`?", bare->name));
    return false;
  }
  noteAffineUse(*subscript.value, subscript.span);
  return visit(*subscript.value);
}

bool Discovery::visitRead(const Expr& expr) {
  const std::optional<bool> isAlongIndex = isReduction(elaborator_, expr, scope_);
  if (!isAlongIndex) return false;
  if (*isAlongIndex) return true;  // `f[i]` without an argument: evaluation reports it
  const Access access = accessOf(expr, scope_);
  if (mentionsIndex(*access.base, scope_) && !visit(*access.base)) return false;
  const std::optional<ir::Shape> shape = shapeOf(*access.base);
  if (!shape) return false;
  const std::size_t packs = static_cast<std::size_t>(
      std::count_if(access.subscripts.begin(), access.subscripts.end(), [](const Subscript* s) { return s->isPack; }));
  const std::size_t single = access.subscripts.size() - packs;
  if (packs > 1 || single > shape->size() || (packs == 0 && single != shape->size())) {
    const auto plural = [](std::size_t n, std::string_view one, std::string_view many) {
      return fmt::format("{} {}", n, n == 1 ? one : many);
    };
    elaborator_
        .error<diag::NotFullyIndexed>(expr.span, elaborator_.text(access.base->span),
                                      plural(shape->size(), "axis", "axes"),
                                      packs > 1 ? "two packs are" : plural(single, "index is", "indices are"))
        .help(fmt::format("the shape is {}; `..s` stands for any number of axes", ir::toString(*shape)));
    return false;
  }
  std::size_t axis = 0;
  for (const Subscript* at : access.subscripts) {
    const Subscript& subscript = *at;
    if (!subscript.isPack) {
      if (!visitSubscript(subscript, (*shape)[axis++])) return false;
      continue;
    }
    IndexPack* pack = packOf(subscript);
    const std::size_t size = shape->size() - single;
    const auto begin = shape->begin() + static_cast<std::ptrdiff_t>(axis);
    if (!pack ||
        !resolvePack(elaborator_, *pack, ir::Shape(begin, begin + static_cast<std::ptrdiff_t>(size)), subscript.span))
      return false;
    axis += size;
  }
  return true;
}

bool Discovery::addReductionIndex(const Subscript& subscript, Reduction& reduction) {
  const syntax::Ident* written = subscript.name ? &*subscript.name : nullptr;
  const auto* bare =
      subscript.value && !subscript.name ? std::get_if<syntax::NameExpr>(&subscript.value->node) : nullptr;
  if (!written && !bare) {
    elaborator_.error<diag::UnboundIndex>(subscript.span, elaborator_.text(subscript.span))
        .help("a function goes along an index, which is a name: `sum[i](..)`");
    return false;
  }
  const std::string_view name = written ? std::string_view(written->text) : std::string_view(bare->name);
  const Name* known = scope_.find(name);
  if (known && (known->index || known->pack) && (known->pack != nullptr) == subscript.isPack) {
    reduction.indices.push_back({known->index, known->pack, /*isOuter=*/true, subscript.span});
    return true;
  }
  if (known && !(subscript.isPack && known->kind == NameKind::Dim)) {
    elaborator_.error<diag::ShadowingIndex>(subscript.span, name, "a value that is visible here")
        .also(known->span, "introduced here")
        .help("choose another name for the index");
    return false;
  }
  Name bound{.text = name,
             .kind = subscript.isPack ? NameKind::IndexPack : NameKind::Index,
             .value = Unit{},
             .span = subscript.span};
  if (subscript.isPack) {
    bound.pack = &context_.packs.emplace_back(
        IndexPack{.name = name, .variables = {}, .order = elaborator_.nextIndexOrder(), .bound = subscript.span});
  } else {
    IndexVariable variable{.name = name,
                           .order = elaborator_.nextIndexOrder(),
                           .extent = {},
                           .bound = subscript.span,
                           .extentFrom = {},
                           .affineUse = {}};
    if (written) {
      const std::optional<Value> extent = elaborator_.evaluate(*subscript.value, scope_);
      const auto* size = extent ? std::get_if<std::int64_t>(&*extent) : nullptr;
      if (extent && (!size || *size < 0))
        elaborator_.error<diag::WrongKind>(subscript.value->span, fmt::format("the extent of `{}`", name),
                                           "an int >= 0", describe(*extent));
      if (!size || *size < 0) return false;
      variable.extent = *size;
      variable.isWritten = true;
      variable.extentFrom = subscript.value->span;
    }
    bound.index = elaborator_.arena().make(std::move(variable));
  }
  reduction.indices.push_back({bound.index, bound.pack, /*isOuter=*/false, subscript.span});
  reduction.scope->add(std::move(bound));
  return true;
}

bool Discovery::visitReduction(const Expr& expr, const syntax::CallExpr& call) {
  const auto& index = std::get<IndexExpr>(stripped(*call.callee).node);
  Reduction reduction;
  reduction.callee = *baseOf(elaborator_, *index.base, scope_);
  reduction.scope = &elaborator_.newScope(scope_);
  reduction.scope->indices = &context_;
  for (const Subscript& subscript : index.subscripts)
    if (!addReductionIndex(subscript, reduction)) return false;
  Discovery inner(elaborator_, *reduction.scope);
  for (const syntax::Arg& argument : call.arguments)
    if (!inner.visit(*argument.value)) return false;
  context_.reductions.emplace(&expr, std::move(reduction));
  return true;
}

bool discover(Elaborator& elaborator, const Expr& expr, Scope& scope) {
  return Discovery(elaborator, scope).visit(expr);
}

}  // namespace nnc::elaborate
