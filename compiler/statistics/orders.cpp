#include "statistics/orders.h"

#include <cassert>

namespace nnc::statistics {

OrderCounts::OrderCounts(FactorSet players, std::span<const Precedence> precedences) : players_(membersOf(players)) {
  assert(players_.size() <= kMostCountedPlayers && "orders are counted over all coalitions");
  const std::uint32_t count = std::uint32_t{1} << players_.size();
  std::vector<bool> isPossible(count);
  for (std::uint32_t packed = 0; packed < count; ++packed)
    isPossible[packed] = isFeasible(unpacked(packed), precedences);

  before_.assign(count, 0.0);
  before_[0] = 1;
  for (std::uint32_t packed = 1; packed < count; ++packed) {
    if (!isPossible[packed]) continue;
    for (std::size_t place = 0; place < players_.size(); ++place)
      if (packed >> place & 1) before_[packed] += before_[packed ^ (1u << place)];
  }
  after_.assign(count, 0.0);
  after_[count - 1] = isPossible[count - 1] ? 1 : 0;
  for (std::uint32_t packed = count - 1; packed-- > 0;) {
    if (!isPossible[packed]) continue;
    for (std::size_t place = 0; place < players_.size(); ++place)
      if (!(packed >> place & 1)) after_[packed] += after_[packed | (1u << place)];
  }
}

Coalition OrderCounts::unpacked(std::uint32_t packed) const {
  Coalition coalition = 0;
  for (std::size_t place = 0; place < players_.size(); ++place)
    if (packed >> place & 1) coalition |= FactorSet{1} << players_[place];
  return coalition;
}

}  // namespace nnc::statistics
