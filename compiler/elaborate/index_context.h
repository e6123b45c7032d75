// What is known about one piece of index notation while it is lowered.
#pragma once
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "elaborate/scope.h"
#include "elaborate/value.h"

namespace nnc::elaborate {

/// One entry between the brackets of `f[i, ..s](e)`.
struct ReductionIndex {
  IndexVariable* variable = nullptr;
  IndexPack* pack = nullptr;
  bool isOuter = false;  // bound around the reduction: `softmax[k]` inside `let y[k]`
  Span span;
};

/// `f[i](e)`: the function and the scope of its argument.
struct Reduction {
  Value callee;
  Scope* scope = nullptr;
  std::vector<ReductionIndex> indices;
};

/// A `let y[..]`, or an expression with indices that stands alone.
///
/// Before anything is lowered, a walk over the expression finds the extents of all indices. What it had to evaluate on
/// the way (the tensors that are read) is remembered here, by the place in the tree, and used when the value is
/// computed.
struct IndexContext {
  Scope* scope = nullptr;     // holds the binders
  bool isStandalone = false;  // no `let y[..]` around: unbound packs become axes of the result
  std::map<const syntax::Expr*, Value> bases;
  std::map<const syntax::Expr*, Reduction> reductions;
  std::map<const syntax::Subscript*, IndexPack*> anonymousPacks;
  std::deque<IndexPack> packs;         // all that were introduced here
  std::vector<IndexPack*> standalone;  // those that become axes of the result, in order
};

}  // namespace nnc::elaborate
