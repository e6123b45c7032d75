// Everything that is said of one response of one study: the estimators of attribution.h with their intervals.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "statistics/attribution.h"
#include "statistics/intervals.h"
#include "statistics/variance_shares.h"

namespace nnc::statistics {

struct AnalysisOptions {
  std::vector<Precedence> precedences;
  double level = 0.95;
  double significance = 0.05;
  std::uint64_t seed = 0;  // of the bootstrap
};

/// An estimate with what is inferred from it. No interval: fewer than two blocks define it.
struct Inferred {
  Estimate estimate;
  std::optional<Interval> interval;  // t, over blocks; not adjusted
  double pValue = 1;
  double adjustedP = 1;        // Holm for main effects, Benjamini-Hochberg for interactions, else the p-value itself
  bool isSignificant = false;  // by the adjusted p-value
};

struct FactorAnalysis {
  int factor = 0;
  Inferred firstIn, main, shapley, lastIn;
  std::optional<double> minimumDetectable;  // of the Shapley value (of the main effect where that is not defined)
};

struct PairAnalysis {
  int first = 0, second = 0;
  Inferred contrast, effectOfFirstAtOld, effectOfFirstAtNew;
};

/// P(Shapley value of `first` > that of `second`) over the block bootstrap. Empty: fewer than five blocks.
struct OrderAnalysis {
  int first = 0, second = 0;
  std::optional<double> probability;
};

struct Analysis {
  std::vector<FactorAnalysis> factors;  // the players, in the order of the study
  std::vector<PairAnalysis> pairs;      // i < j
  std::vector<OrderAnalysis> orders;    // neighbours in descending order of Shapley values
  Inferred totalGain;
  VarianceShares shares;
  int blockCount = 0;
  std::optional<double> minimumDetectable;  // the largest of the factors
  bool isUnbalanced = false;                // some estimator averages over fewer settings than a full design has
};

Analysis analyse(const Responses& responses, const AnalysisOptions& options = {});

}  // namespace nnc::statistics
