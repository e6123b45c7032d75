// One tensor read, `x[b, q, i * stride + u, y[b], 2]`: which entries along each axis, and the ops that fetch them.
//
//   bare index          the axis gets the index as its label
//   static int, k + c   slice (and reshape, for an axis that goes away)
//   i * s + u * d       slice to the exact extent, then window
//   anything else       gather; several gathers, or an index that occurs twice, through one flat axis
#include <algorithm>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/index_notation.h"
#include "elaborate/trees.h"
#include "support/checked.h"

namespace nnc::elaborate {

using syntax::BinaryOp;
using syntax::Expr;

namespace {

/// `sum of coefficient * index + constant`
struct Affine {
  std::vector<std::pair<const IndexVariable*, std::int64_t>> terms;
  std::int64_t constant = 0;
};

/// One axis of the tensor while it is read.
struct Axis {
  const IndexVariable* label = nullptr;  // what it becomes
  const Traced* gather = nullptr;        // or: the index that picks its entries
  bool isInside = false;                 // of a gather: it is known to stay in the axis
  Affine affine;                         // or: what is left to lower
  bool isDropped = false;
  Span span;
};

class Read {
 public:
  Read(Elaborator& elaborator, const Traced& base, const Access& access, Span span, Scope& scope)
      : elaborator_(elaborator), access_(access), span_(span), scope_(scope), value_(base.value), base_(base) {}

  std::optional<Value> run();

 private:
  bool readSubscripts();
  bool readSubscript(const syntax::Subscript& subscript, std::int64_t size);
  bool checkRange(const Axis& axis, std::int64_t size);
  bool checkGather(Axis& axis, std::int64_t size);
  bool reportOutside(Span where, std::optional<std::int64_t> reached, std::int64_t size, const Labels& indices);
  bool makeGather(Axis& axis);
  bool gatherRepeated();
  void sliceAxes();
  bool windowAxes();
  bool windowOnce(std::size_t terms);
  void gatherSingle();
  std::optional<Value> gatherAxes();
  std::optional<Value> gatherFlat(const std::vector<std::size_t>& gathers);
  std::optional<ir::Value> flatIndex(const std::vector<std::size_t>& merged, const Labels& labels, ir::DType dtype);
  const ir::Shape& shape() { return elaborator_.trace().builder.type(value_).shape; }
  bool isTaken(const IndexVariable* label, std::size_t upTo) const;

