// What two operands must have in common, and the messages when they do not.
#include <algorithm>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/tensor_ops.h"

namespace nnc::elaborate {

static std::string typed(Elaborator& elaborator, const Traced& x, Span span) {
  return fmt::format("{}: {}", elaborator.text(span), ir::toString(x.ownType()));
}

/// `let y[i, j] = x[i, j] + gamma[j]`, when the axes of the smaller operand are the last ones of the larger.
static std::string broadcastHelp(Elaborator& elaborator, const Traced& a, const Traced& b, Span aSpan, Span bSpan,
                                 Span where) {
  const ir::Shape x = a.ownShape(), y = b.ownShape();
  const bool isSmallFirst = x.size() < y.size();
  const ir::Shape& small = isSmallFirst ? x : y;
  const ir::Shape& large = isSmallFirst ? y : x;
  if (small.size() == large.size() || large.size() > 5 || !std::equal(small.rbegin(), small.rend(), large.rbegin()))
    return "write it in index notation, where every axis has a name:  let y[i, j] = a[i, j] * b[j]";
  std::string all, few;
  for (std::size_t i = 0; i < large.size(); ++i) {
    const char letter = static_cast<char>('i' + i);
    all += fmt::format("{}{}", i ? ", " : "", letter);
    if (i >= large.size() - small.size()) few += fmt::format("{}{}", few.empty() ? "" : ", ", letter);
  }
  const std::string_view middle = elaborator.text({where.file, aSpan.end, bSpan.begin});
  return fmt::format("say which axis:  let y[{}] = {}[{}]{}{}[{}]", all, elaborator.text(aSpan),
                     isSmallFirst ? few : all, middle, elaborator.text(bSpan), isSmallFirst ? all : few);
}

static void reportShapes(Elaborator& elaborator, const Traced& a, const Traced& b, Span aSpan, Span bSpan,
                         std::string_view verb, Span where) {
  if (a.labels.empty() != b.labels.empty() || (!a.labels.empty() && (a.ownRank() == 0) != (b.ownRank() == 0))) {
    const Traced& whole = a.ownRank() > 0 ? a : b;
    const Span span = a.ownRank() > 0 ? aSpan : bSpan;
    elaborator.error<diag::ValueNotScalar>(span, elaborator.text(span),
                                           "a whole tensor " + ir::toString(whole.ownType()));
    return;
  }
  const ir::Shape x = a.ownShape(), y = b.ownShape();
  if (x.size() == y.size()) {
    const auto [one, other] = std::mismatch(x.begin(), x.end(), y.begin());
    if (one != x.end()) elaborator.noteClash(*one, *other);
  }
  auto report =
      elaborator.error<diag::NoBroadcast>(where, typed(elaborator, a, aSpan), verb, typed(elaborator, b, bSpan));
  if (x.size() == y.size()) {
    // No notation makes these sizes equal.
    for (std::size_t i = 0; i < x.size(); ++i)
      if (x[i] != y[i]) report.note(fmt::format("axis {} is {} on the left and {} on the right", i, x[i], y[i]));
    return;
  }
  if (aSpan && bSpan && aSpan.file == bSpan.file && aSpan.end <= bSpan.begin)
    report.help(broadcastHelp(elaborator, a, b, aSpan, bSpan, where));
}

static void reportDTypes(Elaborator& elaborator, const std::string& a, const std::string& b, Span where,
                         std::string help) {
  elaborator.error<diag::DTypeMismatch>(where, a, b).help(std::move(help));
}

namespace {
/// The common element type of the operands, found one by one.
struct CommonDType {
  std::optional<ir::DType> strong;  // of a tensor that does not adapt
  std::size_t strongest = 0;        // the operand that set it
  bool hasReal = false, hasInt = false, hasBool = false, hasIndex = false;
};
}  // namespace

static std::optional<ir::DType> commonDType(Elaborator& elaborator, std::span<const Value> values,
                                            std::span<const Span> spans, Span where, bool& isIndex) {
  CommonDType common;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (const Traced* traced = asTraced(values[i])) {
      if (traced->isIndex) {
        common.hasIndex = true;
        continue;
      }
      if (!common.strong) {
        common.strong = traced->type.dtype;
        common.strongest = i;
        continue;
      }
      if (*common.strong == traced->type.dtype) continue;
      reportDTypes(elaborator,
                   fmt::format("`{}`", typed(elaborator, *asTraced(values[common.strongest]), spans[common.strongest])),
                   fmt::format("`{}`", typed(elaborator, *traced, spans[i])), where,
                   "convert one of them: cast(.., f32)");
      return std::nullopt;
    }
    if (std::holds_alternative<double>(values[i])) common.hasReal = true;
    if (std::holds_alternative<std::int64_t>(values[i])) common.hasInt = true;
    if (std::holds_alternative<bool>(values[i])) common.hasBool = true;
  }
  isIndex = !common.strong && common.hasIndex && !common.hasReal;
  const ir::DType natural = common.hasReal                     ? ir::DType::F32
                            : common.hasIndex || common.hasInt ? ir::DType::I32
                            : common.hasBool                   ? ir::DType::Bool
                                                               : ir::DType::F32;
  const ir::DType dtype = common.strong.value_or(natural);
  const bool fits = (!common.hasReal || ir::isFloat(dtype)) &&
                    (dtype != ir::DType::Bool || !(common.hasInt || common.hasIndex)) &&
                    (!common.hasBool || dtype == ir::DType::Bool);
  if (fits) return dtype;
  const std::string number = common.hasReal ? "a real" : common.hasBool ? "a bool" : "a number";
  reportDTypes(elaborator,
               common.strong ? fmt::format("`{}`", typed(elaborator, *asTraced(values[common.strongest]),
                                                         spans[common.strongest]))
                             : "an int",
               number, where, "convert the tensor: cast(.., f32)");
  return std::nullopt;
}

