#include "statistics/attribution.h"

#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "statistics/intervals.h"
#include "statistics/orders.h"

namespace nnc::statistics {

static FactorSet bit(int factor) { return FactorSet{1} << factor; }

std::vector<double> Estimate::values() const { return finished(byBlock); }

Estimate estimateOf(const Responses& responses, std::span<const WeightedCell> contrast) {
  Estimate estimate;
  estimate.crossing = responses.crossing();
  if (contrast.empty()) {
    estimate.byBlock.assign(static_cast<std::size_t>(responses.blockCount()), std::numeric_limits<double>::quiet_NaN());
    return estimate;
  }
  estimate.byBlock = contrastByBlock(responses, contrast);
  std::set<int> cells;
  for (const WeightedCell& term : contrast) cells.insert(term.cell);
  for (const int cell : cells)
    for (int block = 0; block < responses.blockCount(); ++block)
      if (!responses.has(cell, block)) estimate.missing.push_back({cell, block});
  return estimate;
}

/// Names those of `coalitions` that the design does not have.
static Estimate undefined(const Responses& responses, std::span<const Coalition> coalitions) {
  Estimate estimate = estimateOf(responses, {});
  for (const Coalition coalition : coalitions) {
    Cell cell = cellOf(responses.factors(), coalition);
    if (!responses.find(cell)) estimate.absent.push_back(std::move(cell));
  }
  return estimate;
}

static std::optional<int> findCoalition(const Responses& responses, Coalition coalition) {
  return responses.find(cellOf(responses.factors(), coalition));
}

/// v(to) - v(from). Not defined either when both are the same cell, because the factors between them do not apply.
static Estimate difference(const Responses& responses, Coalition from, Coalition to) {
  const std::optional<int> before = findCoalition(responses, from), after = findCoalition(responses, to);
  if (!before || !after || *before == *after) return undefined(responses, std::vector<Coalition>{from, to});
  return estimateOf(responses, std::vector<WeightedCell>{{*after, 1.0}, {*before, -1.0}});
}

Estimate firstIn(const Responses& responses, FactorSet group) { return difference(responses, 0, group); }

Estimate lastIn(const Responses& responses, FactorSet group) {
  const FactorSet all = playersOf(responses.factors());
  return difference(responses, all & ~group, all);
}

Estimate totalGain(const Responses& responses) { return difference(responses, 0, playersOf(responses.factors())); }

/// The coalitions that are cells of the design, once for each cell.
static std::vector<Coalition> coalitionsOf(const Responses& responses) {
  std::vector<Coalition> coalitions;
  for (const Cell& cell : responses.cells())
    if (const std::optional<Coalition> coalition = coalitionOf(responses.factors(), cell))
      coalitions.push_back(*coalition);
  return coalitions;
}

/// The estimator of pairs (before, after), each with the same weight.
static Estimate meanDifference(const Responses& responses, std::span<const std::pair<int, int>> pairs) {
  std::vector<WeightedCell> contrast;
  const double weight = 1.0 / static_cast<double>(pairs.size());
  for (const auto& [before, after] : pairs) {
    contrast.push_back({after, weight});
    contrast.push_back({before, -weight});
  }
  Estimate estimate = estimateOf(responses, contrast);
  estimate.settingsUsed = static_cast<std::int64_t>(pairs.size());
  return estimate;
}

Estimate mainEffect(const Responses& responses, int factor) {
  std::vector<std::pair<int, int>> pairs;
  for (const Coalition others : coalitionsOf(responses)) {
    if (others & bit(factor)) continue;
    const std::optional<int> before = findCoalition(responses, others);
    const std::optional<int> after = findCoalition(responses, others | bit(factor));
    if (before && after && *before != *after) pairs.emplace_back(*before, *after);
  }
  Estimate estimate =
      pairs.empty() ? undefined(responses, std::vector<Coalition>{0, bit(factor)}) : meanDifference(responses, pairs);
  estimate.settingsUsed = static_cast<std::int64_t>(pairs.size());
  estimate.settingsTotal = std::int64_t{1} << (std::popcount(playersOf(responses.factors())) - 1);
  return estimate;
}

Estimate levelEffect(const Responses& responses, int factor, int from, int to) {
  const auto f = static_cast<std::size_t>(factor);
  std::vector<std::pair<int, int>> pairs;
  std::int64_t total = 0;
  std::vector<Cell> absent;
  for (int cell = 0; cell < responses.cellCount(); ++cell) {
    Cell partner = responses.cells()[static_cast<std::size_t>(cell)];
    if (partner[f] == kNotApplicable || (partner[f] != from && partner[f] != to)) continue;
    const bool isBefore = partner[f] == from;
    partner[f] = isBefore ? to : from;
    const std::optional<int> other = responses.find(partner);
    if (!other) absent.push_back(std::move(partner));
    // A setting with both cells is seen from either of them.
    if (!other || isBefore) ++total;
    if (other && isBefore) pairs.emplace_back(cell, *other);
  }
  Estimate estimate = pairs.empty() ? estimateOf(responses, {}) : meanDifference(responses, pairs);
  estimate.settingsUsed = static_cast<std::int64_t>(pairs.size());
  estimate.settingsTotal = total;
  if (pairs.empty()) estimate.absent = std::move(absent);
  return estimate;
}

std::vector<Estimate> shapley(const Responses& responses, std::span<const Precedence> precedences) {
  const OrderCounts counts(playersOf(responses.factors()), precedences);
  std::vector<std::optional<int>> cells;
  std::vector<Coalition> needed;
  bool isComplete = counts.total() > 0;
  for (std::uint32_t packed = 0; packed <= counts.packedAll(); ++packed) {
    const bool isOnAnOrder = counts.before(packed) * counts.after(packed) > 0;
    cells.push_back(isOnAnOrder ? findCoalition(responses, counts.unpacked(packed)) : std::nullopt);
    if (!isOnAnOrder) continue;
    needed.push_back(counts.unpacked(packed));
    isComplete = isComplete && cells.back();
  }
  std::vector<Estimate> values(responses.factors().size(), undefined(responses, needed));
  if (!isComplete) return values;

  for (std::size_t place = 0; place < counts.players().size(); ++place) {
    std::vector<WeightedCell> contrast;
    for (std::uint32_t packed = 0; packed <= counts.packedAll(); ++packed) {
      const std::uint32_t with = packed | 1u << place;
      if (packed == with || !cells[packed] || !cells[with]) continue;
      const double share = counts.share(packed, static_cast<int>(place));
      contrast.push_back({*cells[with], share});
      contrast.push_back({*cells[packed], -share});
    }
    values[static_cast<std::size_t>(counts.players()[place])] = estimateOf(responses, contrast);
  }
  return values;
}

}  // namespace nnc::statistics
