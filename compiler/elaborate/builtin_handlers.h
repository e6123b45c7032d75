// The functions behind the rows of builtins.def, and what they share.
#pragma once
#include <optional>

#include "elaborate/builtins.h"

namespace nnc::elaborate::builtin {

#define NNC_BUILTIN(NAME, PARAMETERS, HANDLER, DOC) \
  [[nodiscard]] std::optional<Value> HANDLER(Elaborator& elaborator, BuiltinCall& call);
#include "elaborate/builtins.def"
#undef NNC_BUILTIN

/// Refuses an argument: E0220 at its place.
std::optional<Value> badArgument(Elaborator& elaborator, const BuiltinCall& call, std::size_t i,
                                 std::string_view parameter, std::string_view reason);
/// A list of sizes; empty: reported.
[[nodiscard]] std::optional<ir::Shape> dimsArgument(Elaborator& elaborator, const BuiltinCall& call, std::size_t i,
                                                    std::string_view parameter);
/// `x` with another value of the same labels.
Value rebuilt(Elaborator& elaborator, const Traced& x, ir::Value value, Span span);

}  // namespace nnc::elaborate::builtin
