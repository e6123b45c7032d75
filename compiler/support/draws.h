// Random numbers one after another, for shuffles and samples.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "support/hash.h"
#include "support/philox.h"

namespace nnc {

/// Random 64-bit numbers, two to a Philox block: a function of the stream's name, the seed and a counter.
class Draws {
 public:
  Draws(std::string_view stream, std::int64_t seed, std::int64_t counter)
      : key_(philoxKey(hashBytes(stream), seed)), counter_(static_cast<std::uint64_t>(counter)) {}

  /// Uniform in 0..bound-1: the high half of a product. Source: Lemire, "Fast random integer generation in an
  /// interval", 2019; without his rejection, the bias is below bound / 2^64.
  std::int64_t below(std::int64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::int64_t>(Wide{next()} * static_cast<std::uint64_t>(bound) >> 64);
  }

  /// Uniform in [0, 1), with 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// Puts `values` in random order: Fisher and Yates, from the end.
  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[static_cast<std::size_t>(below(static_cast<std::int64_t>(i)))]);
  }

 private:
  std::uint64_t next() {
    if (drawn_ % 2 == 0) {
      const std::uint64_t block = drawn_ / 2;
      block_ = philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                       static_cast<std::uint32_t>(counter_), static_cast<std::uint32_t>(counter_ >> 32)},
                      {static_cast<std::uint32_t>(key_), static_cast<std::uint32_t>(key_ >> 32)});
    }
    const std::size_t word = drawn_++ % 2 * 2;
    return std::uint64_t{block_[word + 1]} << 32 | block_[word];
  }

  std::uint64_t key_, counter_, drawn_ = 0;
  std::array<std::uint32_t, 4> block_{};
};

}  // namespace nnc
