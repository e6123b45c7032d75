#include "statistics/permutations.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "statistics/intervals.h"
#include "statistics/orders.h"
#include "support/draws.h"

namespace nnc::statistics {

/// The order in which players enter when, at each step, the orders that are still possible are laid out by next player
/// on [0, 1) and `position(step)` picks one: uniform when the positions are.
static std::vector<int> orderAt(const OrderCounts& counts, std::span<const double> positions) {
  std::vector<int> order;
  std::uint32_t entered = 0;
  for (const double position : positions) {
    double sum = 0;
    int last = -1;
    for (std::size_t place = 0; place < counts.players().size(); ++place) {
      const std::uint32_t next = entered | 1u << place;
      if (next == entered || counts.after(next) == 0 || counts.before(next) == 0) continue;
      last = static_cast<int>(place);
      sum += counts.after(next) / counts.after(entered);
      if (position < sum) break;
    }
    assert(last >= 0 && "precedences without a cycle leave somebody who can enter");
    entered |= 1u << last;
    order.push_back(counts.players()[static_cast<std::size_t>(last)]);
  }
  return order;
}

SampledOrders sampleOrders(std::span<const Factor> factors, std::span<const Precedence> precedences, int pairs,
                           std::uint64_t seed) {
  const FactorSet players = playersOf(factors);
  std::optional<OrderCounts> counts;
  if (!precedences.empty()) counts.emplace(players, precedences);
  SampledOrders sample;
  for (int pair = 0; pair < pairs; ++pair) {
    Draws draws("statistics/orders", static_cast<std::int64_t>(seed), pair);
    if (!counts) {
      std::vector<int> order = membersOf(players);
      draws.shuffle(order);
      sample.orders.push_back(order);
      sample.orders.emplace_back(order.rbegin(), order.rend());
      continue;
    }
    std::vector<double> positions(counts->players().size());
    for (double& position : positions) position = draws.uniform();
    sample.orders.push_back(orderAt(*counts, positions));
    for (double& position : positions) position = 1 - position;
    sample.orders.push_back(orderAt(*counts, positions));
  }
  return ordersAsSample(std::move(sample.orders));
}

SampledOrders ordersAsSample(std::vector<std::vector<int>> orders) {
  std::set<Coalition> coalitions{0};
  for (const std::vector<int>& order : orders) {
    Coalition entered = 0;
    for (const int player : order) coalitions.insert(entered |= FactorSet{1} << player);
  }
  return {std::move(orders), {coalitions.begin(), coalitions.end()}};
}

std::vector<SampledShapley> sampledShapley(const SampledOrders& sample, int factorCount,
                                           const std::function<double(Coalition)>& value) {
  const std::size_t pairs = sample.orders.size() / 2;
  std::vector<std::vector<double>> pairMeans(static_cast<std::size_t>(factorCount), std::vector<double>(pairs, 0.0));
  for (std::size_t i = 0; i < sample.orders.size(); ++i) {
    Coalition entered = 0;
    double before = value(entered);
    for (const int player : sample.orders[i]) {
      entered |= FactorSet{1} << player;
      const double after = value(entered);
      pairMeans[static_cast<std::size_t>(player)][i / 2] += (after - before) / 2;
      before = after;
    }
  }
  std::vector<SampledShapley> result;
  for (const std::vector<double>& means : pairMeans)
    result.push_back({mean(means), standardDeviation(means) / std::sqrt(static_cast<double>(pairs))});
  return result;
}

std::vector<ShapleyFromOrders> shapleyFromOrders(const Responses& responses, const SampledOrders& sample) {
  std::map<Coalition, int> cells;
  Estimate undefined = estimateOf(responses, {});
  for (const Coalition coalition : sample.coalitions) {
    Cell cell = cellOf(responses.factors(), coalition);
    if (const std::optional<int> found = responses.find(cell)) {
      cells[coalition] = *found;
    } else {
      undefined.absent.push_back(std::move(cell));
    }
  }
  std::vector<ShapleyFromOrders> values(responses.factors().size(), {undefined, 0});
  if (!undefined.absent.empty()) return values;

  // Every order takes the difference of the same cells again, so weights are gathered for each cell first.
  std::vector<std::map<int, double>> weights(responses.factors().size());
  const double weight = 1.0 / static_cast<double>(sample.orders.size());
  for (const std::vector<int>& order : sample.orders) {
    Coalition entered = 0;
    for (const int player : order) {
      std::map<int, double>& own = weights[static_cast<std::size_t>(player)];
      own[cells.at(entered)] -= weight;
      entered |= FactorSet{1} << player;
      own[cells.at(entered)] += weight;
    }
  }
  const std::vector<int> blocks = responses.completeBlocks();
  const auto meanOfBlocks = [&](Coalition coalition) {
    double sum = 0;
    for (const int block : blocks) sum += responses.at(cells.at(coalition), block);
    return sum / static_cast<double>(blocks.size());
  };
  std::vector<SampledShapley> ofMeans;
  if (!blocks.empty()) ofMeans = sampledShapley(sample, responses.factorCount(), meanOfBlocks);
  for (std::size_t f = 0; f < values.size(); ++f) {
    std::vector<WeightedCell> contrast;
    for (const auto& [cell, cellWeight] : weights[f]) contrast.push_back({cell, cellWeight});
    values[f].estimate = estimateOf(responses, contrast);
    if (!ofMeans.empty()) values[f].standardError = ofMeans[f].standardError;
  }
  return values;
}

}  // namespace nnc::statistics
