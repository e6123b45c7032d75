// Functional ANOVA of the cell means: which share of their variance each set of factors explains.
#pragma once
#include <span>
#include <vector>

#include "statistics/factors.h"
#include "statistics/responses.h"

namespace nnc::statistics {

struct VarianceShare {
  FactorSet factors = 0;
  double share = 0;  // of the variance of the cell means; the shares of all sets sum to 1
};

struct VarianceShares {
  std::vector<VarianceShare> shares;  // every non-empty set of factors with several levels: smaller sets first
  double totalVariance = 0;           // of the cell means, over all cells with equal weight
  std::vector<Cell> absent;           // not empty: the design is not full and there are no shares
};

/// Exact decomposition of the means over `blocks` (all of them must be complete) on the full design, at all levels of
/// all factors, for sets of up to `maxOrder` factors. For two levels the variance of a set is its squared contrast / 4.
/// No shares when nothing varies.
///
/// Source: Hooker, "Generalized functional ANOVA diagnostics", JCGS 16:709-732, 2007; Hutter, Hoos, Leyton-Brown, ICML
/// 2014.
VarianceShares varianceShares(const Responses& responses, std::span<const int> blocks, int maxOrder = kMaxFactors);

}  // namespace nnc::statistics
