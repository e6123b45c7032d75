#include "statistics/analysis.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "statistics/bootstrap.h"
#include "statistics/orders.h"

namespace nnc::statistics {

namespace {

constexpr int kMostFullyDecomposed = 10;  // factors; beyond, variance shares stop at sets of three

Inferred inferred(Estimate estimate, const AnalysisOptions& options, double furtherError = 0) {
  Inferred result;
  result.estimate = std::move(estimate);
  const Estimate& known = result.estimate;
  result.interval = tInterval(known.byBlock, options.level, furtherError, known.crossing);
  result.pValue = result.adjustedP = tTest(known.byBlock, furtherError, known.crossing);
  result.isSignificant = result.interval && result.pValue < options.significance;
  return result;
}

using Adjustment = std::vector<double>(std::span<const double>);

/// Adjusts the p-values of those that have an interval for their number.
void adjust(std::span<Inferred* const> family, Adjustment& adjustment, double significance) {
  std::vector<Inferred*> tested;
  std::vector<double> pValues;
  for (Inferred* member : family) {
    if (!member->interval) continue;
    tested.push_back(member);
    pValues.push_back(member->pValue);
  }
  const std::vector<double> adjusted = adjustment(pValues);
  for (std::size_t i = 0; i < tested.size(); ++i) {
    tested[i]->adjustedP = adjusted[i];
    tested[i]->isSignificant = adjusted[i] < significance;
  }
}

std::vector<Estimate> mainEffects(const Responses& responses, DesignKind design) {
  if (design == DesignKind::Random) return leastSquaresEffects(responses);
  std::vector<Estimate> effects;
  for (int factor = 0; factor < responses.factorCount(); ++factor) {
    const bool isPlayer = responses.factors()[static_cast<std::size_t>(factor)].isPlayer;
    if (!isPlayer || design == DesignKind::Ablation || design == DesignKind::Orders)
      effects.push_back(estimateOf(responses, {}));
    else if (design == DesignKind::Fraction)
      effects.push_back(productContrast(responses, FactorSet{1} << factor));
    else
      effects.push_back(mainEffect(responses, factor));
  }
  return effects;
}

/// Exact where all coalitions were run, else from sampled orders.
std::vector<ShapleyFromOrders> shapleyValues(const Responses& responses, const AnalysisOptions& options) {
  if (options.design == DesignKind::Orders && options.orders) return shapleyFromOrders(responses, *options.orders);
  std::vector<ShapleyFromOrders> values(responses.factors().size(), {estimateOf(responses, {}), 0});
  if (std::popcount(playersOf(responses.factors())) > kMostCountedPlayers) return values;
  const std::vector<Estimate> exact = shapley(responses, options.precedences);
  for (std::size_t f = 0; f < values.size(); ++f) values[f].estimate = exact[f];
  return values;
}

std::optional<double> detectable(const FactorAnalysis& factor) {
  for (const Inferred* candidate : {&factor.shapley, &factor.main, &factor.firstIn})
    if (candidate->interval) return minimumDetectableEffect(candidate->estimate.byBlock, candidate->estimate.crossing);
  return std::nullopt;
}

std::vector<FactorAnalysis> analyseFactors(const Responses& responses, const AnalysisOptions& options) {
  std::vector<Estimate> mains = mainEffects(responses, options.design);
  std::vector<ShapleyFromOrders> shapleys = shapleyValues(responses, options);
  std::vector<FactorAnalysis> factors;
  for (const int factor : membersOf(playersOf(responses.factors()))) {
    const auto f = static_cast<std::size_t>(factor);
    FactorAnalysis row;
    row.factor = factor;
    row.firstIn = inferred(firstIn(responses, FactorSet{1} << factor), options);
    row.main = inferred(std::move(mains[f]), options);
    if (options.design == DesignKind::Fraction) row.aliases = aliasesIn(responses, FactorSet{1} << factor);
    row.shapley = inferred(std::move(shapleys[f].estimate), options, shapleys[f].standardError);
    row.lastIn = inferred(lastIn(responses, FactorSet{1} << factor), options);
    row.minimumDetectable = detectable(row);
    factors.push_back(std::move(row));
  }
  for (Inferred FactorAnalysis::* estimator :
       {&FactorAnalysis::firstIn, &FactorAnalysis::main, &FactorAnalysis::shapley, &FactorAnalysis::lastIn}) {
    std::vector<Inferred*> family;
    for (FactorAnalysis& factor : factors) family.push_back(&(factor.*estimator));
    adjust(family, holm, options.significance);
  }
  return factors;
}

std::vector<PairAnalysis> analysePairs(const Responses& responses, const AnalysisOptions& options) {
  std::vector<PairAnalysis> pairs;
  if (options.design != DesignKind::Factorial && options.design != DesignKind::Fraction) return pairs;
  const std::vector<int> players = membersOf(playersOf(responses.factors()));
  for (std::size_t i = 0; i < players.size(); ++i) {
    for (std::size_t j = i + 1; j < players.size(); ++j) {
      PairAnalysis pair{players[i], players[j], {}, {}, {}};
      if (options.design == DesignKind::Fraction) {
        const FactorSet effect = FactorSet{1} << players[i] | FactorSet{1} << players[j];
        pair.contrast = inferred(productContrast(responses, effect), options);
        pair.aliases = aliasesIn(responses, effect);
      } else {
        Interaction found = interaction(responses, players[i], players[j]);
        pair.contrast =
            inferred(options.pairs == PairIndex::Shapley ? shapleyInteraction(responses, players[i], players[j])
                                                         : std::move(found.contrast),
                     options);
        pair.effectOfFirstAtOld = inferred(std::move(found.effectOfFirstAtOld), options);
        pair.effectOfFirstAtNew = inferred(std::move(found.effectOfFirstAtNew), options);
      }
      pairs.push_back(std::move(pair));
    }
  }
  std::vector<Inferred*> family;
  for (PairAnalysis& pair : pairs) family.push_back(&pair.contrast);
  adjust(family, benjaminiHochberg, options.significance);
  return pairs;
}

std::vector<OrderAnalysis> analyseOrders(std::span<const FactorAnalysis> factors, const AnalysisOptions& options) {
  const bool isLowerBetter = options.better == Better::Lower;
  std::vector<const FactorAnalysis*> sorted;
  for (const FactorAnalysis& factor : factors)
    if (factor.shapley.interval) sorted.push_back(&factor);
  std::stable_sort(sorted.begin(), sorted.end(), [&](const FactorAnalysis* a, const FactorAnalysis* b) {
    const double first = a->shapley.interval->estimate, second = b->shapley.interval->estimate;
    return isLowerBetter ? first < second : first > second;
  });
  std::vector<OrderAnalysis> orders;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const FactorAnalysis *high = sorted[i - 1], *low = sorted[i];
    if (isLowerBetter) std::swap(high, low);
    orders.push_back({sorted[i - 1]->factor, sorted[i]->factor,
                      probabilityGreater(high->shapley.estimate.byBlock, low->shapley.estimate.byBlock, options.seed,
                                         high->shapley.estimate.crossing)});
  }
  return orders;
}

}  // namespace

