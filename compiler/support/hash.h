// Stable hashes: the same bytes give the same number on every machine and in every release.
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace nnc {

/// 64-bit XXH3 of the bytes.
std::uint64_t hashBytes(std::string_view bytes, std::uint64_t seed = 0);
/// A hash that is taken for what was hashed: in a billion different texts, two have the same one with a probability of
/// 1e-21.
struct Hash128 {
  std::uint64_t high = 0, low = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};
/// 128-bit XXH3 of the bytes.
Hash128 hashBytes128(std::string_view bytes);

/// 16 lower-case hexadecimal digits of `hash`.
std::string hexDigits(std::uint64_t hash);

}  // namespace nnc
