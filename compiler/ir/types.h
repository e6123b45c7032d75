// Types of the tensor IR: a dtype and a shape of concrete sizes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nnc::ir {

enum class DType : std::uint8_t { F32, F64, BF16, I8, U8, I32, I64, Bool };

/// The name as written in .nn and .nnir text: `f32`, `i32`, `bool`.
std::string_view dtypeName(DType dtype);
std::optional<DType> parseDType(std::string_view name);
std::int64_t dtypeBytes(DType dtype);
constexpr bool isFloat(DType dtype) { return dtype == DType::F32 || dtype == DType::F64 || dtype == DType::BF16; }
constexpr bool isInteger(DType dtype) {
  return dtype == DType::I8 || dtype == DType::U8 || dtype == DType::I32 || dtype == DType::I64;
}

using Shape = std::vector<std::int64_t>;

/// A dense row-major tensor type. An empty shape is a scalar.
struct Type {
  DType dtype = DType::F32;
  Shape shape;
  friend bool operator==(const Type&, const Type&) = default;

  int rank() const { return static_cast<int>(shape.size()); }
  /// Needs: a shape within the limits of support/checked.h (the verifier and the builder hold them).
  std::int64_t elementCount() const;
  std::int64_t byteCount() const;
};

/// `f32[2, 3]`; a scalar is `f32`.
std::string toString(const Type& type);
std::string toString(const Shape& shape);

/// Why a shape is beyond the limits of one tensor (support/checked.h); empty: it is within them.
std::string shapeLimitError(const Shape& shape);

}  // namespace nnc::ir
