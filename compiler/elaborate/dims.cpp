#include "elaborate/dims.h"

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/tensor_ops.h"
#include "elaborate/trees.h"
#include "support/checked.h"

namespace nnc::elaborate {

using syntax::BinaryOp;
using syntax::DimExpr;
using syntax::Expr;

std::optional<ir::DType> tensorDType(const syntax::TypeExpr& type) {
  const auto* named = std::get_if<syntax::NamedType>(&type.node);
  if (!named) return std::nullopt;
  const std::optional<ir::DType> dtype = ir::parseDType(named->name.text);
  // `bool` alone is the static type; `bool[..]` is a tensor.
  if (dtype == ir::DType::Bool && !named->shape) return std::nullopt;
  return dtype;
}

static const syntax::NameExpr* asName(const Expr& expr) { return std::get_if<syntax::NameExpr>(&stripped(expr).node); }

namespace {
/// What a name in a shape stands for.
struct DimLookup {
  bool isKnown = false;
  bool failed = false;
  std::int64_t value = 0;
  const Name* name = nullptr;
};
}  // namespace

static DimLookup lookUpDim(Elaborator& elaborator, std::string_view text, Scope& scope, Span span) {
  DimLookup lookup;
  std::optional<Value> value;
  if (const Name* name = scope.find(text)) {
    name->isUsed = true;
    lookup.name = name;
    if (!name->index && !name->pack) value = name->value;
  } else if (const Named named = elaborator.modules().find(scope.home(), text);
             named.decl && std::holds_alternative<syntax::ConstantDecl>(named.decl->node)) {
    value = elaborator.valueOf(named, span);
    lookup.failed = !value;
  } else {
    return lookup;
  }
  const auto* integer = value ? std::get_if<std::int64_t>(&*value) : nullptr;
  if (integer && *integer >= 0) {
    lookup.isKnown = true;
    lookup.value = *integer;
    return lookup;
  }
  if (!lookup.failed)
    elaborator.error<diag::WrongKind>(span, fmt::format("dim `{}`", text), "an int >= 0",
                                      value ? describe(*value) : "an index");
  lookup.failed = true;
  return lookup;
}

static std::optional<std::int64_t> evaluateDim(Elaborator& elaborator, const Expr& expr, Scope& scope) {
  if (const auto* name = asName(expr)) {
    const DimLookup lookup = lookUpDim(elaborator, name->name, scope, expr.span);
    if (lookup.isKnown) return lookup.value;
    if (!lookup.failed)
      elaborator.error<diag::UnknownName>(expr.span, name->name)
          .help("a dim is bound by a data parameter that has it: `x: f32[B, n]`");
    return std::nullopt;
  }
  const std::optional<Value> value = elaborator.evaluate(expr, scope);
  if (!value) return std::nullopt;
  const auto* dim = std::get_if<std::int64_t>(&*value);
  if (dim && *dim >= 0) return *dim;
  if (const Traced* traced = asTraced(*value))
    elaborator.error<diag::TracedCondition>(expr.span, "a shape", elaborator.text(expr.span), describe(traced));
  else
    elaborator.error<diag::WrongKind>(expr.span, "a shape", "ints >= 0", describe(*value));
  return std::nullopt;
}

static std::optional<ir::Shape> knownPack(Elaborator& elaborator, const DimExpr& dim, Scope& scope, bool isRequired) {
  if (dim.packName) {
    const Name* name = scope.find(dim.packName->text);
    if (name) name->isUsed = true;
    if (const std::optional<ir::Shape> dims = name ? asDims(name->value) : std::nullopt) return dims;
  }
  if (isRequired) elaborator.error<diag::UnknownName>(dim.span, elaborator.text(dim.span));
  return std::nullopt;
}

std::optional<ir::Type> resolveType(Elaborator& elaborator, const syntax::TypeExpr& type, Scope& scope) {
  const std::optional<ir::DType> dtype = tensorDType(type);
  if (!dtype) {
    elaborator.error<diag::UnknownType>(type.span, elaborator.text(type.span))
        .help("a tensor type is needed here, such as f32[n, 10]");
    return std::nullopt;
  }
  ir::Type resolved{*dtype, {}};
  const auto& shape = std::get<syntax::NamedType>(type.node).shape;
  if (!shape) return resolved;
  for (const DimExpr& dim : *shape) {
    if (dim.isPack) {
      const std::optional<ir::Shape> pack = knownPack(elaborator, dim, scope, /*isRequired=*/true);
      if (!pack) return std::nullopt;
      resolved.shape.insert(resolved.shape.end(), pack->begin(), pack->end());
      continue;
    }
    const std::optional<std::int64_t> size = evaluateDim(elaborator, *dim.value, scope);
    if (!size) return std::nullopt;
    resolved.shape.push_back(*size);
  }
  if (!checkLimits(elaborator, resolved.shape, type.span)) return std::nullopt;
  return resolved;
}

// --------------------------------------------------------------- matching

namespace {
/// `coefficient * unknown + constant`
struct Linear {
  Checked coefficient{0}, constant{0};
};

class Matcher {
 public:
  Matcher(Elaborator& elaborator, const syntax::TypeExpr& type, const Traced& value, Scope& scope,
          const Receiver& receiver)
      : elaborator_(elaborator),
        type_(type),
        value_(value),
        shape_(value.ownShape()),
        scope_(scope),
        receiver_(receiver) {}

