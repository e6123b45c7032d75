// hashBytes for bytes that come in pieces.
#pragma once
#include <cstdint>
#include <string_view>

struct XXH3_state_s;  // of xxhash.h

namespace nnc {

/// hashBytes(a + b, seed) is the value after add(a), add(b).
class PieceHash {
 public:
  explicit PieceHash(std::uint64_t seed = 0);
  PieceHash(const PieceHash&) = delete;
  PieceHash& operator=(const PieceHash&) = delete;
  ~PieceHash();
  void add(std::string_view bytes);
  std::uint64_t value() const;

 private:
  XXH3_state_s* state_;
};

}  // namespace nnc
