// How the loops of a kernel become vector code: which loop runs along the lanes, in which order, what is unrolled.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codegen/kernel.h"
#include "codegen/target.h"

namespace nnc::codegen {

/// MAP: lanes along the innermost axis, one vector a step; along the next one where the innermost is only a few
/// elements, whose vectors are interleaved for the store. REDUCE: lanes along the loop that makes the fewest and
/// cheapest vectors. A reduced lane loop keeps several vectors of partial results, combined in a fixed tree; with a
/// kept one, a tile of vectors stays in registers while the reduced loops run. What is left at the end of a loop is
/// done under a mask by the same arithmetic, so an element's bits do not depend on its place.
struct Schedule {
  std::vector<int> order;        // loop variables, outermost first
  std::size_t firstReduced = 0;  // position in `order`; its size for MAP
  int lane = -1;                 // variable, or -1: everything is scalar
  int lanes = 0;                 // elements of a vector
  int unrolled = -1;             // variable whose steps are emitted `copies` times side by side
  int copies = 1;
  bool isInterleaving = false;  // MAP: lanes along the last loop but one, a copy for each step of the short last one
  bool isTransposing = false;   // MAP: `copies` == `lanes` and loads of `isTransposed` form are square tiles
};

Schedule scheduleKernel(const Kernel& kernel, const Target& target);

/// The most elements between neighbouring lanes for which loading everything in between beats a gather.
inline constexpr std::int64_t kMaxShuffledStride = 8;

/// Whether a load reads along the unrolled loop of a transposing schedule what its users want along the lanes.
bool isTransposed(const Kernel& kernel, const Schedule& schedule, const Expr& load);
/// Whether four vectors of a draw are the words of one vector of blocks: consecutive lanes from a multiple of 4 on.
bool isBlockwiseDraw(const Kernel& kernel, const Schedule& schedule, const Expr& random);

}  // namespace nnc::codegen
