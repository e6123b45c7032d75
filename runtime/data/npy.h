// The .npy format over bytes in memory; the archives of npz use it for their members.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nnc/array.h"
#include "nnc/failure.h"

namespace nnc::runtime {

/// What stands before the elements.
struct NpyHeader {
  Element element = Element::F32;
  std::vector<std::int64_t> shape;
  std::size_t dataAt = 0;  // where the elements begin
};

/// No header reaches further: numpy's own limit, and what stands before its text.
inline constexpr std::size_t kMostNpyHeader = 10'000 + 12;

/// The header of a .npy of `size` bytes that starts with `begin`: all bytes, or at least kMostNpyHeader of them.
std::optional<NpyHeader> readNpyHeader(std::string_view begin, std::uint64_t size, const std::string& path,
                                       std::int64_t baseOffset, Failure& failure);

/// `path` and `baseOffset` are for messages: where `bytes` stand in which file.
std::optional<Array> decodeNpy(std::string_view bytes, const std::string& path, std::int64_t baseOffset,
                               Failure& failure);

}  // namespace nnc::runtime