/// Numbers become constants of the full shape at once; everything else is spread.
static std::optional<ir::Value> operandValue(Elaborator& elaborator, const Value& value, const Aligned& aligned,
                                             Span where) {
  if (const Traced* traced = asTraced(value))
    return spread(elaborator, *castTo(elaborator, *traced, aligned.dtype, where), aligned.labels, aligned.own, where);
  const ir::Type type{aligned.dtype, concatenated(extents(aligned.labels), aligned.own)};
  ir::Builder& builder = elaborator.at(where);
  if (const auto* real = std::get_if<double>(&value)) return literal(builder, type, *real);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return builder.constantInt(type, *integer);
  return builder.constantInt(type, std::get<bool>(value) ? 1 : 0);
}

std::optional<Aligned> align(Elaborator& elaborator, std::span<const Value> given, std::span<const Span> spans,
                             std::string_view verb, Span where, const Traced* condition) {
  if (!elaborator.requireTrace(where)) return std::nullopt;
  std::vector<Value> values(given.begin(), given.end());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (asTraced(values[i]) || asReal(values[i]) || std::holds_alternative<bool>(values[i])) continue;
    const Traced* tensor = asTensor(elaborator, values[i], std::nullopt, spans[i]);
    if (!tensor) return std::nullopt;
    values[i] = tensor;
  }
  Aligned aligned;
  const std::optional<ir::DType> dtype = commonDType(elaborator, values, spans, where, aligned.isIndex);
  if (!dtype) return std::nullopt;
  aligned.dtype = *dtype;
  if (condition) {
    aligned.labels = condition->labels;
    aligned.own = condition->ownShape();
  }
  const Traced* shaped =
      condition && condition->ownRank() > 0 ? condition : nullptr;  // the first operand that is no scalar
  Span shapedSpan = condition ? condition->origin : Span();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Traced* traced = asTraced(values[i]);
    if (!traced) continue;
    aligned.labels = mergeLabels(aligned.labels, traced->labels);
    if (traced->ownRank() == 0) continue;
    if (!shaped) {
      shaped = traced;
      shapedSpan = spans[i];
      aligned.own = traced->ownShape();
    } else if (traced->ownShape() != aligned.own) {
      reportShapes(elaborator, *shaped, *traced, shapedSpan, spans[i], verb, where);
      return std::nullopt;
    }
  }
  if (!checkLimits(elaborator, concatenated(extents(aligned.labels), aligned.own), where)) return std::nullopt;
  for (const Value& value : values) {
    const std::optional<ir::Value> operand = operandValue(elaborator, value, aligned, where);
    if (!operand) return std::nullopt;
    aligned.values.push_back(*operand);
  }
  if (!condition) return aligned;
  const std::optional<ir::Value> last = spread(elaborator, *condition, aligned.labels, aligned.own, where);
  if (!last) return std::nullopt;
  aligned.values.push_back(*last);
  return aligned;
}

}  // namespace nnc::elaborate
