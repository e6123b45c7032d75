#include "training/buffer.h"

#include "ir/tensor.h"

namespace nnc::training {

namespace {

template <typename T>
T load(const std::byte* element) {
  T value;
  std::memcpy(&value, element, sizeof value);
  return value;
}

}  // namespace

double realAt(ir::DType dtype, const std::byte* element) {
  switch (dtype) {
    case ir::DType::F32:
      return load<float>(element);
    case ir::DType::F64:
      return load<double>(element);
    case ir::DType::BF16:
      return ir::bf16ToFloat(load<std::uint16_t>(element));
    case ir::DType::I8:
    case ir::DType::U8:
    case ir::DType::I32:
    case ir::DType::I64:
    case ir::DType::Bool:
      return static_cast<double>(integerAt(dtype, element));
  }
  return 0.0;
}

std::int64_t integerAt(ir::DType dtype, const std::byte* element) {
  switch (dtype) {
    case ir::DType::I8:
      return load<std::int8_t>(element);
    case ir::DType::U8:
    case ir::DType::Bool:
      return load<std::uint8_t>(element);
    case ir::DType::I32:
      return load<std::int32_t>(element);
    case ir::DType::I64:
      return load<std::int64_t>(element);
    case ir::DType::F32:
    case ir::DType::F64:
    case ir::DType::BF16:
      return static_cast<std::int64_t>(realAt(dtype, element));
  }
  return 0;
}

}  // namespace nnc::training
