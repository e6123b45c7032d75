// The pass that takes sums of products out of scans.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Replaces a carry that only sums products over the steps by one product behind the scan, with the steps among what
/// it sums over.
///
///     body(%dw, %h, %dz) = (add %dw, (contract %h, %dz {a = "bi", b = "bo", y = "io"}))
///     %dw' = scan(%dw, %hs, %dzs) {carries = 1, xs = 2}
///   becomes
///     %p = contract %hs, %dzs {a = "cbi", b = "cbo", y = "io"}
///     %dw' = add %dw, %p
///
/// That is the derivative of a weight that all steps share: without this, every step reads and writes the whole of it.
/// A factor that is no input of the scan becomes a result of it, if that is no more memory than the sum. Order of
/// summation: over the steps and over the other indices at once, as contractions sum.
///
/// After differentiate, which makes such carries, and simplify, which leaves one add for each.
bool sinkSums(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kSinkSums{.name = "sink_sums",
                                    .summary = "sums of products over the steps of a scan become one product behind it",
                                    .run = sinkSums};

}  // namespace nnc::passes
