#include "codegen/partition.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace nnc::codegen {

// A hundred instructions take about 2 ms from here to machine code; starting a part takes 3 ms.
static constexpr unsigned kInstructionsPerPart = 600;

std::vector<int> divide(const std::vector<unsigned>& sizes, int threads) {
  const unsigned total = std::accumulate(sizes.begin(), sizes.end(), 0u);
  const int parts = std::clamp(static_cast<int>(total / kInstructionsPerPart), 1, std::max(threads, 1));
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // The largest first, each to the part that has least.
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
  std::vector<unsigned> filled(static_cast<std::size_t>(parts), 0);
  std::vector<int> partOf(sizes.size(), 0);
  for (const std::size_t i : order) {
    const auto least = std::min_element(filled.begin(), filled.end());
    *least += sizes[i];
    partOf[i] = static_cast<int>(least - filled.begin());
  }
  return partOf;
}

}  // namespace nnc::codegen
