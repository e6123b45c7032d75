#include "ir/tensor.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

namespace nnc::ir {

float bf16ToFloat(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

std::uint16_t floatToBf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40);  // quiet, payload kept
  const std::uint32_t roundUp = 0x7FFF + ((bits >> 16) & 1);
  return static_cast<std::uint16_t>((bits + roundUp) >> 16);
}

/// Truncation toward zero that saturates; NaN gives 0.
template <typename T>
static T saturate(double value) {
  if (std::isnan(value)) return 0;
  const double low = static_cast<double>(std::numeric_limits<T>::min());
  // The largest int64 is no double: compare with the power of two above it.
  const double high = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (value <= low) return std::numeric_limits<T>::min();
  if (value >= high) return std::numeric_limits<T>::max();
  return static_cast<T>(value);
}

Tensor::Tensor(Type t) : type(std::move(t)), bytes(static_cast<std::size_t>(type.byteCount())) {}

double Tensor::real(std::int64_t i) const {
  switch (type.dtype) {
    case DType::F32:
      return data<float>()[i];
    case DType::F64:
      return data<double>()[i];
    case DType::BF16:
      return bf16ToFloat(data<std::uint16_t>()[i]);
    case DType::I8:
    case DType::U8:
    case DType::I32:
    case DType::I64:
    case DType::Bool:
      return static_cast<double>(integer(i));
  }
  return 0.0;
}

std::int64_t Tensor::integer(std::int64_t i) const {
  switch (type.dtype) {
    case DType::F32:
    case DType::F64:
    case DType::BF16:
      return saturate<std::int64_t>(real(i));
    case DType::I8:
      return data<std::int8_t>()[i];
    case DType::U8:
      return data<std::uint8_t>()[i];
    case DType::I32:
      return data<std::int32_t>()[i];
    case DType::I64:
      return data<std::int64_t>()[i];
    case DType::Bool:
      return data<std::uint8_t>()[i];
  }
  return 0;
}

void Tensor::setReal(std::int64_t i, double value) {
  switch (type.dtype) {
    case DType::F32:
      data<float>()[i] = static_cast<float>(value);
      return;
    case DType::F64:
      data<double>()[i] = value;
      return;
    case DType::BF16:
      data<std::uint16_t>()[i] = floatToBf16(static_cast<float>(value));
      return;
    case DType::I8:
      data<std::int8_t>()[i] = saturate<std::int8_t>(value);
      return;
    case DType::U8:
      data<std::uint8_t>()[i] = saturate<std::uint8_t>(value);
      return;
    case DType::I32:
      data<std::int32_t>()[i] = saturate<std::int32_t>(value);
      return;
    case DType::I64:
      data<std::int64_t>()[i] = saturate<std::int64_t>(value);
      return;
    case DType::Bool:
      data<std::uint8_t>()[i] = value != 0.0 ? 1 : 0;
      return;  // NaN is not 0
  }
}

void Tensor::setInteger(std::int64_t i, std::int64_t value) {
  switch (type.dtype) {
    case DType::F32:
      data<float>()[i] = static_cast<float>(value);
      return;
    case DType::F64:
      data<double>()[i] = static_cast<double>(value);
      return;
    case DType::BF16:
      data<std::uint16_t>()[i] = floatToBf16(static_cast<float>(value));
      return;
    case DType::I8:
      data<std::int8_t>()[i] = static_cast<std::int8_t>(value);
      return;
    case DType::U8:
      data<std::uint8_t>()[i] = static_cast<std::uint8_t>(value);
      return;
    case DType::I32:
      data<std::int32_t>()[i] = static_cast<std::int32_t>(value);
      return;
    case DType::I64:
      data<std::int64_t>()[i] = value;
      return;
    case DType::Bool:
      data<std::uint8_t>()[i] = value != 0 ? 1 : 0;
      return;
  }
}

Tensor materialise(const ConstAttributes& constant) {
  Tensor tensor(constant.type);
  const std::int64_t count = constant.type.elementCount();
  const bool isReal = isFloat(constant.type.dtype);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::size_t at = constant.isSplat ? 0 : static_cast<std::size_t>(i);
    if (isReal)
      tensor.setReal(i, constant.reals[at]);
    else
      tensor.setInteger(i, constant.integers[at]);
  }
  return tensor;
}

}  // namespace nnc::ir
