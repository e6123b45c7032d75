// NumPy's .npy (versions 1 to 3) and .npz (zip of .npy, stored or deflated).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "nnc/array.h"
#include "nnc/failure.h"

namespace nnc::runtime {

/// The bytes of an uncompressed .npz that numpy.load reads; names as given, each with `.npy` appended inside the zip.
std::string encodeNpz(const std::vector<NamedArray>& arrays);
std::string encodeNpy(const Array& array);
/// Errors  object dtypes (pickle), Fortran order of rank > 1, big-endian, truncated files, and bad zips are refused by
/// name.
std::optional<std::vector<NamedArray>> readNpz(const std::string& path, Failure& failure);
std::optional<Array> readNpy(const std::string& path, Failure& failure);

}  // namespace nnc::runtime
