// Sums and maxima over indices.
//
// The summand is taken apart into factors. An index that occurs in one factor is summed there; what remains is a chain
// of contractions of two factors, the smallest result first. A sum of anything but a product is a reduction.
#include <algorithm>
#include <set>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/index_notation.h"
#include "elaborate/trees.h"

namespace nnc::elaborate {

using syntax::BinaryOp;
using syntax::Expr;

static bool has(const Labels& labels, const IndexVariable* label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}
static bool hasAny(const Labels& labels, const Labels& some) {
  return std::any_of(some.begin(), some.end(), [&](const IndexVariable* label) { return has(labels, label); });
}
static Labels without(const Labels& labels, const Labels& some) {
  Labels rest;
  for (const IndexVariable* label : labels)
    if (!has(some, label)) rest.push_back(label);
  return rest;
}

static std::vector<int> axesOf(const Traced& x, const Labels& some) {
  std::vector<int> axes;
  for (std::size_t i = 0; i < x.labels.size(); ++i)
    if (has(some, x.labels[i])) axes.push_back(static_cast<int>(i));
  return axes;
}

static const Traced* reduced(Elaborator& elaborator, const Traced& x, ir::Value value, const Labels& gone, Span span) {
  Traced y{.value = value,
           .type = elaborator.trace().builder.type(value),
           .labels = without(x.labels, gone),
           .isIndex = x.isIndex,
           .origin = span};
  return elaborator.keep(std::move(y));
}

static const Traced* sumAxes(Elaborator& elaborator, const Traced& x, const Labels& some, Span span) {
  const std::vector<int> axes = axesOf(x, some);
  if (axes.empty()) return &x;
  return reduced(elaborator, x, elaborator.at(span).reduceSum(x.value, axes), some, span);
}

static bool requireScalar(Elaborator& elaborator, const Traced& x, Span span) {
  if (x.ownRank() == 0) return true;
  elaborator.error<diag::ValueNotScalar>(span, elaborator.text(span), "a whole tensor " + ir::toString(x.ownType()));
  return false;
}

std::optional<Value> maxOver(Elaborator& elaborator, const Value& value, const Labels& variables, bool isMin,
                             Span span) {
  const Traced* x = asTraced(value);
  if (!x) return value;  // the same for every index
  if (!requireScalar(elaborator, *x, span)) return std::nullopt;
  const std::vector<int> axes = axesOf(*x, variables);
  if (axes.empty()) return value;
  if (x->type.dtype == ir::DType::Bool || (isMin && x->type.dtype == ir::DType::U8)) {
    elaborator.error<diag::NoOperator>(span, isMin ? "min" : "max", describe(value));
    return std::nullopt;
  }
  ir::Builder& builder = elaborator.at(span);
  // min x = -max(-x): there is one reduction for both.
  const ir::Value operand = isMin ? builder.neg(x->value) : x->value;
  const ir::Value most = builder.reduceMax(operand, axes);
  return reduced(elaborator, *x, isMin ? builder.neg(most) : most, variables, span);
}

// ---------------------------------------------------------------- products

namespace {
struct Factors {
  std::vector<const Traced*> tensors;
  std::vector<Span> spans;
  Value scale = std::int64_t{1};                 // of static factors
  std::vector<std::pair<Value, Span>> divisors;  // that do not depend on what is summed
};

class Summation {
 public:
  Summation(Elaborator& elaborator, const Labels& variables, Span span, Scope& scope)
      : elaborator_(elaborator), variables_(variables), span_(span), scope_(scope) {}

  bool addFactors(const Expr& expr);
  std::optional<Value> run();

 private:
  bool addFactor(const Expr& expr);
  bool addScale(const Value& number, Span span);
  bool adaptIndices();
  bool countMissing();
  bool sumAlone();
  bool combineBest();
  Labels finished(std::size_t i, std::size_t j) const;
  std::optional<Value> multiplied();

