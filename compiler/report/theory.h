// Closed forms for how a network passes gradients back at initialisation, for the theory lines of F3.
#pragma once
#include <optional>

#include "report/view.h"

namespace nnc::report {

/// The factor by which the norm of the gradient of a layer's pre-activations grows from a layer to the one before it:
/// below 1 it vanishes towards the input, above 1 it explodes. Empty: no closed form is known for the parameters of
/// the cell (only layers of equal width without residuals, or batch norm with ReLU, are).
std::optional<double> backwardFactor(const study::Cell& cell);

}  // namespace nnc::report
