// Memory for tensors that compiled code reads and writes, and the two views of element types: files and IR.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "ir/types.h"
#include "nnc/array.h"

namespace nnc::training {

/// Zeroed bytes, aligned to 64, touched once so that no page fault is left for the training loop.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::int64_t bytes) : size_(bytes) {
    const std::size_t rounded = (static_cast<std::size_t>(bytes) + 64) / 64 * 64;
    bytes_.reset(static_cast<std::byte*>(std::aligned_alloc(64, rounded)));
    // Sizes were checked against the available memory before; what fails here is a system that broke its word.
    if (bytes_ == nullptr) std::abort();
    std::memset(bytes_.get(), 0, rounded);
  }
  std::byte* data() { return bytes_.get(); }
  const std::byte* data() const { return bytes_.get(); }
  std::int64_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::byte, Free> bytes_;
  std::int64_t size_ = 0;
};

constexpr ir::DType dtypeOf(runtime::Element element) {
  switch (element) {
    case runtime::Element::F32:
      return ir::DType::F32;
    case runtime::Element::F64:
      return ir::DType::F64;
    case runtime::Element::BF16:
      return ir::DType::BF16;
    case runtime::Element::I8:
      return ir::DType::I8;
    case runtime::Element::U8:
      return ir::DType::U8;
    case runtime::Element::I32:
      return ir::DType::I32;
    case runtime::Element::I64:
      return ir::DType::I64;
    case runtime::Element::Bool:
      return ir::DType::Bool;
  }
  return ir::DType::F32;
}

constexpr runtime::Element elementOf(ir::DType dtype) {
  switch (dtype) {
    case ir::DType::F32:
      return runtime::Element::F32;
    case ir::DType::F64:
      return runtime::Element::F64;
    case ir::DType::BF16:
      return runtime::Element::BF16;
    case ir::DType::I8:
      return runtime::Element::I8;
    case ir::DType::U8:
      return runtime::Element::U8;
    case ir::DType::I32:
      return runtime::Element::I32;
    case ir::DType::I64:
      return runtime::Element::I64;
    case ir::DType::Bool:
      return runtime::Element::Bool;
  }
  return runtime::Element::F32;
}

/// One element as a double, or an integer element as an int64.
double realAt(ir::DType dtype, const std::byte* element);
std::int64_t integerAt(ir::DType dtype, const std::byte* element);

}  // namespace nnc::training
