#include "ir/attributes.h"

#include <bit>

namespace nnc::ir {

bool operator==(const ConstAttributes& a, const ConstAttributes& b) {
  if (a.type != b.type || a.isSplat != b.isSplat || a.integers != b.integers) return false;
  if (a.reals.size() != b.reals.size()) return false;
  for (std::size_t i = 0; i < a.reals.size(); ++i)
    if (std::bit_cast<std::uint64_t>(a.reals[i]) != std::bit_cast<std::uint64_t>(b.reals[i])) return false;
  return true;
}

}  // namespace nnc::ir
