// Everything that is said of one response of one study: the estimators of attribution.h with their intervals.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "statistics/attribution.h"
#include "statistics/intervals.h"
#include "statistics/permutations.h"
#include "statistics/variance_shares.h"

namespace nnc::statistics {

/// What kind of design the cells are, which decides how main effects and interactions are estimated.
enum class DesignKind {
  Factorial,  // over pairs of cells that differ in one factor
  Fraction,   // as contrasts of signs, each the sum of an effect and its aliases
  Ablation,   // first-in, last-in, build-up, path: there are none
  Random,     // main effects by least squares; no interactions
  Orders,     // sampled orders: Shapley values, with the error of the sampling in their intervals
};

/// Which values of a response are better.
enum class Better { Higher, Lower, Unknown };

/// How the interaction of two factors is measured: by the contrast of a factorial, over all settings of the others
/// alike, or by Shapley's interaction index, over the orders in which the others are added.
enum class PairIndex { Contrast, Shapley };

struct AnalysisOptions {
  DesignKind design = DesignKind::Factorial;
  std::vector<Precedence> precedences = {};  // precedencesOf(responses) finds them where cells have kNotApplicable
  std::vector<FactorSet> groups = {};        // further first-in and last-in estimates, of several factors together
  std::optional<SampledOrders> orders = {};  // of a design of sampled orders
  double level = 0.95;
  double significance = 0.05;
  Better better = Better::Higher;
  PairIndex pairs = PairIndex::Contrast;  // of factorials
  std::uint64_t seed = 0;                 // of the bootstrap
};

/// An estimate with what is inferred from it. No interval: fewer than two blocks define it.
struct Inferred {
  Estimate estimate;
  std::optional<Interval> interval;  // t, over blocks; not adjusted
  double pValue = 1;
  double adjustedP = 1;        // main effects and the like: Holm, over the factors; interactions: Benjamini-Hochberg
  bool isSignificant = false;  // by the adjusted p-value
};

struct FactorAnalysis {
  int factor = 0;
  Inferred firstIn, main, shapley, lastIn;
  std::vector<FactorSet> aliases;           // of a fraction: what its main effect cannot be told from
  std::optional<double> minimumDetectable;  // of the Shapley value, or the first of main and first-in that is defined
};

struct PairAnalysis {
  int first = 0, second = 0;
  Inferred contrast, effectOfFirstAtOld, effectOfFirstAtNew;
  std::vector<FactorSet> aliases = {};  // of a fraction: what the contrast cannot be told from
};

struct GroupAnalysis {
  FactorSet group = 0;
  Inferred firstIn, lastIn;
};

/// P(`first` gives more than `second`) by Shapley values over the block bootstrap: the higher one, or the lower one
/// where lower responses are better. Empty: fewer than five blocks.
struct OrderAnalysis {
  int first = 0, second = 0;
  std::optional<double> probability;
};

struct Analysis {
  DesignKind design = DesignKind::Factorial;
  Better better = Better::Higher;
  double level = 0.95;
  int blockCount = 0;                   // in which some cell has finished
  int plannedBlocks = 0;                // of the study
  Crossing crossing;                    // of their seeds
  std::vector<FactorAnalysis> factors;  // the players, in the order of the study
  std::vector<PairAnalysis> pairs;      // first < second; factorials and fractions alone have them
  std::vector<GroupAnalysis> groups;
  std::vector<OrderAnalysis> orders;  // neighbours in the order of Shapley values, what gives most first
  Inferred totalGain;
  VarianceShares shares;  // over the complete blocks; sets of up to three factors where there are many
  std::optional<double> minimumDetectable;  // the largest of the factors
  bool isUnbalanced = false;  // a main effect or interaction averages over fewer settings than the full design has
};

/// All pairs of the players, then all triples: what may be sufficient or necessary together.
std::vector<FactorSet> smallGroups(FactorSet players);

Analysis analyse(const Responses& responses, const AnalysisOptions& options = {});

}  // namespace nnc::statistics
