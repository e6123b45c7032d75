// Numbers in the data that no training can make sense of.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "training/batches.h"

namespace nnc::training {

/// The first NaN or infinity in the examples of a batch, with the row of the file that it comes from: in the file
/// itself, or else in what the data block makes of it. `fields`: names of the fields of the batch. Empty: all are
/// finite.
std::optional<std::string> notFiniteIn(const Batch& batch, std::span<const std::string> fields, const DataSet& data);

}  // namespace nnc::training