  Elaborator& elaborator_;
  const Access& access_;
  const Span span_;
  Scope& scope_;
  ir::Value value_;
  const Traced& base_;
  std::vector<Axis> axes_;  // one per axis of value_
};

}  // namespace

/// a * x + b * y, as far as 64 bits go. Empty: it does not fit.
static std::optional<Affine> combined(const Affine& x, std::int64_t a, const Affine& y, std::int64_t b) {
  Checked constant = Checked(x.constant) * a + Checked(y.constant) * b;
  Affine sum;
  bool fits = true;
  const auto add = [&](const Affine& part, std::int64_t factor) {
    for (const auto& [index, coefficient] : part.terms) {
      const auto known =
          std::find_if(sum.terms.begin(), sum.terms.end(), [&](const auto& term) { return term.first == index; });
      const std::int64_t before = known == sum.terms.end() ? 0 : known->second;
      const std::optional<std::int64_t> total = (Checked(coefficient) * factor + before).value();
      fits = fits && total;
      if (known == sum.terms.end())
        sum.terms.emplace_back(index, total.value_or(0));
      else
        known->second = total.value_or(0);
    }
  };
  add(x, a);
  add(y, b);
  if (!fits || !constant.value()) return std::nullopt;
  sum.constant = *constant.value();
  std::erase_if(sum.terms, [](const auto& term) { return term.second == 0; });
  return sum;
}

static const syntax::BinaryExpr* asAffineOperator(const Expr& expr) {
  const auto* binary = std::get_if<syntax::BinaryExpr>(&expr.node);
  const bool isForm =
      binary && (binary->op == BinaryOp::Add || binary->op == BinaryOp::Sub || binary->op == BinaryOp::Mul);
  return isForm ? binary : nullptr;
}

/// `expr` as an affine form. Empty: it is not one. `failed` is set when something was reported.
static std::optional<Affine> affineOf(Elaborator& elaborator, const Expr& given, Scope& scope, bool& failed) {
  // Sums lean to the left and may be long: a loop along the left edge.
  std::vector<const syntax::BinaryExpr*> spine;
  const Expr* expr = &stripped(given);
  while (const syntax::BinaryExpr* binary = asAffineOperator(*expr)) {
    spine.push_back(binary);
    expr = &stripped(*binary->left);
  }
  std::optional<Affine> form;
  const auto* bare = std::get_if<syntax::NameExpr>(&expr->node);
  const Name* local = bare ? scope.find(bare->name) : nullptr;
  const auto* unary = std::get_if<syntax::UnaryExpr>(&expr->node);
  if (const Name* name = asIndexName(*expr, scope)) {
    form = Affine{{{name->index, 1}}, 0};
  } else if (local && local->scan) {
    local->isUsed = true;
    form = Affine{{{local->scan, 1}}, local->scan->first};
  } else if (!mentionsIndex(*expr, scope)) {
    const std::optional<Value> value = elaborator.evaluate(*expr, scope);
    failed = failed || !value;
    if (const auto* integer = value ? std::get_if<std::int64_t>(&*value) : nullptr) form = Affine{{}, *integer};
  } else if (unary && unary->op == syntax::UnaryOp::Neg) {
    form = affineOf(elaborator, *unary->operand, scope, failed);
    if (form) form = combined({}, 1, *form, -1);
  }
  for (auto at = spine.rbegin(); form && at != spine.rend(); ++at) {
    const std::optional<Affine> right = affineOf(elaborator, *(*at)->right, scope, failed);
    if (!right) return std::nullopt;
    if ((*at)->op != BinaryOp::Mul)
      form = combined(*form, 1, *right, (*at)->op == BinaryOp::Add ? 1 : -1);
    else if (form->terms.empty())
      form = combined({}, 1, *right, form->constant);
    else if (right->terms.empty())
      form = combined(*form, right->constant, {}, 1);
    else
      return std::nullopt;
  }
  return form;
}

bool Read::checkRange(const Axis& axis, std::int64_t size) {
  Checked least(axis.affine.constant), most(axis.affine.constant);
  for (const auto& [index, coefficient] : axis.affine.terms) {
    if (!requireExtent(elaborator_, *index, axis.span)) return false;
    if (*index->extent == 0) return true;
    Checked& end = coefficient > 0 ? most : least;
    end = end + Checked(coefficient) * (*index->extent - 1);
  }
  const std::optional<std::int64_t> first = least.value(), last = most.value();
  const bool isInside = first && last && *first >= 0 && *last < size;
  if (isInside) return true;
  Labels indices;
  for (const auto& [index, coefficient] : axis.affine.terms) indices.push_back(index);
  return reportOutside(axis.span, !first || !last ? std::nullopt : *first < 0 ? first : last, size, indices);
}

/// `reached` empty: beyond 64 bits. Always false.
bool Read::reportOutside(Span where, std::optional<std::int64_t> reached, std::int64_t size, const Labels& indices) {
  if (reached) elaborator_.noteClash(*reached < 0 ? *reached : *reached + 1, *reached < 0 ? 0 : size);
  auto report = elaborator_.error<diag::IndexOutOfRange>(
      span_, elaborator_.text(span_), elaborator_.text(where),
      reached ? std::to_string(*reached) : std::string("a number beyond 64 bits"), size);
  for (const IndexVariable* index : indices)
    report.also(index->extentFrom, fmt::format("`{}` runs over {} from here", index->name, *index->extent));
  return false;
}

/// What is computed from indices and lists alone is known now: `i * i`, `div(i, 2)`, `head[e]`.
bool Read::checkGather(Axis& axis, std::int64_t size) {
  const auto range = knownRange(elaborator_, *axis.gather);
  if (!range) return true;
  const auto [least, most] = *range;
  axis.isInside = least >= 0 && most < size;
  return axis.isInside || reportOutside(axis.span, least < 0 ? least : most, size, axis.gather->labels);
}

bool Read::readSubscript(const syntax::Subscript& subscript, std::int64_t size) {
  Axis axis;
  axis.span = subscript.span;
  bool failed = false;
  const std::optional<Affine> affine = affineOf(elaborator_, *subscript.value, scope_, failed);
  if (failed) return false;
  bool isTimed = false;
  if (affine) {
    axis.affine = *affine;
    if (!checkRange(axis, size)) return false;
    isTimed =
        std::any_of(affine->terms.begin(), affine->terms.end(), [](const auto& term) { return term.first->isScan; });
  }
  // The `t` of a scan is bounded like an index, and read like a traced number.
  if (affine && !isTimed) {
    axes_.push_back(std::move(axis));
    return true;
  }
  const std::optional<Value> value = elaborator_.evaluate(*subscript.value, scope_);
  if (!value) return false;
  const Traced* picked = std::holds_alternative<const List*>(*value)
                             ? nullptr
                             : asTensor(elaborator_, *value, std::nullopt, subscript.span);
  if (!picked || picked->ownRank() > 0 || !ir::isInteger(picked->type.dtype)) {
    const std::string what =
        picked && picked->ownRank() > 0 ? "one int for each index (give it its own indices)" : "an int";
    elaborator_.error<diag::WrongKind>(subscript.span, "a subscript", what, describe(*value));
    return false;
  }
  if (!picked->isIndex) elaborator_.trace().labelUses.push_back({picked->value, size, subscript.span});
  if (picked->type.dtype != ir::DType::I32 && picked->type.dtype != ir::DType::I64)
    picked = castTo(elaborator_, *picked, ir::DType::I32, subscript.span);
  axis.isInside = affine.has_value();
  axis.affine = {};
  axis.gather = picked;
  if (!axis.isInside && !checkGather(axis, size)) return false;
  axes_.push_back(std::move(axis));
  return true;
}

bool Read::readSubscripts() {
  for (const IndexVariable* label : base_.labels) {
    Axis axis;
    axis.label = label;
    axes_.push_back(std::move(axis));
  }
  const ir::Shape own = base_.ownShape();
  std::size_t at = 0;
  for (const syntax::Subscript* each : access_.subscripts) {
    const syntax::Subscript& subscript = *each;
    if (!subscript.isPack) {
      if (!readSubscript(subscript, own[at++])) return false;
      continue;
    }
    const Name* name = subscript.name ? scope_.find(subscript.name->text) : nullptr;
    const IndexPack* pack = name ? name->pack : scope_.indices->anonymousPacks.at(&subscript);
    for (const IndexVariable* variable : *pack->variables) {
      Axis axis;
      axis.affine.terms = {{variable, 1}};
      axis.span = subscript.span;
      if (!checkRange(axis, own[at++])) return false;
      axes_.push_back(std::move(axis));
    }
  }
  return true;
}

bool Read::isTaken(const IndexVariable* label, std::size_t upTo) const {
  for (std::size_t i = 0; i < upTo; ++i) {
    if (axes_[i].label == label) return true;
    for (const auto& term : axes_[i].affine.terms)
      if (term.first == label) return true;
  }
  return false;
}

/// The affine form as a tensor of positions.
bool Read::makeGather(Axis& axis) {
  Value position = axis.affine.constant;
  for (const auto& [index, coefficient] : axis.affine.terms) {
    std::optional<Value> term = indexValue(elaborator_, *index, axis.span);
    if (term && coefficient != 1)
      term = binaryOperator(elaborator_, BinaryOp::Mul, *term, coefficient, axis.span, axis.span, axis.span);
    const bool isFirst = equalValues(position, std::int64_t{0});
    const std::optional<Value> sum =
        !term     ? std::nullopt
        : isFirst ? term
                  : binaryOperator(elaborator_, BinaryOp::Add, *term, position, axis.span, axis.span, axis.span);
    if (!sum) return false;
    position = *sum;
  }
  axis.gather = asTraced(position);
  axis.isInside = true;
  axis.affine = {};
  return true;
}

/// What a view cannot express: an index that goes backwards, or along two axes at once.
bool Read::gatherRepeated() {
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    Axis& axis = axes_[i];
    if (axis.label || axis.gather || axis.affine.terms.empty()) continue;
    const bool isView = std::all_of(axis.affine.terms.begin(), axis.affine.terms.end(), [&](const auto& term) {
      return term.second > 0 && *term.first->extent > 0 && !isTaken(term.first, i);
    });
    if (!isView && !makeGather(axis)) return false;
  }
  return true;
}

