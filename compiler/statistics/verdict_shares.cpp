// The rules of shares of the gap, of what was not resolved, and of the order of factors.
#include <algorithm>

#include <fmt/format.h>

#include "statistics/verdict_text.h"

namespace nnc::statistics {

namespace {

/// The estimator that speaks for a factor: its Shapley value, or its main effect where that is not defined.
struct Speaker {
  const FactorAnalysis* factor = nullptr;
  const Inferred* effect = nullptr;
  const char* name = "";
  std::string others = "";  // effects that the design cannot tell from this one: "norm:skip"
};

}  // namespace

static std::string aliasText(const Facts& facts, std::span<const FactorSet> aliases) {
  Texts names;
  for (const FactorSet alias : aliases) names.push_back(nameOf(alias, facts.factors));
  return listText(names, "or");
}

static std::vector<Speaker> speakersOf(const Facts& facts) {
  std::vector<Speaker> speakers;
  for (const FactorAnalysis& factor : facts.analysis.factors) {
    if (factor.shapley.interval)
      speakers.push_back({&factor, &factor.shapley, "Shapley"});
    else if (factor.main.interval)
      speakers.push_back({&factor, &factor.main, "main effect", aliasText(facts, factor.aliases)});
  }
  return speakers;
}

Texts sayAccount(const Facts& facts) {
  Texts texts;
  for (const Speaker& speaker : speakersOf(facts)) {
    const Interval& interval = *speaker.effect->interval;
    if (interval.contains(0)) continue;
    const std::string& name = factorName(facts, speaker.factor->factor);
    const int decimals = decimalsFor(facts, interval);
    const char* mark = speaker.effect->isSignificant ? "" : "; not significant after Holm's adjustment";
    if (!speaker.others.empty()) {
      texts.push_back(fmt::format("{} or {}: {} in this study ({}, {}{}); the fraction cannot tell which.", name,
                                  speaker.others, signedPoints(facts, interval.estimate, decimals), speaker.name,
                                  rangeText(facts, interval), mark));
    } else if (speaker.effect == &speaker.factor->shapley && hasGap(facts)) {
      const double gap = facts.analysis.totalGain.interval->estimate;
      texts.push_back(fmt::format(
          "{} accounts for {} of {} of the gap between the old and the new recipe in this study ({}, {}{}).", name,
          signedNumber(facts, interval.estimate, decimals), signedPoints(facts, gap, decimals), speaker.name,
          rangeText(facts, interval), mark));
    } else {
      texts.push_back(fmt::format("{} goes with {} in this study ({}, {}{}).", name,
                                  signedPoints(facts, interval.estimate, decimals), speaker.name,
                                  rangeText(facts, interval), mark));
    }
  }
  return texts;
}

/// Effects whose interval includes 0, told apart by whether a relevant effect would have been seen.
static Texts withoutEffect(const Facts& facts, bool couldBeSeen) {
  Texts texts;
  for (const Speaker& speaker : speakersOf(facts)) {
    const Interval& interval = *speaker.effect->interval;
    if (!interval.contains(0)) continue;
    const double detectable = speaker.factor->minimumDetectable.value_or(0);
    // Effects that a fraction adds up may cancel: that their sum is none says nothing of each.
    const bool isSmall = detectable * facts.unit.scale <= facts.unit.relevant && speaker.others.empty();
    if (isSmall != couldBeSeen) continue;
    const std::string name =
        factorName(facts, speaker.factor->factor) + (speaker.others.empty() ? "" : " with " + speaker.others);
    if (detectable == 0) {
      texts.push_back(fmt::format("{}: no effect in any of {} seeds.", name, interval.count));
      continue;
    }
    const std::string found = fmt::format(
        "{}, {}", signedPoints(facts, interval.estimate, decimalsFor(facts, interval)), rangeText(facts, interval));
    const std::string size = sizeText(facts, detectable);
    texts.push_back(
        couldBeSeen ? fmt::format("{}: no effect found ({}), and one of {} would have been with a probability of 0.8.",
                                  name, found, size)
                    : fmt::format("{}: not resolved ({}); an effect must reach {} to be found.", name, found, size));
  }
  return texts;
}

Texts sayNotResolved(const Facts& facts) { return withoutEffect(facts, /*couldBeSeen=*/false); }
Texts sayNoEffect(const Facts& facts) { return withoutEffect(facts, /*couldBeSeen=*/true); }

// ---- order ----

static constexpr double kDecided = 0.95;

static bool isDecided(const OrderAnalysis& order) { return order.probability && *order.probability >= kDecided; }

/// Factors in the order of what they give, cut wherever the order of neighbours is decided.
static std::vector<std::vector<int>> tiersOf(const Facts& facts) {
  std::vector<std::vector<int>> tiers;
  for (const OrderAnalysis& order : facts.analysis.orders) {
    if (tiers.empty()) tiers.push_back({order.first});
    if (isDecided(order)) tiers.emplace_back();
    tiers.back().push_back(order.second);
  }
  return tiers;
}

Texts sayOrder(const Facts& facts) {
  const std::vector<std::vector<int>> tiers = tiersOf(facts);
  if (tiers.size() < 2) return {};
  Texts names;
  for (const std::vector<int>& tier : tiers) names.push_back(listText(namesOf(facts, tier)));
  const bool isLowerBetter = facts.analysis.better == Better::Lower;
  return {fmt::format("Order of the Shapley values{}, as far as the seeds decide it: {}.",
                      isLowerBetter ? ", the best (lowest) first" : "",
                      fmt::join(names, isLowerBetter ? " < " : " > "))};
}

Texts sayTied(const Facts& facts) {
  Texts texts;
  for (const std::vector<int>& tier : tiersOf(facts)) {
    if (tier.size() < 2) continue;
    Texts probabilities;
    for (const OrderAnalysis& order : facts.analysis.orders)
      if (std::ranges::count(tier, order.first) && std::ranges::count(tier, order.second) && order.probability)
        probabilities.push_back(fmt::format("P({} {} {}) = {:.2f}", factorName(facts, order.first),
                                            facts.analysis.better == Better::Lower ? '<' : '>',
                                            factorName(facts, order.second), *order.probability));
    const std::string reason = probabilities.empty() ? "fewer than five seeds decide no order"
                                                     : fmt::format("{}", fmt::join(probabilities, ", "));
    texts.push_back(fmt::format("Tied: {} ({}).", listText(namesOf(facts, tier)), reason));
  }
  return texts;
}

}  // namespace nnc::statistics
