// A rewrite of assign_layouts for the gradients of convolutions.
#pragma once
#include "ir/module.h"

namespace nnc::passes {

/// Rewrites every overlap-add of a product whose windows come from one factor and whose places come from the other as a
/// product that reads windows: the gradient of a convolution by its input is a convolution with the kernel turned
/// round.
///
///     %1 = contract(%g, %k) {boij, quvo -> bqijuv}        %1 = window(pad(%g)) : [b, o, h, w, u, v]
///     %2 = unwindow(%1) {2 and 3} : [b, q, h, w]     =>   %2 = contract(%1, transpose(reverse(%k))) {bohwuv, ouvq ->
///     bqhw}
///
/// Nothing of the size of all windows is written. Strides become zeros between the elements of %g. Of a slice of the
/// overlap-add (the gradient of a padded convolution) only what is left of it is computed.
void convolveBack(ir::Module& module, ir::FunctionId id);

}  // namespace nnc::passes
