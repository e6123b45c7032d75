// The messages of driver.def as types.
#pragma once
#include "diagnostics/kind_type.h"

namespace nnc::diag {
#define NNC_DIAGNOSTIC NNC_DIAGNOSTIC_TYPE
#include "diagnostics/kinds/driver.def"
#undef NNC_DIAGNOSTIC
}  // namespace nnc::diag