/// One slice for all axes: from the first entry read to the last, with the step of a single index.
void Read::sliceAxes() {
  const ir::Shape full = shape();
  ir::Shape lo(full.size(), 0), hi = full, step(full.size(), 1), left;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    Axis& axis = axes_[i];
    if (axis.label || axis.gather) {
      left.push_back(full[i]);
      continue;
    }
    lo[i] = axis.affine.constant;
    hi[i] = lo[i] + 1;
    for (const auto& [index, coefficient] : axis.affine.terms) hi[i] += coefficient * (*index->extent - 1);
    axis.isDropped = axis.affine.terms.empty();
    if (axis.affine.terms.size() == 1) {
      const auto [index, coefficient] = axis.affine.terms[0];
      step[i] = coefficient;
      if (*index->extent == 0) hi[i] = lo[i];
      axis.label = index;
      left.push_back(*index->extent);
    } else if (!axis.isDropped) {
      left.push_back(hi[i] - lo[i]);
    }
  }
  ir::Builder& builder = elaborator_.at(span_);
  const ir::Shape zeros(full.size(), 0), ones(full.size(), 1);
  if (lo != zeros || hi != full || step != ones) value_ = builder.slice(value_, lo, hi, step);
  std::erase_if(axes_, [](const Axis& axis) { return axis.isDropped; });
  value_ = builder.reshape(value_, left);
}

