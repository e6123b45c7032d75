// The pass that takes products of inputs out of scans.
#pragma once
#include "ir/pass.h"

namespace nnc::passes {

/// Computes a product of a scan's inputs for all steps at once, in front of it.
///
///     body(%h, %x, %w) = (tanh (add %h, (contract %x, %w {a = "bi", b = "io", y = "bo"})))
///     %h' = scan(%h, %xs, %w) {carries = 1, xs = 1}
///   becomes
///     %ps = contract %xs, %w {a = "cbi", b = "io", y = "cbo"}
///     %h' = scan(%h, %ps) {carries = 1, xs = 1}       // %xs is dropped by remove_dead when nothing reads it
///
/// One large product instead of many small ones; a scan and its reverse then share it. The products of all steps stand
/// in memory at once: only those are taken that are at most eight times as large as what the scan carries.
///
/// Before sink_sums, and after differentiate, whose reverse scans compute the products of the forward ones again.
bool hoistProducts(ir::Module& module, Diagnostics& diagnostics);

inline constexpr ir::Pass kHoistProducts{.name = "hoist_products",
                                         .summary = "products of the inputs of a scan are computed in front of it",
                                         .run = hoistProducts};

}  // namespace nnc::passes
