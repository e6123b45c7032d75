// NumPy's .npy (versions 1 to 3) and .npz (zip of .npy, stored or deflated).
#pragma once
#include <optional>
#include <string>
#include <string_view>
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

/// An array within bytes that outlive it.
struct ArrayView {
  Element element = Element::F32;
  std::vector<std::int64_t> shape;
  std::string_view bytes;
};
/// The array in the bytes of a .npy file, without a copy. `path` and `base` are for messages: where `bytes` stand in
/// which file.
std::optional<ArrayView> viewNpy(std::string_view bytes, const std::string& path, std::int64_t base, Failure& failure);

}  // namespace nnc::runtime
