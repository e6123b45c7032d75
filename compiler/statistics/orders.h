// Orders in which players enter, counted over coalitions: what Shapley values with and without precedences share.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/factors.h"

namespace nnc::statistics {

inline constexpr int kMostCountedPlayers = 20;  // 2^20 coalitions

/// How many orders lead from nobody to each coalition and from it to everybody, what is needed always first. Counts are
/// exact while they are below 2^53 and right to rounding above (20! is 2.4e18).
///
/// Needs   at most kMostCountedPlayers players.
class OrderCounts {
 public:
  OrderCounts(FactorSet players, std::span<const Precedence> precedences);

  /// The players; place p in them is bit p of a packed coalition.
  const std::vector<int>& players() const { return players_; }
  std::uint32_t packedAll() const { return static_cast<std::uint32_t>(before_.size() - 1); }
  Coalition unpacked(std::uint32_t packed) const;

  /// Orders of the members of a coalition; 0 for one that lacks what a member needs.
  double before(std::uint32_t packed) const { return before_[packed]; }
  /// Orders of the players that are not in it.
  double after(std::uint32_t packed) const { return after_[packed]; }
  /// All orders; 0 when the precedences have a cycle.
  double total() const { return before_.back(); }

  /// The share of all orders in which exactly the coalition has entered when the player at `place` enters.
  double share(std::uint32_t packed, int place) const {
    return before_[packed] * after_[packed | std::uint32_t{1} << place] / total();
  }

 private:
  std::vector<int> players_;
  std::vector<double> before_, after_;
};

}  // namespace nnc::statistics
