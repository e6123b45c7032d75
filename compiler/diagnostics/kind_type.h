// How a row of a table of messages becomes a type: `diag::PlanTooLarge` and so on. The tables are one to a phase, so
// that a changed message rebuilds the phase that says it.
#pragma once
#include <string_view>

#include "diagnostics/diagnostics.h"

#define NNC_DIAGNOSTIC_TYPE(NAME, CODE, SEVERITY, FORMAT, EXPLANATION) \
  struct NAME {                                                        \
    static constexpr std::string_view kName = #NAME;                   \
    static constexpr std::string_view kCode = CODE;                    \
    static constexpr Severity kSeverity = Severity::SEVERITY;          \
    static constexpr std::string_view kFormat = FORMAT;                \
    static constexpr std::string_view kExplanation = EXPLANATION;      \
  };
