// Declared tensor types against actual ones: dim names are bound or compared, on integers.
#pragma once
#include <optional>
#include <string_view>

#include "elaborate/elaborator.h"

namespace nnc::elaborate {

/// The dtype that a type names, if it is a tensor type.
std::optional<ir::DType> tensorDType(const syntax::TypeExpr& type);

/// The type with every size known: of a `param`, a `state`, a `let` with a type. `_` and unknown names are errors.
[[nodiscard]] std::optional<ir::Type> resolveType(Elaborator& elaborator, const syntax::TypeExpr& type, Scope& scope);

/// Who receives a tensor, for messages.
struct Receiver {
  std::string_view text;      // "parameter `x` of `dense`", "the result of `dense`"
  std::string_view argument;  // `x`: what a dim is said to come from; empty: names are compared, none is bound
  Span where;                 // the argument
};

/// Checks `value` against a declared tensor type; dim names that are not bound yet become names of `scope`.
///
/// Result  the value, converted if it was an index; null: reported, with what fixed the dim and what contradicts it.
[[nodiscard]] const Traced* matchType(Elaborator& elaborator, const syntax::TypeExpr& type, const Traced& value,
                                      Scope& scope, const Receiver& receiver);

}  // namespace nnc::elaborate
