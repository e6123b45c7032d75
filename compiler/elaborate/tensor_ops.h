// Operators on tensors: element types that adapt, equal shapes or a scalar, labels of index notation aligned.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "elaborate/elaborator.h"

namespace nnc::elaborate {

using Labels = std::vector<const IndexVariable*>;

/// Whether a tensor of this shape is within the limits; reports if not.
[[nodiscard]] bool checkLimits(Elaborator& elaborator, const ir::Shape& shape, Span where);
/// Sizes of the labels' axes.
ir::Shape extents(const Labels& labels);
ir::Shape concatenated(ir::Shape a, const ir::Shape& b);
/// The labels of both: in the order of one of them if it has all, otherwise in that of the variables.
Labels mergeLabels(const Labels& a, const Labels& b);

/// `x` with these labels and own axes: transposed and broadcast. Needs: the labels of `x` among `labels`, its own axes
/// those of `own` or none.
[[nodiscard]] std::optional<ir::Value> spread(Elaborator& elaborator, const Traced& x, const Labels& labels,
                                              const ir::Shape& own, Span where);
/// A number, bool, list or tensor as a tensor. `dtype`: of a number; absent: its natural one.
[[nodiscard]] const Traced* asTensor(Elaborator& elaborator, const Value& value, std::optional<ir::DType> dtype,
                                     Span where);
/// The same values in another dtype; needs a dtype that indices and numbers may adapt to.
const Traced* castTo(Elaborator& elaborator, const Traced& x, ir::DType dtype, Span where);

/// The least and the largest entry of an integer tensor that follows from indices and lists alone: known when the
/// program is compiled. Empty: it depends on what runs, has no entry, or too many to be looked at here.
struct KnownRange {
  std::int64_t least = 0, most = 0;
};
std::optional<KnownRange> knownRange(Elaborator& elaborator, const Traced& index);

/// A number as it is written, to every digit: it is rounded to f32 when the program is finished, if it is one in f32.
ir::Value literal(ir::Builder& builder, ir::Type type, double number);

/// Operands of one elementwise op: of one dtype, one shape, one list of labels.
struct Aligned {
  std::vector<ir::Value> values;
  Labels labels;
  ir::Shape own;
  ir::DType dtype = ir::DType::F32;
  bool isIndex = false;
};
/// `verb` for the message: "added to". `condition`: a bool tensor that shares shape and labels, but not the dtype; its
/// value comes last.
[[nodiscard]] std::optional<Aligned> align(Elaborator& elaborator, std::span<const Value> values,
                                           std::span<const Span> spans, std::string_view verb, Span where,
                                           const Traced* condition = nullptr);

/// Any operator but `|>`, on values of any phase.
[[nodiscard]] std::optional<Value> binaryOperator(Elaborator& elaborator, syntax::BinaryOp op, const Value& a,
                                                  const Value& b, Span aSpan, Span bSpan, Span span);
[[nodiscard]] std::optional<Value> unaryOperator(Elaborator& elaborator, syntax::UnaryOp op, const Value& a, Span span);
/// `x ** r`: see docs/language.md; repeated multiplication, sqrt, or exp(r * log x).
[[nodiscard]] std::optional<Value> power(Elaborator& elaborator, const Value& base, const Value& exponent,
                                         Span baseSpan, Span exponentSpan, Span span);
[[nodiscard]] std::optional<Value> matMul(Elaborator& elaborator, const Value& a, const Value& b, Span span);
/// A value made of `aligned`'s labels.
Value result(Elaborator& elaborator, ir::Value value, const Aligned& aligned, Span span);

/// Whether the value is a tensor, or a list that holds one.
bool isTraced(const Value& value);
/// A list of numbers as a constant tensor. `dtype` absent: i32 (which adapts), f32 or bool.
[[nodiscard]] const Traced* listToTensor(Elaborator& elaborator, const List& list, std::optional<ir::DType> dtype,
                                         Span where);

}  // namespace nnc::elaborate
