// The messages of study.def as types.
#pragma once
#include "diagnostics/kind_type.h"

namespace nnc::diag {
#define NNC_DIAGNOSTIC NNC_DIAGNOSTIC_TYPE
#include "diagnostics/kinds/study.def"
#undef NNC_DIAGNOSTIC
}  // namespace nnc::diag
