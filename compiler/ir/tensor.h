// A tensor in memory: what the evaluator computes with and what enters and leaves compiled code.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ir/attributes.h"
#include "ir/types.h"

namespace nnc::ir {

/// Owns its elements: dense, row-major, little endian, in the dtype of `type` (bool: one byte, 0 or 1).
struct Tensor {
  Type type;
  std::vector<std::byte> bytes;

  Tensor() = default;
  /// Zeros.
  explicit Tensor(Type t);

  template <typename T>
  T* data() {
    return reinterpret_cast<T*>(bytes.data());
  }
  template <typename T>
  const T* data() const {
    return reinterpret_cast<const T*>(bytes.data());
  }

  /// One element as a number, whatever the dtype. For tests and printing, not for loops that matter.
  double real(std::int64_t i) const;
  std::int64_t integer(std::int64_t i) const;
  void setReal(std::int64_t i, double value);  // converts as op `cast` does
  void setInteger(std::int64_t i, std::int64_t value);
};

/// The elements of a constant.
Tensor materialise(const ConstAttributes& constant);
float bf16ToFloat(std::uint16_t bits);
std::uint16_t floatToBf16(float value);  // round to nearest even

}  // namespace nnc::ir
