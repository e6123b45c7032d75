// Shapley values from sampled orders: which coalitions to run, and the estimate with its sampling error.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "statistics/attribution.h"
#include "statistics/factors.h"
#include "statistics/responses.h"

namespace nnc::statistics {

/// Orders in which the players enter, in antithetic pairs (2i, 2i+1), and the coalitions that they pass through.
struct SampledOrders {
  std::vector<std::vector<int>> orders;
  std::vector<Coalition> coalitions;  // each once, ascending: what has to be run
};

/// Draws `pairs` orders and, for each, an antithetic partner: the reverse order. Source: Mitchell, Cooper, Frank,
/// Holmes, "Sampling permutations for Shapley value estimation", JMLR 23, 2022.
///
/// With precedences the orders are uniform among those in which what is needed comes first (counted exactly over
/// coalitions), and the partner uses the mirrored random numbers, as the reverse of such an order is not one.
///
/// Needs   pairs >= 1; with precedences at most 20 players and no cycle.
SampledOrders sampleOrders(std::span<const Factor> factors, std::span<const Precedence> precedences, int pairs,
                           std::uint64_t seed);

/// Orders that were drawn before, with the coalitions that they pass through.
SampledOrders ordersAsSample(std::vector<std::vector<int>> orders);

/// A sampled Shapley value of one factor.
struct SampledShapley {
  double value = 0;
  double standardError = 0;  // of the sampling of orders alone, from the spread of the pair means; 0 for one pair
};

/// The value of every factor (0 for one that is no player); `value(S)` is the response of a coalition. The values sum
/// to value(all) - value(none) exactly as the exact ones do.
std::vector<SampledShapley> sampledShapley(const SampledOrders& sample, int factorCount,
                                           const std::function<double(Coalition)>& value);

/// The same within each block of a study, for every factor (undefined for one that is no player, and when a coalition
/// that the orders pass through is absent). `standardError` is that of the sampling of orders, from the means over
/// complete blocks: it is the same in all blocks, so that the spread over blocks does not show it.
struct ShapleyFromOrders {
  Estimate estimate;
  double standardError = 0;
};
std::vector<ShapleyFromOrders> shapleyFromOrders(const Responses& responses, const SampledOrders& sample);

}  // namespace nnc::statistics
