// IDX files, the format of MNIST: magic 0x00 0x00 type rank, big-endian sizes, then the elements.
#pragma once
#include <optional>
#include <string>

#include "nnc/array.h"
#include "nnc/decoded_bytes.h"
#include "nnc/failure.h"

namespace nnc::runtime {

/// Reads an IDX file, gzip-compressed or not (by content, not by name). Axis 0 is the row.
///
/// Errors  not IDX, truncated, longer than its header says, corrupt gzip (checksum), sizes that overflow: `failure`
///         names the byte offset (in the uncompressed data, or in the file where the gzip stream itself is broken).
///         Nothing past the declared size is ever inflated, and no more memory is taken than the file can fill.
///         More than `mostHeld` bytes of elements are not held in memory (DecodedBytes).
std::optional<DecodedArray> readIdx(const std::string& path, Failure& failure, std::int64_t mostHeld = kMostHeldBytes);

/// Element type and shape only; `bytes` stays empty. What a plan needs before anything large is allocated.
std::optional<Array> readIdxHeader(const std::string& path, Failure& failure);

}  // namespace nnc::runtime
