// Stable hashes: the same bytes give the same number on every machine and in every release.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace nnc {

/// 64-bit XXH3 of the bytes.
std::uint64_t hashBytes(std::string_view bytes, std::uint64_t seed = 0);
/// 16 lower-case hexadecimal digits of `hash`.
std::string hexDigits(std::uint64_t hash);

}  // namespace nnc
