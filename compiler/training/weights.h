// Slots and safetensors files: what `--weights` reads, for training, evaluation and `nnc build`.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/program.h"
#include "ir/tensor.h"
#include "nnc/safetensors.h"

namespace nnc::training {

/// The file that a `--weights` argument names: itself, or `<run folder>/last`. Empty: reported (E1301).
std::optional<std::string> findWeights(const std::string& path, Diagnostics& diagnostics);

/// The bytes of a file of tensors, of the kind that the ending of its name says: .npz, which keeps no metadata, or
/// .safetensors.
std::string encodeTensors(const std::string& path, const runtime::TensorFile& file);

/// One tensor per slot, initialised from `seed` as a run does before its first step.
std::vector<ir::Tensor> initialTensors(const ir::Module& initModule, ir::FunctionId init, std::int64_t seed);

/// Says why a file is no safetensors file (E1302): of a kind that is known by its first bytes (PyTorch, pickle, NumPy,
/// JSON), what it is and how it is converted; of another, what `failure` says.
void reportBadWeights(const std::string& path, const runtime::Failure& failure, Diagnostics& diagnostics);

enum class MatchWeights : std::uint8_t {
  All,      // every parameter and network state must be in the file with its shape
  Partial,  // what matches by name and shape is taken, the rest stays; at least one must match
};

/// Overwrites the parameters and network states of `tensors` (one per slot) with those of a file; slots of the
/// optimizer stay as they are. Extra tensors in the file that look like optimizer state or belong to no slot are
/// refused in mode All unless the file is a checkpoint of nnc, whose optimizer state is skipped.
///
/// Errors  E1302 unreadable file, or NaN in what is taken; E1303 lists what is missing, what has another shape and what
/// is too much.
bool loadWeights(const std::string& path, const std::vector<elaborate::Slot>& slots, MatchWeights match,
                 std::vector<ir::Tensor>& tensors, Diagnostics& diagnostics);

}  // namespace nnc::training
