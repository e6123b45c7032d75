// Emission of products that are read through views.
#pragma once
#include "codegen/emitter.h"
#include "codegen/loop.h"
#include "codegen/tile_plan.h"

namespace nnc::codegen {

/// Emits the product into the open function. Every element of y is one chain of fused multiply-adds over the sums, in
/// the order of the loops: its bits depend neither on the tile in which it is computed nor on the width of vectors.
void emitTiles(const Emitter& emitter, const TilePlan& plan, const Values& buffers);

}  // namespace nnc::codegen
