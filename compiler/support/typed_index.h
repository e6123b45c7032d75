// An index that cannot be mixed up with an index into something else.
#pragma once
#include <compare>
#include <cstdint>

namespace nnc {

/// A position in a vector that the owner of `Tag` holds. Default-constructed: invalid.
template <typename Tag>
struct TypedIndex {
  std::int32_t index = -1;

  constexpr TypedIndex() = default;
  constexpr explicit TypedIndex(std::size_t i) : index(static_cast<std::int32_t>(i)) {}
  constexpr bool isValid() const { return index >= 0; }
  friend constexpr auto operator<=>(TypedIndex, TypedIndex) = default;
};

}  // namespace nnc
