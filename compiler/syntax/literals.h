// Literals as written to their values.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "diagnostics/diagnostics.h"
#include "support/source.h"

namespace nnc::syntax {

/// `1_000`, `0xFF`; empty: does not fit in 64 bits.
std::optional<std::int64_t> integerValue(std::string_view text);
/// `1_000.5`, `1e-3`; empty: too large for f64, or not zero and rounded to zero.
std::optional<double> realValue(std::string_view text);
/// A string with its quotes to its content. Needs: checkString was content.
std::string stringValue(std::string_view text);

/// Check a literal where it stands. False: reported (E0015 .. E0019).
bool checkNumber(std::string_view text, Span span, bool isReal, Diagnostics& diagnostics);
bool checkString(std::string_view text, Span span, std::int64_t longest, Diagnostics& diagnostics);

}  // namespace nnc::syntax