/// Splits off one index of every axis that still has `terms` of them: the axis keeps the others.
bool Read::windowOnce(std::size_t terms) {
  ir::Shape most = shape();  // of the result: an axis only becomes shorter
  std::vector<ir::WindowDim> dims;
  std::vector<Axis> appended;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    Axis& axis = axes_[i];
    if (axis.label || axis.gather || axis.affine.terms.size() != terms) continue;
    const auto [index, dilation] = axis.affine.terms.back();
    axis.affine.terms.pop_back();
    // The last one that stays sets the stride; before that, every position is kept.
    const bool isLast = axis.affine.terms.size() == 1;
    dims.push_back({.axis = static_cast<int>(i),
                    .size = *index->extent,
                    .stride = isLast ? axis.affine.terms[0].second : 1,
                    .dilation = dilation});
    if (isLast) axis.label = axis.affine.terms[0].first;
    Axis inner;
    inner.label = index;
    appended.push_back(std::move(inner));
    most.push_back(*index->extent);
  }
  if (!checkLimits(elaborator_, most, span_)) return false;
  value_ = elaborator_.at(span_).window(value_, std::move(dims));
  axes_.insert(axes_.end(), appended.begin(), appended.end());
  return true;
}

bool Read::windowAxes() {
  std::size_t most = 0;
  for (Axis& axis : axes_) {
    if (axis.label || axis.gather) continue;
    // The index that was introduced first goes along the axis, the others into the window: `i * stride + u`.
    std::sort(axis.affine.terms.begin(), axis.affine.terms.end(),
              [](const auto& a, const auto& b) { return a.first->order < b.first->order; });
    most = std::max(most, axis.affine.terms.size());
  }
  if (most < 2) return true;
  if (!checkLimits(elaborator_, ir::Shape(axes_.size() + most - 1, 1), span_)) return false;
  for (std::size_t terms = most; terms >= 2; --terms)
    if (!windowOnce(terms)) return false;
  return true;
}

// ----------------------------------------------------------------- gathers

