// Small helpers of the readers: filling a Failure, and multiplying sizes without overflow.
#pragma once
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nnc/failure.h"

namespace nnc::runtime {

/// Fills `failure` and gives false, so that a check can end with `return fail(...)`.
inline bool fail(Failure& failure, std::string path, std::int64_t offset, std::string message) {
  failure.path = std::move(path);
  failure.offset = offset;
  failure.line = failure.column = 0;
  failure.message = std::move(message);
  return false;
}

/// The same for a system call that failed: `what: reason of errno`.
inline bool failSystem(Failure& failure, std::string path, const std::string& what) {
  const int error = errno;
  return fail(failure, std::move(path), -1, what + ": " + std::strerror(error));
}

/// The product of the sizes with `elementBytes`; empty when one is negative or the product exceeds 2^48, the limit of
/// a tensor (docs/language.md).
inline std::optional<std::int64_t> checkedBytes(const std::vector<std::int64_t>& shape, std::int64_t elementBytes) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 48;
  std::int64_t product = elementBytes;
  bool isEmpty = false;
  for (const std::int64_t size : shape) {
    if (size < 0) return std::nullopt;
    if (size == 0) isEmpty = true;
    if (size != 0 && __builtin_mul_overflow(product, size, &product)) return std::nullopt;
    if (product > kLimit) return std::nullopt;
  }
  return isEmpty ? 0 : product;
}

/// Resizes, and says whether there was memory: the one place where an allocation of a size from a file can fail.
inline bool resize(std::vector<std::byte>& bytes, std::int64_t size) {
  try {
    bytes.resize(static_cast<std::size_t>(size));
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace nnc::runtime
