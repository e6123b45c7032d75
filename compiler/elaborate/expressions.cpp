// Expressions, one kind after the other.
#include <algorithm>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/builtins.h"
#include "elaborate/convert.h"
#include "elaborate/elaborator.h"
#include "elaborate/index_notation.h"
#include "elaborate/scan.h"
#include "elaborate/static_ops.h"
#include "elaborate/tensor_ops.h"

namespace nnc::elaborate {

using syntax::BinaryOp;
using syntax::Expr;

namespace {
template <typename... F>
struct Cases : F... {
  using F::operator()...;
};
}  // namespace

std::optional<Value> Elaborator::evaluate(const Expr& expr, Scope& scope) {
  // Bounds the native stack: expressions nest up to 256 levels in each of up to 256 calls.
  constexpr int kDeepest = 2500;
  if (depth_ >= kDeepest) {
    error<diag::NestedTooDeep>(expr.span, kDeepest);
    return std::nullopt;
  }
  ++depth_;
  Result value = evaluateNode(expr, scope);
  --depth_;
  return value;
}

std::optional<Value> Elaborator::evaluateNode(const Expr& expr, Scope& scope) {
  return std::visit(Cases{
                        [&](const syntax::NameExpr& e) { return evaluateName(e, expr.span, scope); },
                        [&](const syntax::IntLiteral& e) { return Result(e.value); },
                        [&](const syntax::RealLiteral& e) { return Result(e.value); },
                        [&](const syntax::StringLiteral& e) { return Result(Text{e.value}); },
                        [&](const syntax::BoolLiteral& e) { return Result(e.value); },
                        [&](const syntax::SymbolExpr& e) { return Result(Symbol{e.name}); },
                        [&](const syntax::FieldExpr& e) { return evaluateField(e, expr.span, scope); },
                        [&](const syntax::CallExpr& e) { return evaluateCall(e, expr, scope); },
                        [&](const syntax::IndexExpr&) { return evaluateIndex(*this, expr, scope); },
                        [&](const syntax::UnaryExpr& e) { return evaluateUnary(e, expr.span, scope); },
                        [&](const syntax::BinaryExpr&) { return evaluateBinary(expr, scope); },
                        [&](const syntax::CondExpr& e) { return evaluateCond(e, scope); },
                        [&](const syntax::RepeatExpr& e) { return evaluateRepeat(e, expr.span, scope); },
                        [&](const syntax::ScanExpr& e) { return evaluateScan(*this, e, expr.span, scope); },
                        [&](const syntax::LambdaExpr& e) {
                          return Result(keepCallable(Callable{LambdaCallable{&e, &scope}, expr.span}));
                        },
                        [&](const syntax::TupleExpr& e) { return evaluateTuple(e, scope); },
                        [&](const syntax::ParenExpr& e) { return evaluate(*e.inner, scope); },
                        [&](const syntax::ListExpr& e) { return evaluateList(e, scope); },
                    },
                    expr.node);
}

std::optional<Value> Elaborator::evaluateUnary(const syntax::UnaryExpr& unary, Span span, Scope& scope) {
  const Result operand = evaluate(*unary.operand, scope);
  return operand ? unaryOperator(*this, unary.op, *operand, span) : std::nullopt;
}

/// A chain `a + b + c ..` leans to the left and may be thousands of operators long: walked, not recursed into.
std::optional<Value> Elaborator::evaluateBinary(const Expr& expr, Scope& scope) {
  std::vector<const Expr*> spine;
  const Expr* leftmost = &expr;
  while (const auto* binary = std::get_if<syntax::BinaryExpr>(&leftmost->node)) {
    spine.push_back(leftmost);
    leftmost = binary->left.get();
  }
  Result value = evaluate(*leftmost, scope);
  for (auto at = spine.rbegin(); value && at != spine.rend(); ++at) value = combine(**at, *value, scope);
  return value;
}

/// Whether `x` is one element for each of some indices that are bound around here: not one that a caller brought along.
static bool isElement(const Value& x, const Scope& scope) {
  const Traced* tensor = asTraced(x);
  return tensor && tensor->ownRank() == 0 &&
         std::any_of(tensor->labels.begin(), tensor->labels.end(), [&](const IndexVariable* label) {
           const Name* name = scope.find(label->name);
           return name && name->index == label;
         });
}

/// In index notation an element does not meet a whole tensor.
static bool requireElements(Elaborator& elaborator, const syntax::BinaryExpr& binary, const Value& left,
                            const Value& right, const Scope& scope) {
  const bool isLeft = isElement(left, scope);
  if (!isLeft && !isElement(right, scope)) return true;
  const Traced* whole = asTraced(isLeft ? right : left);
  if (!whole || whole->ownRank() == 0) return true;
  const Span span = isLeft ? binary.right->span : binary.left->span;
  elaborator.error<diag::ValueNotScalar>(span, elaborator.text(span),
                                         "a whole tensor " + ir::toString(whole->ownType()));
  return false;
}

std::optional<Value> Elaborator::combine(const Expr& expr, const Value& left, Scope& scope) {
  const auto& binary = std::get<syntax::BinaryExpr>(expr.node);
  if (binary.op == BinaryOp::Pipe) return combinePipe(binary, left, expr.span, scope);
  const bool* known = std::get_if<bool>(&left);
  if (known && binary.op == BinaryOp::And && !*known) return false;
  if (known && binary.op == BinaryOp::Or && *known) return true;
  const Result right = evaluate(*binary.right, scope);
  if (!right) return std::nullopt;
  if (scope.indices && !requireElements(*this, binary, left, *right, scope)) return std::nullopt;
  return binaryOperator(*this, binary.op, left, *right, binary.left->span, binary.right->span, expr.span);
}

/// Data on the left: applies. A recipe on the left: composes.
std::optional<Value> Elaborator::combinePipe(const syntax::BinaryExpr& pipe, const Value& left, Span span,
                                             Scope& scope) {
  const Result right = evaluate(*pipe.right, scope);
  if (!right) return std::nullopt;
  const std::string_view name = sourceName(*pipe.right);
  if (!std::holds_alternative<const Callable*>(left)) {
    std::vector<Argument> arguments;
    arguments.push_back({{}, left, pipe.left->span});
    return apply(*right, std::move(arguments), {pipe.right->span, name});
  }
  if (!asCallable(*right)) {
    error<diag::NotCallable>(pipe.right->span, describe(*right));
    return std::nullopt;
  }
  CompositionCallable chain;
  const std::string_view leftName = sourceName(*pipe.left);
  const auto* inner = std::get_if<CompositionCallable>(&std::get<const Callable*>(left)->node);
  // A chain written in place goes on; one that has a name stays one stage, and its instances stay under that name.
  if (inner && leftName.empty())
    chain = *inner;
  else
    chain.stages.push_back({left, leftName, pipe.left->span});
  chain.stages.push_back({*right, name, pipe.right->span});
  return keepCallable(Callable{std::move(chain), span});
}

std::optional<Value> Elaborator::evaluateCond(const syntax::CondExpr& cond, Scope& scope) {
  const std::optional<bool> condition = staticCondition(*this, *cond.condition, scope, "if");
  if (!condition) return std::nullopt;
  return evaluate(*condition ? *cond.thenValue : *cond.elseValue, scope);
}

std::optional<Value> Elaborator::evaluateRepeat(const syntax::RepeatExpr& repeat, Span span, Scope& scope) {
  constexpr std::int64_t kMost = 100'000;
  const Result count = evaluate(*repeat.count, scope);
  if (!count) return std::nullopt;
  const auto* n = std::get_if<std::int64_t>(&*count);
  if (const Traced* tensor = asTraced(*count)) {
    error<diag::TracedCondition>(repeat.count->span, "repeat", text(repeat.count->span), describe(tensor));
    return std::nullopt;
  }
  if (!n || *n < 0 || *n > kMost) {
    const std::string reason = n && *n > kMost ? fmt::format("the count is {}, and the limit is {}", *n, kMost)
                                               : "the count is " + describe(*count);
    error<diag::RepeatCount>(repeat.count->span, text(repeat.count->span), reason);
    return std::nullopt;
  }
  return keepCallable(Callable{RepeatCallable{&repeat, &scope, *n}, span});
}

std::optional<Value> Elaborator::evaluateTuple(const syntax::TupleExpr& tuple, Scope& scope) {
  if (tuple.entries.empty()) return Unit{};
  Record record;
  for (const syntax::Arg& entry : tuple.entries) {
    const Result value = evaluate(*entry.value, scope);
    if (!value) return std::nullopt;
    const std::string_view name = entry.name ? std::string_view(entry.name->text) : std::string_view();
    if (record.find(name)) {
      error<diag::RepeatedArgument>(entry.name->span, name);
      return std::nullopt;
    }
    record.fields.emplace_back(name, *value);
  }
  return static_cast<const Record*>(arena_.make(std::move(record)));
}

std::optional<Value> Elaborator::evaluateList(const syntax::ListExpr& list, Scope& scope) {
  List values;
  bool hasLabel = false;
  for (const syntax::ListEntry& entry : list.entries) {
    const Result value = evaluate(*entry.value, scope);
    if (!value) return std::nullopt;
    values.items.push_back(*value);
    values.labels.push_back(entry.label.value_or(""));
    hasLabel = hasLabel || entry.label;
  }
  if (!hasLabel) values.labels.clear();
  return keepList(std::move(values));
}

std::string_view Elaborator::sourceName(const Expr& callee) {
  if (const auto* name = std::get_if<syntax::NameExpr>(&callee.node)) return name->name;
  if (const auto* field = std::get_if<syntax::FieldExpr>(&callee.node)) return field->field.text;
  if (const auto* call = std::get_if<syntax::CallExpr>(&callee.node)) {
    const std::string_view name = sourceName(*call->callee);
    // `frozen(norm())` has the parameters of `norm()`, under the same paths.
    return name == kFrozen && call->arguments.size() == 1 ? sourceName(*call->arguments.front().value) : name;
  }
  if (const auto* index = std::get_if<syntax::IndexExpr>(&callee.node)) return sourceName(*index->base);
  if (const auto* paren = std::get_if<syntax::ParenExpr>(&callee.node)) return sourceName(*paren->inner);
  return {};
}

std::optional<Value> Elaborator::evaluateCall(const syntax::CallExpr& node, const Expr& expr, Scope& scope) {
  const std::optional<bool> isAlongIndex = isReduction(*this, *node.callee, scope);
  if (!isAlongIndex) return std::nullopt;
  if (*isAlongIndex) return evaluateReduction(*this, expr, scope);
  const Result callee = evaluate(*node.callee, scope);
  if (!callee) return std::nullopt;
  if (!asCallable(*callee)) {
    error<diag::NotCallable>(node.callee->span, describe(*callee));
    return std::nullopt;
  }
  std::vector<Argument> arguments;
  for (const syntax::Arg& argument : node.arguments) {
    const Result value = evaluate(*argument.value, scope);
    if (!value) return std::nullopt;
    arguments.push_back(
        {argument.name ? std::string_view(argument.name->text) : std::string_view(), *value, argument.span});
  }
  return call(*callee, std::move(arguments), {expr.span, sourceName(*node.callee)});
}

}  // namespace nnc::elaborate