  Elaborator& elaborator_;
  const Labels& variables_;
  const Span span_;
  Scope& scope_;
  Factors factors_;
  std::vector<std::pair<const Traced*, Span>> outside_;  // factors without any summed index
};
}  // namespace

bool Summation::addScale(const Value& number, Span span) {
  const std::optional<Value> product =
      binaryOperator(elaborator_, BinaryOp::Mul, factors_.scale, number, span, span, span);
  if (product) factors_.scale = *product;
  return product.has_value();
}

bool Summation::addFactor(const Expr& expr) {
  const std::optional<Value> value = elaborator_.evaluate(expr, scope_);
  if (!value) return false;
  if (asReal(*value)) return addScale(*value, expr.span);
  const Traced* tensor = asTensor(elaborator_, *value, std::nullopt, expr.span);
  if (!tensor || !requireScalar(elaborator_, *tensor, expr.span)) return false;
  if (tensor->type.dtype == ir::DType::Bool) {
    elaborator_.error<diag::NoOperator>(expr.span, "sum", describe(tensor)).help("count with cast(.., f32)");
    return false;
  }
  factors_.tensors.push_back(tensor);
  factors_.spans.push_back(expr.span);
  return true;
}

/// Products and quotients lean to the left; parentheses around products are looked through.
bool Summation::addFactors(const Expr& given) {
  const Expr* expr = &stripped(given);
  if (const auto* unary = std::get_if<syntax::UnaryExpr>(&expr->node); unary && unary->op == syntax::UnaryOp::Neg)
    return addFactors(*unary->operand) && addScale(std::int64_t{-1}, expr->span);
  const auto* binary = std::get_if<syntax::BinaryExpr>(&expr->node);
  if (binary && binary->op == BinaryOp::Mul) return addFactors(*binary->left) && addFactors(*binary->right);
  if (binary && binary->op == BinaryOp::Div && !mentionsIndex(*binary->right, scope_, &variables_)) {
    if (!addFactors(*binary->left)) return false;
    const std::optional<Value> divisor = elaborator_.evaluate(*binary->right, scope_);
    if (divisor) factors_.divisors.emplace_back(*divisor, binary->right->span);
    return divisor.has_value();
  }
  return addFactor(*expr);
}

/// Indices used as factors take the element type of the tensors beside them.
bool Summation::adaptIndices() {
  std::optional<ir::DType> strong;
  if (std::holds_alternative<double>(factors_.scale)) strong = ir::DType::F32;
  for (const Traced* tensor : factors_.tensors)
    if (!tensor->isIndex) strong = tensor->type.dtype;
  for (std::size_t i = 0; i < factors_.tensors.size(); ++i) {
    const Traced*& tensor = factors_.tensors[i];
    if (strong && tensor->isIndex) tensor = castTo(elaborator_, *tensor, *strong, factors_.spans[i]);
    if (!strong || tensor->type.dtype == *strong) continue;
    elaborator_
        .error<diag::DTypeMismatch>(
            factors_.spans[i],
            fmt::format("`{}: {}`", elaborator_.text(factors_.spans[i]), ir::toString(tensor->ownType())),
            fmt::format("a tensor of {}", ir::dtypeName(*strong)))
        .help("convert one of them: cast(.., f32)");
    return false;
  }
  return true;
}

/// A sum over an index that occurs nowhere counts it.
bool Summation::countMissing() {
  for (const IndexVariable* variable : variables_) {
    const bool occurs = std::any_of(factors_.tensors.begin(), factors_.tensors.end(),
                                    [&](const Traced* t) { return has(t->labels, variable); });
    if (!occurs && !addScale(*variable->extent, span_)) return false;
  }
  return true;
}

/// Sums each index that occurs in one factor only, and takes factors without summed indices out of the sum.
bool Summation::sumAlone() {
  std::vector<const Traced*>& tensors = factors_.tensors;
  Labels single;  // summed indices that one factor has
  for (const IndexVariable* variable : variables_) {
    const auto uses =
        std::count_if(tensors.begin(), tensors.end(), [&](const Traced* t) { return has(t->labels, variable); });
    if (uses == 1) single.push_back(variable);
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    Labels alone;
    for (const IndexVariable* variable : single)
      if (has(tensors[i]->labels, variable)) alone.push_back(variable);
    tensors[i] = sumAxes(elaborator_, *tensors[i], alone, span_);
  }
  for (std::size_t i = 0; i < tensors.size();) {
    if (hasAny(tensors[i]->labels, variables_)) {
      ++i;
      continue;
    }
    outside_.emplace_back(tensors[i], factors_.spans[i]);
    tensors.erase(tensors.begin() + static_cast<std::ptrdiff_t>(i));
    factors_.spans.erase(factors_.spans.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return true;
}

/// The summed indices that only factors i and j have.
Labels Summation::finished(std::size_t i, std::size_t j) const {
  Labels done;
  for (const IndexVariable* variable : variables_) {
    bool isElsewhere = false, isHere = false;
    for (std::size_t k = 0; k < factors_.tensors.size(); ++k)
      if (has(factors_.tensors[k]->labels, variable)) (k == i || k == j ? isHere : isElsewhere) = true;
    if (isHere && !isElsewhere) done.push_back(variable);
  }
  return done;
}

static std::string letters(const Labels& labels, const Labels& all) {
  std::string text;
  for (const IndexVariable* label : labels) {
    const auto at = static_cast<std::size_t>(std::find(all.begin(), all.end(), label) - all.begin());
    text += static_cast<char>(at < 26 ? 'a' + at : 'A' + (at - 26));
  }
  return text;
}

/// The product of two factors, summed over `done`.
///
/// Two factors of the same indices have no rows and columns: their product is elementwise work and a reduction.
static const Traced* product(Elaborator& elaborator, const Traced& a, const Traced& b, const Labels& done, Span span) {
  const std::set<const IndexVariable*> inA(a.labels.begin(), a.labels.end()), inB(b.labels.begin(), b.labels.end());
  if (done.empty() || inA == inB) {
    const Value values[] = {&a, &b};
    const Span spans[] = {span, span};
    const std::optional<Aligned> operands = align(elaborator, values, spans, "multiplied by", span);
    if (!operands) return nullptr;
    const Value whole =
        result(elaborator, elaborator.at(span).mul(operands->values[0], operands->values[1]), *operands, span);
    return sumAxes(elaborator, *asTraced(whole), done, span);
  }
  Labels all = a.labels;
  for (const IndexVariable* label : b.labels)
    if (!has(all, label)) all.push_back(label);
  // A contraction writes its result in any order: that of the left-hand side needs no transpose.
  Labels left = without(all, done);
  std::sort(left.begin(), left.end(),
            [](const IndexVariable* x, const IndexVariable* y) { return x->order < y->order; });
  if (!checkLimits(elaborator, extents(left), span)) return nullptr;
  ir::Builder& builder = elaborator.at(span);
  const ir::Value sum =
      builder.contract(a.value, b.value, letters(a.labels, all), letters(b.labels, all), letters(left, all));
  const ir::Value value = builder.cast(sum, a.type.dtype);  // tensors of bf16 are summed in f32
  return elaborator.keep(
      Traced{.value = value, .type = elaborator.trace().builder.type(value), .labels = left, .origin = span});
}

bool Summation::combineBest() {
  // Looking at all pairs takes cubic time: a product longer than any network writes is taken from left to right.
  constexpr std::size_t kMostFactors = 12;
  std::vector<const Traced*>& tensors = factors_.tensors;
  std::size_t bestI = 0, bestJ = 1;
  double bestSize = -1.0;
  for (std::size_t i = 0; i < tensors.size() && tensors.size() <= kMostFactors; ++i)
    for (std::size_t j = i + 1; j < tensors.size(); ++j) {
      double size = 1.0;
      for (const IndexVariable* label : without(mergeLabels(tensors[i]->labels, tensors[j]->labels), finished(i, j)))
        size *= static_cast<double>(*label->extent);
      if (bestSize >= 0.0 && size >= bestSize) continue;
      bestSize = size;
      bestI = i;
      bestJ = j;
    }
  const Traced* combined = product(elaborator_, *tensors[bestI], *tensors[bestJ], finished(bestI, bestJ), span_);
  if (!combined) return false;
  tensors[bestI] = combined;
  tensors.erase(tensors.begin() + static_cast<std::ptrdiff_t>(bestJ));
  factors_.spans.erase(factors_.spans.begin() + static_cast<std::ptrdiff_t>(bestJ));
  return true;
}

std::optional<Value> Summation::multiplied() {
  Value total = factors_.scale;
  bool isPlain = equalValues(factors_.scale, std::int64_t{1});
  const auto times = [&](const Traced* factor, Span span) {
    const std::optional<Value> next =
        isPlain ? std::optional<Value>(factor)
                : binaryOperator(elaborator_, BinaryOp::Mul, factor, total, span, span, span_);
    isPlain = false;
    if (next) total = *next;
    return next.has_value();
  };
  for (const Traced* tensor : factors_.tensors)
    if (!times(tensor, span_)) return std::nullopt;
  for (const auto& [tensor, span] : outside_)
    if (!times(tensor, span)) return std::nullopt;
  for (const auto& [divisor, span] : factors_.divisors) {
    const std::optional<Value> next = binaryOperator(elaborator_, BinaryOp::Div, total, divisor, span_, span, span_);
    if (!next) return std::nullopt;
    total = *next;
  }
  return total;
}

std::optional<Value> Summation::run() {
  if (!adaptIndices() || !countMissing()) return std::nullopt;
  do {
    if (!sumAlone()) return std::nullopt;
    if (factors_.tensors.size() > 1 && !combineBest()) return std::nullopt;
  } while (factors_.tensors.size() > 1 ||
           (factors_.tensors.size() == 1 && hasAny(factors_.tensors[0]->labels, variables_)));
  return multiplied();
}

std::optional<Value> sumOver(Elaborator& elaborator, const Expr& summand, const Labels& variables, Span span,
                             Scope& scope) {
  Summation sum(elaborator, variables, span, scope);
  return sum.addFactors(summand) ? sum.run() : std::nullopt;
}

}  // namespace nnc::elaborate
