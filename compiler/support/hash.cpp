#include "support/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace nnc {

std::uint64_t hashBytes(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Hash128 hashBytes128(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::string hexDigits(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

}  // namespace nnc
