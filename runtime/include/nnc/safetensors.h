// Weights and checkpoints: the safetensors format (huggingface/safetensors, README), with a CRC per tensor in its
// metadata.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nnc/array.h"
#include "nnc/failure.h"

namespace nnc::runtime {

struct TensorFile {
  std::map<std::string, std::string> metadata;  // `__metadata__`: strings only
  std::vector<NamedArray> tensors;              // in the order of the file
};

/// Reads and checks a whole file: header length and JSON, names, dtypes, shapes, offsets without holes or overlaps, and
/// where the metadata has `crc32c:<name>` or `crc32:<name>` entries, the checksum of each tensor.
/// Errors  each reject class of docs/runs.md is a message of its own.
std::optional<TensorFile> readSafetensors(const std::string& path, Failure& failure);

/// The metadata alone: the header is read and checked, the tensors are not.
std::optional<std::map<std::string, std::string>> readSafetensorsMetadata(const std::string& path, Failure& failure);

/// The bytes of a file. Tensors are sorted by alignment (wider first), then name, as the reference writer does, and
/// each gets a checksum entry in the metadata.
std::string encodeSafetensors(const TensorFile& file);

}  // namespace nnc::runtime
