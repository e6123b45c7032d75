// Counter-based random numbers: a draw is a pure function of (key, seed, counter, index), so it does not depend on the
// order of calls, on threads, or on what else the program draws.
#pragma once
#include <array>
#include <cstdint>

namespace nnc {

/// Philox4x32 with 10 rounds. Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
/// 2011.
constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

/// The finaliser of SplitMix64: a bijection of 64 bits. Source: Steele, Lea, Flood, OOPSLA 2014.
constexpr std::uint64_t splitMix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// The Philox key of op `random`: its attribute `key` and its operand `seed` together.
constexpr std::uint64_t philoxKey(std::uint64_t key, std::int64_t seed) {
  return splitMix(key + splitMix(static_cast<std::uint64_t>(seed)));
}

/// 32 random bits: element `index` of draw `counter`. Block index / 4, word index % 4; the counter's four words are
/// the block (low, high) and `counter` (low, high).
constexpr std::uint32_t randomBits(std::uint64_t mixedKey, std::int64_t counter, std::uint64_t index) {
  const std::uint64_t block = index / 4, c = static_cast<std::uint64_t>(counter);
  return philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                 static_cast<std::uint32_t>(c), static_cast<std::uint32_t>(c >> 32)},
                {static_cast<std::uint32_t>(mixedKey), static_cast<std::uint32_t>(mixedKey >> 32)})[index % 4];
}

/// Uniform in [0, 1): 24 bits, so that f32 and f64 programs draw the same numbers.
constexpr float uniformFromBits(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

}  // namespace nnc