/// One entry along an axis, the same for all indices: taken first, so that a read at the `t` of a scan stands alone.
void Read::gatherSingle() {
  for (std::size_t i = 0; i < axes_.size();) {
    if (!axes_[i].gather || !axes_[i].gather->labels.empty()) {
      ++i;
      continue;
    }
    value_ = elaborator_.at(span_).gather(value_, axes_[i].gather->value, static_cast<int>(i));
    axes_.erase(axes_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::optional<Value> Read::gatherAxes() {
  gatherSingle();
  std::vector<std::size_t> gathers;
  bool isShared = false;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    if (!axes_[i].gather) continue;
    gathers.push_back(i);
    for (const IndexVariable* label : axes_[i].gather->labels)
      isShared =
          isShared || std::any_of(axes_.begin(), axes_.end(), [&](const Axis& axis) { return axis.label == label; });
  }
  if (gathers.size() > 1 || isShared) return gatherFlat(gathers);
  Labels labels;
  for (const Axis& axis : axes_) {
    if (axis.gather)
      labels.insert(labels.end(), axis.gather->labels.begin(), axis.gather->labels.end());
    else
      labels.push_back(axis.label);
  }
  if (!gathers.empty()) {
    if (!checkLimits(elaborator_, extents(labels), span_)) return std::nullopt;
    value_ = elaborator_.at(span_).gather(value_, axes_[gathers[0]].gather->value, static_cast<int>(gathers[0]));
  }
  return elaborator_.keep(Traced{.value = value_,
                                 .type = elaborator_.trace().builder.type(value_),
                                 .labels = std::move(labels),
                                 .isIndex = base_.isIndex,
                                 .origin = span_});
}

/// The position in the merged axes, row-major, for every combination of `labels`.
std::optional<ir::Value> Read::flatIndex(const std::vector<std::size_t>& merged, const Labels& labels,
                                         ir::DType dtype) {
  const ir::Shape sizes = shape();
  std::optional<ir::Value> flat;
  for (const std::size_t i : merged) {
    const Axis& axis = axes_[i];
    std::optional<Value> own =
        axis.gather ? std::optional<Value>(axis.gather) : indexValue(elaborator_, *axis.label, span_);
    const Traced* index = own ? castTo(elaborator_, *asTraced(*own), dtype, span_) : nullptr;
    const std::optional<ir::Value> wide = index ? spread(elaborator_, *index, labels, {}, span_) : std::nullopt;
    if (!wide) return std::nullopt;
    ir::Builder& builder = elaborator_.at(span_);
    ir::Value position = *wide;
    if (axis.gather && !axis.isInside) {
      // A gather clamps to the whole flat axis; each index must stay in its own.
      const ir::Value zero = builder.constantLike(position, 0.0),
                      last = builder.constantInt(builder.type(position), sizes[i] - 1);
      position = builder.max(position, zero);
      position = builder.select(builder.compare(ir::Predicate::Gt, position, last), last, position);
    }
    if (flat) position = builder.add(builder.mul(*flat, builder.constantInt(builder.type(*flat), sizes[i])), position);
    flat = position;
  }
  return flat;
}

std::optional<Value> Read::gatherFlat(const std::vector<std::size_t>& gathers) {
  Labels indexLabels;
  for (const std::size_t i : gathers) indexLabels = mergeLabels(indexLabels, axes_[i].gather->labels);
  std::vector<std::size_t> merged, rest;
  std::int64_t count = 1;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    const bool isMerged =
        axes_[i].gather || std::find(indexLabels.begin(), indexLabels.end(), axes_[i].label) != indexLabels.end();
    (isMerged ? merged : rest).push_back(i);
    if (isMerged) count *= shape()[i];
  }
  const std::optional<ir::Value> index =
      flatIndex(merged, indexLabels, count > INT32_MAX ? ir::DType::I64 : ir::DType::I32);
  if (!index) return std::nullopt;
  std::vector<int> perm;
  ir::Shape flatShape = {count};
  Labels labels = indexLabels;
  for (const std::size_t i : merged) perm.push_back(static_cast<int>(i));
  for (const std::size_t i : rest) {
    perm.push_back(static_cast<int>(i));
    flatShape.push_back(shape()[i]);
    labels.push_back(axes_[i].label);
  }
  if (!checkLimits(elaborator_, extents(labels), span_)) return std::nullopt;
  ir::Builder& builder = elaborator_.at(span_);
  const ir::Value picked =
      builder.gather(builder.reshape(builder.transpose(value_, std::move(perm)), flatShape), *index, 0);
  return elaborator_.keep(Traced{.value = picked,
                                 .type = builder.type(picked),
                                 .labels = std::move(labels),
                                 .isIndex = base_.isIndex,
                                 .origin = span_});
}

std::optional<Value> Read::run() {
  if (!readSubscripts() || !gatherRepeated()) return std::nullopt;
  sliceAxes();
  if (!windowAxes()) return std::nullopt;
  return gatherAxes();
}

std::optional<Value> readTensor(Elaborator& elaborator, const Traced& base, const Access& access, Span span,
                                Scope& scope) {
  return Read(elaborator, base, access, span, scope).run();
}

}  // namespace nnc::elaborate