  bool match();

 private:
  bool matchDim(const DimExpr& dim, std::size_t axis);
  bool matchName(const syntax::NameExpr& name, Span span, std::size_t axis);
  bool matchPack(const DimExpr& dim, std::size_t begin, std::size_t end);
  bool solve(const Expr& expr, std::size_t axis);
  std::optional<Linear> linear(const Expr& expr, std::string& unknown);
  bool isUnknown(const Expr& expr) const;
  void bind(std::string_view name, Value value);
  bool mismatch(std::size_t axis, std::int64_t expected, const Name* fact);
  bool wrongRank(std::string have);

  Elaborator& elaborator_;
  const syntax::TypeExpr& type_;
  const Traced& value_;
  const ir::Shape shape_;
  Scope& scope_;
  const Receiver& receiver_;
};
}  // namespace

static void addFact(Report& report, const Name& fact) {
  if (fact.kind == NameKind::Dim)
    report.also(fact.span, fmt::format("`{}` is {}, from `{}: {}`", fact.text, toText(fact.value), fact.factName,
                                       ir::toString(fact.factType)));
  else
    report.also(fact.span, fmt::format("`{}` is {}", fact.text, toText(fact.value)));
}

bool Matcher::mismatch(std::size_t axis, std::int64_t expected, const Name* fact) {
  elaborator_.noteClash(shape_[axis], expected);
  auto report = elaborator_.error<diag::DimMismatch>(receiver_.where, receiver_.text, elaborator_.text(type_.span),
                                                     ir::toString(value_.ownType()), axis, shape_[axis], expected);
  if (fact) addFact(report, *fact);
  report.also(type_.span, "declared here");
  return false;
}

bool Matcher::wrongRank(std::string have) {
  elaborator_
      .error<diag::RankMismatch>(receiver_.where, receiver_.text, elaborator_.text(type_.span),
                                 ir::toString(value_.ownType()), have)
      .also(type_.span, "declared here");
  return false;
}

void Matcher::bind(std::string_view name, Value value) {
  Name& bound = scope_.add(name, NameKind::Dim, std::move(value), receiver_.where);
  bound.factName = elaborator_.arena().text(std::string(receiver_.argument));
  bound.factType = value_.ownType();
}

bool Matcher::matchName(const syntax::NameExpr& name, Span span, std::size_t axis) {
  if (name.name == "_") return true;
  const DimLookup lookup = lookUpDim(elaborator_, name.name, scope_, span);
  if (lookup.failed) return false;
  if (lookup.isKnown) return lookup.value == shape_[axis] || mismatch(axis, lookup.value, lookup.name);
  if (receiver_.argument.empty()) {
    elaborator_.error<diag::UnknownName>(span, name.name)
        .help("a dim is bound by a data parameter; `_` stands for any size");
    return false;
  }
  bind(name.name, shape_[axis]);
  return true;
}

bool Matcher::isUnknown(const Expr& expr) const {
  const auto* name = asName(expr);
  if (!name || name->name == "_" || scope_.find(name->name)) return false;
  const Named named = elaborator_.modules().find(scope_.home(), name->name);
  return !named.decl || !std::holds_alternative<syntax::ConstantDecl>(named.decl->node);
}

static bool mentionsUnknown(const Expr& expr, const auto& isUnknown) {
  if (isUnknown(expr)) return true;
  const Expr& e = stripped(expr);
  if (const auto* unary = std::get_if<syntax::UnaryExpr>(&e.node)) return mentionsUnknown(*unary->operand, isUnknown);
  if (const auto* binary = std::get_if<syntax::BinaryExpr>(&e.node))
    return mentionsUnknown(*binary->left, isUnknown) || mentionsUnknown(*binary->right, isUnknown);
  if (const auto* call = std::get_if<syntax::CallExpr>(&e.node))
    for (const syntax::Arg& argument : call->arguments)
      if (mentionsUnknown(*argument.value, isUnknown)) return true;
  return false;
}

/// Empty: not of the form, or reported (then the diagnostics have grown).
std::optional<Linear> Matcher::linear(const Expr& given, std::string& unknown) {
  const Expr& expr = stripped(given);
  if (isUnknown(expr)) {
    const std::string& name = asName(expr)->name;
    if (!unknown.empty() && unknown != name) return std::nullopt;
    unknown = name;
    return Linear{.coefficient = 1, .constant = 0};
  }
  if (!mentionsUnknown(expr, [this](const Expr& e) { return isUnknown(e); })) {
    const std::optional<std::int64_t> value = evaluateDim(elaborator_, expr, scope_);
    if (!value) return std::nullopt;
    return Linear{.coefficient = 0, .constant = *value};
  }
  const auto* binary = std::get_if<syntax::BinaryExpr>(&expr.node);
  if (!binary) return std::nullopt;
  const std::optional<Linear> a = linear(*binary->left, unknown);
  const std::optional<Linear> b = a ? linear(*binary->right, unknown) : std::nullopt;
  if (!b) return std::nullopt;
  if (binary->op == BinaryOp::Add) return Linear{a->coefficient + b->coefficient, a->constant + b->constant};
  if (binary->op == BinaryOp::Sub) return Linear{a->coefficient - b->coefficient, a->constant - b->constant};
  if (binary->op != BinaryOp::Mul) return std::nullopt;
  const Linear& factor = a->coefficient.value() == 0 ? *a : *b;
  const Linear& other = &factor == &*a ? *b : *a;
  if (factor.coefficient.value() != 0) return std::nullopt;
  return Linear{factor.constant * other.coefficient, factor.constant * other.constant};
}

bool Matcher::solve(const Expr& expr, std::size_t axis) {
  std::string unknown;
  const int before = elaborator_.diagnostics().errorCount();
  const std::optional<Linear> form = linear(expr, unknown);
  if (elaborator_.diagnostics().errorCount() != before) return false;
  const std::optional<std::int64_t> k = form ? form->coefficient.value() : std::nullopt;
  const std::optional<std::int64_t> rest = form ? (Checked(shape_[axis]) - form->constant).value() : std::nullopt;
  const bool isSolvable = k && rest && *k != 0 && *rest % *k == 0 && *rest / *k >= 0;
  if (isSolvable && !receiver_.argument.empty()) {
    bind(elaborator_.arena().text(unknown), *rest / *k);
    return true;
  }
  elaborator_
      .error<diag::BadDimPattern>(receiver_.where, elaborator_.text(expr.span),
                                  fmt::format("axis {} of {}", axis, ir::toString(value_.ownType())))
      .also(expr.span, "declared here");
  return false;
}

bool Matcher::matchDim(const DimExpr& dim, std::size_t axis) {
  if (const auto* name = asName(*dim.value)) return matchName(*name, dim.value->span, axis);
  if (mentionsUnknown(*dim.value, [this](const Expr& e) { return isUnknown(e); })) return solve(*dim.value, axis);
  const std::optional<std::int64_t> value = evaluateDim(elaborator_, *dim.value, scope_);
  if (!value) return false;
  return *value == shape_[axis] || mismatch(axis, *value, nullptr);
}

bool Matcher::matchPack(const DimExpr& dim, std::size_t begin, std::size_t end) {
  if (!dim.packName) return true;
  const Name* name = scope_.find(dim.packName->text);
  const std::optional<ir::Shape> known = name && !name->pack ? asDims(name->value) : std::nullopt;
  const ir::Shape actual(shape_.begin() + static_cast<std::ptrdiff_t>(begin),
                         shape_.begin() + static_cast<std::ptrdiff_t>(end));
  if (!known) {
    if (receiver_.argument.empty()) {
      elaborator_.error<diag::UnknownName>(dim.span, elaborator_.text(dim.span));
      return false;
    }
    List dims;
    for (const std::int64_t size : actual) dims.items.emplace_back(size);
    bind(dim.packName->text, elaborator_.keepList(std::move(dims)));
    return true;
  }
  if (known->size() != actual.size()) {
    auto report = elaborator_.error<diag::RankMismatch>(
        receiver_.where, receiver_.text, elaborator_.text(type_.span), ir::toString(value_.ownType()),
        fmt::format("{} axes for `..{}`", actual.size(), dim.packName->text));
    addFact(report, *name);
    return false;
  }
  for (std::size_t i = 0; i < actual.size(); ++i)
    if (actual[i] != (*known)[i]) return mismatch(begin + i, (*known)[i], name);
  return true;
}

bool Matcher::match() {
  static const std::vector<DimExpr> kScalar;
  const auto& declared = std::get<syntax::NamedType>(type_.node).shape;
  const std::vector<DimExpr>& dims = declared ? *declared : kScalar;
  std::size_t packs = 0, packAt = dims.size();
  for (std::size_t i = 0; i < dims.size(); ++i)
    if (dims[i].isPack) {
      ++packs;
      packAt = i;
    }
  const std::size_t fixed = dims.size() - packs;
  const auto axes = [](std::size_t n) { return fmt::format("{} {}", n, n == 1 ? "axis" : "axes"); };
  if (packs == 0 && fixed != shape_.size()) return wrongRank(axes(shape_.size()));
  if (fixed > shape_.size()) return wrongRank(fmt::format("{}, too few", axes(shape_.size())));
  const std::size_t packSize = shape_.size() - fixed;
  // Names before expressions: `f32[2 * n, n]` binds n by its own axis.
  for (const bool isNamePass : {true, false}) {
    for (std::size_t i = 0; i < dims.size(); ++i) {
      const std::size_t axis = i > packAt ? i + packSize - 1 : i;
      if (dims[i].isPack) {
        if (isNamePass && !matchPack(dims[i], axis, axis + packSize)) return false;
        continue;
      }
      if ((asName(*dims[i].value) != nullptr) == isNamePass && !matchDim(dims[i], axis)) return false;
    }
  }
  return true;
}

const Traced* matchType(Elaborator& elaborator, const syntax::TypeExpr& type, const Traced& given, Scope& scope,
                        const Receiver& receiver) {
  const Traced* value = &given;
  const ir::DType dtype = *tensorDType(type);
  if (value->isIndex && dtype != ir::DType::Bool) value = castTo(elaborator, *value, dtype, receiver.where);
  if (value->type.dtype != dtype) {
    elaborator
        .error<diag::WrongDType>(receiver.where, receiver.text, elaborator.text(type.span),
                                 ir::toString(value->ownType()))
        .also(type.span, "declared here")
        .help(fmt::format("convert it: cast(.., {})", ir::dtypeName(dtype)));
    return nullptr;
  }
  return Matcher(elaborator, type, *value, scope, receiver).match() ? value : nullptr;
}

}  // namespace nnc::elaborate
