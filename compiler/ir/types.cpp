#include "ir/types.h"

#include <fmt/format.h>

#include <cassert>

#include "support/checked.h"

namespace nnc::ir {

namespace {

struct DTypeRow {
  DType dtype;
  std::string_view name;
  std::int64_t bytes;
};
// In the order of the enumeration.
constexpr DTypeRow kDTypes[] = {
    {DType::F32, "f32", 4}, {DType::F64, "f64", 8}, {DType::BF16, "bf16", 2}, {DType::I8, "i8", 1},
    {DType::U8, "u8", 1},   {DType::I32, "i32", 4}, {DType::I64, "i64", 8},   {DType::Bool, "bool", 1},
};

}  // namespace

std::string_view dtypeName(DType dtype) { return kDTypes[static_cast<int>(dtype)].name; }
std::int64_t dtypeBytes(DType dtype) { return kDTypes[static_cast<int>(dtype)].bytes; }

std::optional<DType> parseDType(std::string_view name) {
  for (const DTypeRow& row : kDTypes)
    if (row.name == name) return row.dtype;
  return std::nullopt;
}

std::int64_t Type::elementCount() const {
  const std::optional<std::int64_t> count = checkedElementCount(shape);
  assert(count && "a shape beyond the limits");
  return *count;
}

std::int64_t Type::byteCount() const {
  const std::optional<std::int64_t> bytes = (Checked(elementCount()) * dtypeBytes(dtype)).value();
  assert(bytes && "a shape beyond the limits");
  return *bytes;
}

std::string toString(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::string toString(const Type& type) {
  std::string text(dtypeName(type.dtype));
  return type.shape.empty() ? text : text + toString(type.shape);
}

std::string shapeLimitError(const Shape& shape) {
  if (static_cast<int>(shape.size()) > kMaxRank)
    return fmt::format("rank {} exceeds the limit of {}", shape.size(), kMaxRank);
  for (const std::int64_t dim : shape)
    if (dim < 0 || dim > kMaxDim) return fmt::format("a dim of {} is outside 0..2^40", dim);
  const std::optional<std::int64_t> count = checkedElementCount(shape);
  if (!count || *count > kMaxElements) return fmt::format("{} has more than 2^48 elements", toString(shape));
  return "";
}

}  // namespace nnc::ir
