// Index notation: `let y[b, o] = sum[i](x[b, i] * w[i, o])`, lowered to slices, windows, gathers, contractions and
// reductions. The rules are in docs/language.md; how values carry indices is at Traced in value.h.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "elaborate/elaborator.h"
#include "elaborate/tensor_ops.h"

namespace nnc::elaborate {

/// `let y[b, ..s, i: n] = e`: the tensor with the axes of the binders.
[[nodiscard]] std::optional<Value> evaluateIndexedLet(Elaborator& elaborator, const syntax::Pattern& pattern,
                                                      const syntax::Expr& value, Scope& scope);
/// `x[b, i]`, or an entry of a list.
[[nodiscard]] std::optional<Value> evaluateIndex(Elaborator& elaborator, const syntax::Expr& expr, Scope& scope);
/// Whether the callee of a call is `f[i]` for a function f. Evaluates f; empty: reported.
[[nodiscard]] std::optional<bool> isReduction(Elaborator& elaborator, const syntax::Expr& callee, Scope& scope);
/// `f[i, j](e, ..)`. Needs: isReduction of its callee. `call` names the place in the tree.
[[nodiscard]] std::optional<Value> evaluateReduction(Elaborator& elaborator, const syntax::Expr& call, Scope& scope);
/// An index as a number: an iota along it.
[[nodiscard]] std::optional<Value> indexValue(Elaborator& elaborator, const IndexVariable& index, Span where);

// ------------------------------------------------- between the files of index notation

/// Finds the extents of indices in `expr`, and remembers in the context of `scope` what is read.
[[nodiscard]] bool discover(Elaborator& elaborator, const syntax::Expr& expr, Scope& scope);
/// Whether an index of index notation occurs in `expr`; with `only`: one of those.
bool mentionsIndex(const syntax::Expr& expr, const Scope& scope, const Labels* only = nullptr);
/// The name of an index, if `expr` is one.
const Name* asIndexName(const syntax::Expr& expr, const Scope& scope);
/// Makes sure that an index has an extent.
[[nodiscard]] bool requireExtent(Elaborator& elaborator, const IndexVariable& index, Span where);
[[nodiscard]] bool setExtent(Elaborator& elaborator, IndexVariable& index, std::int64_t extent, Span where);
/// The variables of a pack of `rank`, made when it is first used.
[[nodiscard]] bool resolvePack(Elaborator& elaborator, IndexPack& pack, const ir::Shape& sizes, Span where);
/// The tensor or list that is indexed, evaluated once per context.
[[nodiscard]] std::optional<Value> baseOf(Elaborator& elaborator, const syntax::Expr& base, Scope& scope);
/// The variables of `f[i, ..s]`, packs expanded.
[[nodiscard]] std::optional<Labels> variablesOf(Elaborator& elaborator, const Reduction& reduction);

/// What is read, and by which subscripts: `table[c][d]` is `table[c, d]` when an index is involved.
struct Access {
  const syntax::Expr* base = nullptr;
  std::vector<const syntax::Subscript*> subscripts;
};
/// Needs: `expr` is an IndexExpr.
Access accessOf(const syntax::Expr& expr, const Scope& scope);
/// `x[..]` with the subscripts read; needs `discover` before.
[[nodiscard]] std::optional<Value> readTensor(Elaborator& elaborator, const Traced& base, const Access& access,
                                              Span span, Scope& scope);
/// `sum[k](a * b)`: contractions of pairs, reductions of what stands alone.
[[nodiscard]] std::optional<Value> sumOver(Elaborator& elaborator, const syntax::Expr& summand, const Labels& variables,
                                           Span span, Scope& scope);
/// reduce_max or reduce_sum over the axes of `variables`. `isMin`: of the negated values.
[[nodiscard]] std::optional<Value> maxOver(Elaborator& elaborator, const Value& value, const Labels& variables,
                                           bool isMin, Span span);
/// `x` with all `labels` as leading axes and own axes as they are; then `keep` stay labels, the others become own axes
/// in front of the own ones.
[[nodiscard]] std::optional<Value> labelsToAxes(Elaborator& elaborator, const Value& value, const Labels& axes,
                                                Span span);

}  // namespace nnc::elaborate
