// Counted loops in LLVM IR.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "codegen/emitter.h"

namespace nnc::codegen {

using Values = std::vector<llvm::Value*>;

/// Emits `for (i = 0; i < trips * step; i += step)` around what `body` emits. `carried` are values that each step
/// replaces; returns what the last one left. The builder goes on behind the loop. One step: no loop, i is 0.
Values emitLoop(const Emitter& emitter, std::int64_t trips, std::int64_t step, Values carried,
                const std::function<Values(llvm::Value* i, Values carried)>& body);

}  // namespace nnc::codegen
