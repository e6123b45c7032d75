// Weights of PyTorch for a network of the stdlib's layers: the same numbers in another order.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/program.h"
#include "nnc/safetensors.h"

namespace nnc::training {

/// The parameters and network states of `slots` from tensors that have their names and the layout of PyTorch, which
/// keeps the outputs of a layer on the first axis: dense [out, in], conv2d [out, c, k, k], the products of attention
/// [out, in], all gates of a recurrent layer [gates * hidden, in]; a transposed convolution on the second one
/// [c, out, k, k]. Tensors of one axis and tables of embeddings are the same in both. `num_batches_tracked` is not
/// needed.
///
/// Errors  E1303 with all that is missing, too much, of another shape, or of a layer whose layout is not known:
/// reported.
[[nodiscard]] std::optional<runtime::TensorFile> importTorch(const std::string& path,
                                                             std::vector<runtime::NamedArray> tensors,
                                                             const std::vector<elaborate::Slot>& slots,
                                                             Diagnostics& diagnostics);

}  // namespace nnc::training
