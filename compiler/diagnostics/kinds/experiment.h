// The messages of experiment.def as types.
#pragma once
#include "diagnostics/kind_type.h"

namespace nnc::diag {
#define NNC_DIAGNOSTIC NNC_DIAGNOSTIC_TYPE
#include "diagnostics/kinds/experiment.def"
#undef NNC_DIAGNOSTIC
}  // namespace nnc::diag
