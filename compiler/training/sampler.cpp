#include "training/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "support/hash.h"
#include "support/philox.h"

namespace nnc::training {

/// In [0, 1), with 53 bits.
static double uniform(std::int64_t seed, std::int64_t position) {
  static const std::uint64_t kStream = hashBytes("generate");
  const std::uint64_t key = philoxKey(kStream, seed);
  const std::uint64_t high = randomBits(key, position, 0), low = randomBits(key, position, 1);
  return static_cast<double>((high << 21) ^ (low >> 11)) * 0x1p-53;
}

std::int32_t sampleToken(std::span<const double> logits, const SamplerOptions& options, std::int64_t position) {
  std::vector<std::int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto value = [&](std::int32_t token) {
    const double logit = logits[static_cast<std::size_t>(token)];
    return std::isnan(logit) ? -HUGE_VAL : logit;
  };
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return value(a) > value(b); });
  if (options.temperature <= 0.0) return order[0];
  if (options.topK > 0 && static_cast<std::size_t>(options.topK) < order.size())
    order.resize(static_cast<std::size_t>(options.topK));

  std::vector<double> weights;
  const double largest = value(order[0]);
  for (const std::int32_t token : order)
    weights.push_back(value(token) == largest ? 1.0 : std::exp((value(token) - largest) / options.temperature));
  double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (options.topP < 1.0) {
    double sum = 0.0;
    std::size_t kept = 0;
    while (kept < weights.size() && sum < options.topP * total) sum += weights[kept++];
    weights.resize(kept);
    total = sum;
  }
  double rest = uniform(options.seed, position) * total;
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    rest -= weights[i];
    if (rest < 0.0) return order[i];
  }
  return order[weights.size() - 1];
}

}  // namespace nnc::training
