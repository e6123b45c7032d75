// Shape arithmetic that cannot overflow silently: the one place where dims and byte counts are multiplied.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

namespace nnc {

/// Limits of one tensor, from docs/language.md (limits).
inline constexpr std::int64_t kMaxDim = std::int64_t{1} << 40;
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 48;
inline constexpr int kMaxRank = 8;

/// A number of elements or bytes that remembers an overflow: once overflowed, it stays so, and `value()` is empty.
class Checked {
 public:
  constexpr Checked(std::int64_t value) : value_(value) {}  // implicit: a plain number is a checked number

  constexpr bool hasOverflowed() const { return overflowed_; }
  constexpr std::optional<std::int64_t> value() const {
    return overflowed_ ? std::nullopt : std::optional<std::int64_t>(value_);
  }

  friend constexpr Checked operator+(Checked a, Checked b) {
    return combine(a, b,
                   [](std::int64_t x, std::int64_t y, std::int64_t* r) { return __builtin_add_overflow(x, y, r); });
  }
  friend constexpr Checked operator-(Checked a, Checked b) {
    return combine(a, b,
                   [](std::int64_t x, std::int64_t y, std::int64_t* r) { return __builtin_sub_overflow(x, y, r); });
  }
  friend constexpr Checked operator*(Checked a, Checked b) {
    return combine(a, b,
                   [](std::int64_t x, std::int64_t y, std::int64_t* r) { return __builtin_mul_overflow(x, y, r); });
  }

 private:
  template <typename F>
  static constexpr Checked combine(Checked a, Checked b, F operation) {
    std::int64_t result = 0;
    const bool overflowed = operation(a.value_, b.value_, &result);
    Checked checked(result);
    checked.overflowed_ = a.overflowed_ || b.overflowed_ || overflowed;
    return checked;
  }

  std::int64_t value_ = 0;
  bool overflowed_ = false;
};

/// Number of elements of a shape; empty when it exceeds int64. A rank-0 shape has one element.
constexpr std::optional<std::int64_t> checkedElementCount(std::span<const std::int64_t> shape) {
  // A zero-sized dim makes the tensor empty whatever the others are.
  for (const std::int64_t dim : shape)
    if (dim == 0) return 0;
  Checked count(1);
  for (const std::int64_t dim : shape) count = count * dim;
  return count.value();
}

/// Floor division and its remainder (sign of the divisor), as `div` and `%` on static integers are defined.
/// Needs: divisor != 0, and not INT64_MIN / -1.
constexpr std::int64_t floorDiv(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}
constexpr std::int64_t floorMod(std::int64_t a, std::int64_t b) {
  const std::int64_t r = a % b;
  return (r != 0 && ((r < 0) != (b < 0))) ? r + b : r;
}

}  // namespace nnc
