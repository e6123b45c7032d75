// Operators on static values: 64-bit ints with checks, f64 reals, bools, `==` of anything.
#pragma once
#include <optional>
#include <string_view>

#include "elaborate/elaborator.h"

namespace nnc::elaborate {

/// The operator as written: `+`, `and`.
std::string_view operatorText(syntax::BinaryOp op);
/// Needs: neither operand is traced, `op` is not Pipe.
[[nodiscard]] std::optional<Value> staticBinary(Elaborator& elaborator, syntax::BinaryOp op, const Value& a,
                                                const Value& b, Span span);
[[nodiscard]] std::optional<Value> staticUnary(Elaborator& elaborator, syntax::UnaryOp op, const Value& a, Span span);

}  // namespace nnc::elaborate
