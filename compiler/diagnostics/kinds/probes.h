// The messages of probes.def as types.
#pragma once
#include "diagnostics/kind_type.h"

namespace nnc::diag {
#define NNC_DIAGNOSTIC NNC_DIAGNOSTIC_TYPE
#include "diagnostics/kinds/probes.def"
#undef NNC_DIAGNOSTIC
}  // namespace nnc::diag
