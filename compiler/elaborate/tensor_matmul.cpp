// `a @ b`: the last two axes, with labels and leading axes as a batch.
#include "diagnostics/kinds/elaborate.h"
#include "elaborate/tensor_ops.h"

namespace nnc::elaborate {

static std::optional<Value> refuse(Elaborator& elaborator, const Traced& a, const Traced& b, std::string_view reason,
                                   Span span) {
  elaborator.error<diag::MatMulShapes>(span, ir::toString(a.ownType()), ir::toString(b.ownType()), reason);
  return std::nullopt;
}

std::optional<Value> matMul(Elaborator& elaborator, const Value& left, const Value& right, Span span) {
  const Traced* a = asTensor(elaborator, left, std::nullopt, span);
  const Traced* b = a ? asTensor(elaborator, right, std::nullopt, span) : nullptr;
  if (!a || !b) return std::nullopt;
  const ir::Shape x = a->ownShape(), y = b->ownShape();
  if (a->type.dtype != b->type.dtype) return refuse(elaborator, *a, *b, "the element types differ", span);
  if (a->type.dtype == ir::DType::Bool) return refuse(elaborator, *a, *b, "bools have no product", span);
  if (x.size() < 2 || y.size() < 2) return refuse(elaborator, *a, *b, "both need two axes", span);
  const std::int64_t columns = x.back(), rows = y[y.size() - 2];
  if (columns != rows) {
    elaborator.noteClash(columns, rows);
    return refuse(elaborator, *a, *b, fmt::format("{} columns meet {} rows", columns, rows), span);
  }
  const ir::Shape xBatch(x.begin(), x.end() - 2), yBatch(y.begin(), y.end() - 2);
  if (!xBatch.empty() && !yBatch.empty() && xBatch != yBatch)
    return refuse(elaborator, *a, *b, "the axes before the last two differ", span);

  // Letters: labels, then leading axes, then m, k, n.
  const Labels labels = mergeLabels(a->labels, b->labels);
  std::string la, lb, ly;
  char next = 'a';
  for (const IndexVariable* label : labels) {
    const auto has = [&](const Traced* t) {
      return std::find(t->labels.begin(), t->labels.end(), label) != t->labels.end();
    };
    if (has(a) && has(b) && a->labels == b->labels) {
      la += next;
      lb += next;
    } else if (a->labels != b->labels)
      return refuse(elaborator, *a, *b, "they belong to different indices; write sum[k](..)", span);
    ly += next++;
  }
  for (std::size_t i = 0; i < std::max(xBatch.size(), yBatch.size()); ++i, ++next) {
    if (i < xBatch.size()) la += next;
    if (i < yBatch.size()) lb += next;
    ly += next;
  }
  la += {next, static_cast<char>(next + 1)};
  lb += {static_cast<char>(next + 1), static_cast<char>(next + 2)};
  ly += {next, static_cast<char>(next + 2)};
  ir::Shape own = xBatch.empty() ? yBatch : xBatch;
  own.push_back(x[x.size() - 2]);
  own.push_back(y.back());
  if (!checkLimits(elaborator, concatenated(extents(labels), own), span)) return std::nullopt;
  ir::Builder& builder = elaborator.at(span);
  const ir::Value product = builder.cast(builder.contract(a->value, b->value, la, lb, ly), a->type.dtype);
  Aligned aligned;
  aligned.labels = labels;
  return result(elaborator, product, aligned, span);
}

}  // namespace nnc::elaborate
