#include "statistics/greedy_path.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <utility>

namespace nnc::statistics {

GreedyPath::GreedyPath(std::vector<Factor> factors, std::vector<Precedence> precedences)
    : factors_(std::move(factors)), precedences_(std::move(precedences)), candidates_{0} {}

std::vector<Cell> GreedyPath::nextCells() const {
  std::vector<Cell> cells;
  for (const Coalition candidate : candidates_) cells.push_back(cellOf(factors_, candidate));
  return cells;
}

void GreedyPath::give(std::span<const double> responses) {
  assert(responses.size() == candidates_.size() && "one response for each cell of nextCells()");
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < responses.size(); ++i)
    if (!std::isnan(responses[i]) && (!best || responses[i] > responses[*best])) best = i;
  if (!best) {
    candidates_.clear();
    return;
  }
  const Coalition entered = candidates_[*best] & ~taken_;
  if (entered != 0) order_.push_back(std::countr_zero(entered));
  taken_ |= entered;
  responses_.push_back(responses[*best]);
  findCandidates();
}

void GreedyPath::findCandidates() {
  candidates_.clear();
  for (const int factor : membersOf(playersOf(factors_) & ~taken_)) {
    const Coalition candidate = taken_ | FactorSet{1} << factor;
    if (isFeasible(candidate, precedences_)) candidates_.push_back(candidate);
  }
}

}  // namespace nnc::statistics
