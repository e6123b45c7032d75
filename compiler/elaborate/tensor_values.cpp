// Static values as constants, and tensors brought to common labels, shape and element type.
#include <algorithm>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/tensor_ops.h"
#include "ir/evaluate.h"
#include "support/checked.h"

namespace nnc::elaborate {

bool checkLimits(Elaborator& elaborator, const ir::Shape& shape, Span where) {
  std::string reason;
  if (static_cast<int>(shape.size()) > kMaxRank) reason = fmt::format("it has {} axes", shape.size());
  for (const std::int64_t dim : shape)
    if (dim > kMaxDim) reason = fmt::format("an axis has {} entries", dim);
  const std::optional<std::int64_t> count = checkedElementCount(shape);
  if (reason.empty() && (!count || *count > kMaxElements)) reason = "it has too many elements";
  if (reason.empty()) return true;
  elaborator.error<diag::TensorTooLarge>(where, ir::toString(shape), reason);
  return false;
}

ir::Shape extents(const Labels& labels) {
  ir::Shape shape;
  for (const IndexVariable* label : labels) shape.push_back(*label->extent);
  return shape;
}

ir::Shape concatenated(ir::Shape a, const ir::Shape& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

static bool isSubset(const Labels& some, const Labels& all) {
  return std::all_of(some.begin(), some.end(),
                     [&](const IndexVariable* label) { return std::find(all.begin(), all.end(), label) != all.end(); });
}

Labels mergeLabels(const Labels& a, const Labels& b) {
  // The larger operand stays as it lies in memory.
  if (isSubset(b, a)) return a;
  if (isSubset(a, b)) return b;
  Labels all = a;
  for (const IndexVariable* label : b)
    if (std::find(a.begin(), a.end(), label) == a.end()) all.push_back(label);
  std::sort(all.begin(), all.end(), [](const IndexVariable* x, const IndexVariable* y) { return x->order < y->order; });
  return all;
}

std::optional<ir::Value> spread(Elaborator& elaborator, const Traced& x, const Labels& labels, const ir::Shape& own,
                                Span where) {
  const ir::Shape shape = concatenated(extents(labels), own);
  if (x.labels == labels && x.type.shape == shape) return x.value;
  if (!checkLimits(elaborator, shape, where)) return std::nullopt;
  std::vector<int> perm, dims;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto at = std::find(x.labels.begin(), x.labels.end(), labels[i]);
    if (at == x.labels.end()) continue;
    perm.push_back(static_cast<int>(at - x.labels.begin()));
    dims.push_back(static_cast<int>(i));
  }
  for (int i = 0; i < x.ownRank(); ++i) {
    perm.push_back(static_cast<int>(x.labels.size()) + i);
    dims.push_back(static_cast<int>(labels.size()) + i);
  }
  ir::Builder& builder = elaborator.at(where);
  return builder.broadcast(builder.transpose(x.value, std::move(perm)), shape, std::move(dims));
}

bool isTraced(const Value& value) {
  if (asTraced(value)) return true;
  const auto* list = std::get_if<const List*>(&value);
  return list && std::any_of((*list)->items.begin(), (*list)->items.end(), isTraced);
}

namespace {
struct ListContents {
  ir::Shape shape;
  std::vector<double> reals;
  std::vector<std::int64_t> integers;
  bool hasReal = false, hasInt = false, hasBool = false;
};
}  // namespace

static bool collect(const List& list, std::size_t depth, ListContents& contents) {
  if (depth == contents.shape.size()) contents.shape.push_back(static_cast<std::int64_t>(list.items.size()));
  if (contents.shape[depth] != static_cast<std::int64_t>(list.items.size())) return false;
  for (const Value& item : list.items) {
    if (const auto* inner = std::get_if<const List*>(&item)) {
      if (!collect(**inner, depth + 1, contents)) return false;
      continue;
    }
    if (depth + 1 != contents.shape.size()) return false;
    const bool* flag = std::get_if<bool>(&item);
    const std::optional<double> number = flag ? (*flag ? 1.0 : 0.0) : asReal(item);
    if (!number) return false;
    const auto* integer = std::get_if<std::int64_t>(&item);
    contents.reals.push_back(*number);
    contents.integers.push_back(integer ? *integer : static_cast<std::int64_t>(flag && *flag));
    (flag ? contents.hasBool : integer ? contents.hasInt : contents.hasReal) = true;
  }
  return true;
}

const Traced* listToTensor(Elaborator& elaborator, const List& list, std::optional<ir::DType> dtype, Span where) {
  ListContents contents;
  const bool isBlock = collect(list, 0, contents) && !(contents.hasBool && (contents.hasInt || contents.hasReal));
  std::optional<std::int64_t> count = checkedElementCount(contents.shape);
  if (!isBlock || !count || *count != static_cast<std::int64_t>(contents.reals.size())) {
    elaborator.error<diag::RaggedList>(where, describe(static_cast<const List*>(&list)));
    return nullptr;
  }
  const ir::DType natural = contents.hasReal ? ir::DType::F32 : contents.hasBool ? ir::DType::Bool : ir::DType::I32;
  const ir::DType chosen = dtype.value_or(natural);
  const bool fits = natural == chosen || (natural == ir::DType::I32 && chosen != ir::DType::Bool) ||
                    (natural == ir::DType::F32 && ir::isFloat(chosen));
  if (!fits) {
    elaborator.error<diag::DTypeMismatch>(where, "a list of " + std::string(ir::dtypeName(natural)),
                                          "a tensor of " + std::string(ir::dtypeName(chosen)));
    return nullptr;
  }
  if (!elaborator.requireTrace(where) || !checkLimits(elaborator, contents.shape, where)) return nullptr;
  ir::ConstAttributes constant;
  constant.type = {chosen, contents.shape};
  if (ir::isFloat(chosen)) {
    constant.reals = std::move(contents.reals);
  } else {
    constant.integers = std::move(contents.integers);
  }
  const ir::Type type = constant.type;
  const ir::Value value = elaborator.at(where).constantDense(std::move(constant));
  return elaborator.keep(Traced{
      .value = value, .type = type, .labels = {}, .isIndex = !dtype && natural == ir::DType::I32, .origin = where});
}

const Traced* asTensor(Elaborator& elaborator, const Value& value, std::optional<ir::DType> dtype, Span where) {
  if (const Traced* traced = asTraced(value)) return traced;
  if (const auto* list = std::get_if<const List*>(&value)) return listToTensor(elaborator, **list, dtype, where);
  const auto* flag = std::get_if<bool>(&value);
  const auto* integer = std::get_if<std::int64_t>(&value);
  const auto* real = std::get_if<double>(&value);
  if (!flag && !integer && !real) {
    elaborator.error<diag::WrongKind>(where, fmt::format("`{}`", elaborator.text(where)), "a tensor or a number",
                                      describe(value));
    return nullptr;
  }
  if (!elaborator.requireTrace(where)) return nullptr;
  const ir::DType natural = flag ? ir::DType::Bool : integer ? ir::DType::I32 : ir::DType::F32;
  const ir::Type type{dtype.value_or(natural), {}};
  ir::Builder& builder = elaborator.at(where);
  const ir::Value constant =
      real ? literal(builder, type, *real) : builder.constantInt(type, integer ? *integer : *flag);
  return elaborator.keep(Traced{.value = constant, .type = type, .labels = {}, .origin = where});
}

std::optional<KnownRange> knownRange(Elaborator& elaborator, const Traced& index) {
  // The reference evaluator takes some 10 ns a number.
  constexpr std::int64_t kMostElements = std::int64_t{1} << 22;
  const std::optional<ir::Tensor> known =
      ir::constantValue(elaborator.trace().builder.function(), index.value, kMostElements);
  const std::int64_t count = known ? known->type.elementCount() : 0;
  if (count == 0) return std::nullopt;
  KnownRange range{known->integer(0), known->integer(0)};
  for (std::int64_t i = 1; i < count; ++i) {
    range.least = std::min(range.least, known->integer(i));
    range.most = std::max(range.most, known->integer(i));
  }
  return range;
}

ir::Value literal(ir::Builder& builder, ir::Type type, double number) {
  if (type.dtype != ir::DType::F32) return builder.constant(std::move(type), number);
  return builder.constantDense({.type = std::move(type), .isSplat = true, .reals = {number}, .integers = {}});
}

const Traced* castTo(Elaborator& elaborator, const Traced& x, ir::DType dtype, Span where) {
  if (x.type.dtype == dtype) return &x;
  Traced converted = x;
  converted.value = elaborator.at(where).cast(x.value, dtype);
  converted.type.dtype = dtype;
  converted.isIndex = false;
  return elaborator.keep(std::move(converted));
}

Value result(Elaborator& elaborator, ir::Value value, const Aligned& aligned, Span span) {
  ir::Type type = elaborator.trace().builder.type(value);
  return elaborator.keep(Traced{.value = value, .type = std::move(type), .labels = aligned.labels, .origin = span});
}

}  // namespace nnc::elaborate