std::vector<FactorSet> smallGroups(FactorSet players) {
  const std::vector<int> members = membersOf(players);
  std::vector<FactorSet> pairs, triples;
  for (std::size_t i = 0; i < members.size(); ++i)
    for (std::size_t j = i + 1; j < members.size(); ++j) {
      pairs.push_back(FactorSet{1} << members[i] | FactorSet{1} << members[j]);
      for (std::size_t k = j + 1; k < members.size(); ++k) triples.push_back(pairs.back() | FactorSet{1} << members[k]);
    }
  pairs.insert(pairs.end(), triples.begin(), triples.end());
  // The whole is the gap itself.
  std::erase(pairs, players);
  return pairs;
}

Analysis analyse(const Responses& responses, const AnalysisOptions& options) {
  Analysis analysis;
  analysis.design = options.design;
  analysis.level = options.level;
  analysis.better = options.better;
  analysis.plannedBlocks = responses.blockCount();
  analysis.blockCount = responses.begunBlocks();
  analysis.crossing = responses.crossing();
  analysis.factors = analyseFactors(responses, options);
  analysis.pairs = analysePairs(responses, options);
  for (const FactorSet group : options.groups)
    analysis.groups.push_back(
        {group, inferred(firstIn(responses, group), options), inferred(lastIn(responses, group), options)});
  analysis.orders = analyseOrders(analysis.factors, options);
  analysis.totalGain = inferred(totalGain(responses), options);
  if (options.design == DesignKind::Factorial)
    analysis.shares = varianceShares(responses, responses.completeBlocks(),
                                     responses.factorCount() > kMostFullyDecomposed ? 3 : kMaxFactors);
  for (const FactorAnalysis& factor : analysis.factors) {
    analysis.isUnbalanced = analysis.isUnbalanced || factor.main.estimate.isUnbalanced();
    if (factor.minimumDetectable)
      analysis.minimumDetectable = std::max(*factor.minimumDetectable, analysis.minimumDetectable.value_or(0));
  }
  for (const PairAnalysis& pair : analysis.pairs)
    analysis.isUnbalanced = analysis.isUnbalanced || pair.contrast.estimate.isUnbalanced();
  return analysis;
}

}  // namespace nnc::statistics
