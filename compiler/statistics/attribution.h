// What each factor did: estimators that are linear in the responses, computed within each block.
//
// v(S) is the response of the cell whose factors S are at their new level. All estimators use the cells between old and
// new alone, but for `levelEffect`.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/factors.h"
#include "statistics/responses.h"

namespace nnc::statistics {

struct CellBlock {
  int cell = 0;
  int block = 0;
};

/// An estimator, one value for each block.
///
/// With holes an estimator is either not defined (`absent` names cells that it needs and the design does not have;
/// every value is NaN) or averages over fewer settings of the other factors than the full design has (main effects,
/// interactions: `settingsUsed` < `settingsTotal`). A block that lacks a needed value is NaN and listed in `missing`.
struct Estimate {
  std::vector<double> byBlock;
  Crossing crossing;  // of the seeds of the blocks
  std::int64_t settingsUsed = 1;
  std::int64_t settingsTotal = 1;
  std::vector<Cell> absent;
  std::vector<CellBlock> missing;

  /// The values of the blocks in which it is defined.
  std::vector<double> values() const;
  bool isDefined() const { return !values().empty(); }
  bool isUnbalanced() const { return settingsUsed < settingsTotal; }
};

/// The estimator that a contrast is. An empty contrast is not defined.
Estimate estimateOf(const Responses& responses, std::span<const WeightedCell> contrast);

/// v(group) - v(none): is the group sufficient on its own? One factor, or several together.
Estimate firstIn(const Responses& responses, FactorSet group);

/// v(all) - v(all but group): is the group still necessary?
Estimate lastIn(const Responses& responses, FactorSet group);

/// v(all) - v(none): the gap between the new and the old recipe.
Estimate totalGain(const Responses& responses);

/// Mean over the settings of the other players of v(S+i) - v(S): the factorial main effect, equal to the Banzhaf value.
/// Settings of which the design lacks a cell, or in which the factor does not apply, are left out (nested factors:
/// "within skip = on").
Estimate mainEffect(const Responses& responses, int factor);

/// Mean over all settings of the other factors, at all their levels, of v(to) - v(from): for factors of several levels.
Estimate levelEffect(const Responses& responses, int factor, int from, int to);

/// Sum over S of |S|! (k-|S|-1)! / k! (v(S+i) - v(S)) for every factor (an undefined estimate for one that is no
/// player). The values sum to `totalGain` in every block. Source: Shapley, "A value for n-person games", 1953.
///
/// With precedences: the mean of v(S+i) - v(S) over the orders in which what is needed comes first. Source: Faigle and
/// Kern, "The Shapley value for cooperative games under precedence constraints", Int. J. Game Theory 21:249-266, 1992.
///
/// Needs   at most 20 players; precedences without a cycle.
std::vector<Estimate> shapley(const Responses& responses, std::span<const Precedence> precedences = {});

/// How two factors act together.
struct Interaction {
  int first = 0;
  int second = 0;
  Estimate contrast;                                // 2 mean(s_i s_j v): half the difference of the simple effects
  Estimate effectOfFirstAtOld, effectOfFirstAtNew;  // simple effects of `first`, with `second` at old and at new
};
Interaction interaction(const Responses& responses, int first, int second);

/// Sum over S of |S|! (k-|S|-2)! / (k-1)! (v(S+ij) - v(S+i) - v(S+j) + v(S)). Source: Grabisch and Roubens, "An
/// axiomatic approach to the concept of interaction among players in cooperative games", Int. J. Game Theory
/// 28:547-565, 1999.
Estimate shapleyInteraction(const Responses& responses, int first, int second);

/// Mean of the cells in which the signs of `effect` multiply to +1, less that of the others: the main effect for one
/// factor, the contrast of an interaction for two. For fractions: there it is the sum of `effect` and its aliases.
Estimate productContrast(const Responses& responses, FactorSet effect);

/// The other effects of one or two players whose signs are those of `effect`, or opposite, in every cell: this design
/// cannot tell them apart.
std::vector<FactorSet> aliasesIn(const Responses& responses, FactorSet effect);

/// Main effects by least squares within each block, for designs that pair no cells (random ones): the model is a mean
/// plus one term for each level of each factor. All undefined when the cells do not determine the model.
std::vector<Estimate> leastSquaresEffects(const Responses& responses);

}  // namespace nnc::statistics
