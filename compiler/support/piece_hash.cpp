#include "support/piece_hash.h"

#include <xxhash.h>

#include <cstdlib>

namespace nnc {

PieceHash::PieceHash(std::uint64_t seed) : state_(XXH3_createState()) {
  if (state_ == nullptr) std::abort();  // no memory for half a kilobyte
  XXH3_64bits_reset_withSeed(state_, seed);
}
PieceHash::~PieceHash() { XXH3_freeState(state_); }
void PieceHash::add(std::string_view bytes) { XXH3_64bits_update(state_, bytes.data(), bytes.size()); }
std::uint64_t PieceHash::value() const { return XXH3_64bits_digest(state_); }

}  // namespace nnc
