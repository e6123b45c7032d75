#include "statistics/fraction.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace nnc::statistics {

namespace {

/// The smallest number of columns that sum to each vector of GF(2)^q; columns are added one by one.
class Spans {
 public:
  explicit Spans(int q) : distance_(std::size_t{1} << q, kNone) { distance_[0] = 0; }

  std::uint32_t size() const { return static_cast<std::uint32_t>(distance_.size()); }
  int distance(std::uint32_t vector) const { return distance_[vector]; }

  void add(std::uint32_t column) {
    for (std::uint32_t vector = 0; vector < size(); ++vector) {
      const std::uint32_t other = vector ^ column;
      if (vector > other) continue;
      const std::uint8_t a = distance_[vector], b = distance_[other];
      distance_[vector] = std::min<std::uint8_t>(a, static_cast<std::uint8_t>(b + 1));
      distance_[other] = std::min<std::uint8_t>(b, static_cast<std::uint8_t>(a + 1));
    }
  }

 private:
  static constexpr std::uint8_t kNone = 100;  // more than any sum of columns needs
  std::vector<std::uint8_t> distance_;
};

/// Depth first, columns ascending: each new one must not be a sum of resolution-2 or fewer others.
class ColumnSearch {
 public:
  ColumnSearch(int wanted, int resolution) : wanted_(static_cast<std::size_t>(wanted)), resolution_(resolution) {}

  std::vector<std::uint32_t> columns;

  bool extend(const Spans& spans, std::uint32_t first) {
    if (columns.size() == wanted_) return true;
    for (std::uint32_t column = first; column < spans.size(); ++column) {
      if (spans.distance(column) <= resolution_ - 2) continue;
      work_ += spans.size();
      if (work_ > kMostWork) return false;
      Spans longer = spans;
      longer.add(column);
      columns.push_back(column);
      if (extend(longer, column + 1)) return true;
      columns.pop_back();
    }
    return false;
  }

 private:
  static constexpr std::uint64_t kMostWork = std::uint64_t{1} << 25;  // vectors visited: about 20 ms
  std::size_t wanted_;
  int resolution_;
  std::uint64_t work_ = 0;
};

Fraction fractionOf(int baseCount, std::span<const std::uint32_t> generated) {
  std::vector<int> baseFactors(static_cast<std::size_t>(baseCount));
  std::iota(baseFactors.begin(), baseFactors.end(), 0);
  std::vector<SignedEffect> generators;
  for (std::size_t i = 0; i < generated.size(); ++i)
    generators.push_back({FactorSet{generated[i]} | FactorSet{1} << (static_cast<std::size_t>(baseCount) + i), 1});
  return makeFraction(baseCount + static_cast<int>(generated.size()), std::move(baseFactors), std::move(generators));
}

}  // namespace

FractionResult smallestFraction(int factorCount, int resolution) {
  FractionResult result;
  if (resolution < 3 || resolution > factorCount) {
    result.problem = fmt::format("resolution {} of {} factors: it lies between 3 and the number of factors", resolution,
                                 factorCount);
    return result;
  }
  for (int q = 1; q <= std::min(kMostBase, factorCount - 1); ++q) {
    if (factorCount - q > kMostGenerated) continue;
    Spans spans(q);
    for (int i = 0; i < q; ++i) spans.add(std::uint32_t{1} << i);
    ColumnSearch search(factorCount - q, resolution);
    if (!search.extend(spans, 1)) continue;
    result.fraction = fractionOf(q, search.columns);
    return result;
  }
  result.problem = fmt::format("no fraction of {} factors with resolution {} has at most 2^{} cells", factorCount,
                               resolution, kMostBase);
  return result;
}

}  // namespace nnc::statistics
