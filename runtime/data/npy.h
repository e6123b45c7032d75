// The .npy format over bytes in memory; npz.cpp uses it for the members of an archive.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "nnc/array.h"
#include "nnc/failure.h"

namespace nnc::runtime {

/// `path` and `baseOffset` are for messages: where `bytes` stand in which file.
std::optional<Array> decodeNpy(std::string_view bytes, const std::string& path, std::int64_t baseOffset,
                               Failure& failure);

}  // namespace nnc::runtime
