// The rules of the gap, of what was sufficient or necessary, and of pairs.
#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "statistics/verdict_text.h"

namespace nnc::statistics {

Texts sayGap(const Facts& facts) {
  const Inferred& gain = facts.analysis.totalGain;
  const Ends ends = endsOf(facts);
  if (!gain.estimate.absent.empty()) {
    Texts cells;
    for (const Cell& cell : gain.estimate.absent) cells.push_back(nameOf(cell, facts.factors));
    return {fmt::format("The gap between {} is not known: {} was not run.", ends.both, listText(cells))};
  }
  if (!gain.estimate.isDefined()) return {fmt::format("The gap between {} is not known: no seed has both.", ends.both)};
  if (!gain.interval)
    return {fmt::format("In the one seed that has both, {} differs from {} by {}.", ends.newOne, ends.oldOne,
                        signedPoints(facts, gain.estimate.values()[0], 1))};
  const Interval& interval = *gain.interval;
  const std::string size = signedPoints(facts, interval.estimate, decimalsFor(facts, interval));
  const std::string range = rangeText(facts, interval);
  if (!hasGap(facts)) return {fmt::format("No gap between {} is resolved: {} ({}).", ends.both, size, range)};
  if (facts.analysis.better == Better::Unknown)
    return {
        fmt::format("In this study {} differs from {}: {} ({}).", ends.newOne, ends.oldOne, size, range),
        "Which values are better does not follow from the expression of the measure, so nothing is called better or "
        "worse."};
  return {fmt::format("In this study {} is {} than {}: {} ({}).", ends.newOne, hasGain(facts) ? "better" : "worse",
                      ends.oldOne, size, range)};
}

// ---- sufficient and necessary ----

/// How an effect compares with half of the gap. Open: its interval has the half in it. NotRun: there is no interval.
enum class Part { Most, NotMost, Open, NotRun };

static Part partOf(const Facts& facts, const Inferred& inferred) {
  if (!inferred.interval) return Part::NotRun;
  const double half = facts.analysis.totalGain.interval->estimate / 2;
  if (inferred.interval->contains(half)) return Part::Open;
  return (inferred.interval->lower > half) == (half > 0) ? Part::Most : Part::NotMost;
}

/// Does the interval lie beyond half of the gap, on its side?
static bool isMostOfGap(const Facts& facts, const Inferred& inferred) {
  return hasGain(facts) && partOf(facts, inferred) == Part::Most;
}

static const FactorAnalysis& rowOf(const Facts& facts, int factor) {
  return *std::find_if(facts.analysis.factors.begin(), facts.analysis.factors.end(),
                       [&](const FactorAnalysis& row) { return row.factor == factor; });
}

static std::vector<int> factorsWhere(const Facts& facts, Inferred FactorAnalysis::* estimator) {
  std::vector<int> found;
  for (const FactorAnalysis& factor : facts.analysis.factors)
    if (isMostOfGap(facts, factor.*estimator)) found.push_back(factor.factor);
  return found;
}

static std::vector<int> sufficientFactors(const Facts& facts) { return factorsWhere(facts, &FactorAnalysis::firstIn); }
static std::vector<int> necessaryFactors(const Facts& facts) { return factorsWhere(facts, &FactorAnalysis::lastIn); }

static bool has(const std::vector<int>& factors, int factor) {
  return std::find(factors.begin(), factors.end(), factor) != factors.end();
}

static std::string evidence(const Facts& facts, const char* name, const Inferred& inferred) {
  return fmt::format("({} {}, {})", name,
                     signedNumber(facts, inferred.interval->estimate, decimalsFor(facts, *inferred.interval)),
                     rangeText(facts, *inferred.interval));
}

/// What is not known of single factors: those whose interval has half of the gap in it, and those that were not run.
/// Empty: each is shown to be less than half.
static Texts unknownOf(const Facts& facts, std::span<const int> factors, Inferred FactorAnalysis::* estimator,
                       const char* name, const char* claim) {
  Texts texts, notRun;
  for (const int factor : factors) {
    const Inferred& inferred = rowOf(facts, factor).*estimator;
    const Part part = partOf(facts, inferred);
    if (part == Part::Open)
      texts.push_back(fmt::format("whether {} {} is not resolved {}", factorName(facts, factor), claim,
                                  evidence(facts, name, inferred)));
    if (part == Part::NotRun) notRun.push_back(factorName(facts, factor));
  }
  if (!notRun.empty())
    texts.push_back(
        fmt::format("whether {} {} is not known, as there are no runs that show it", listText(notRun, "or"), claim));
  return texts;
}

/// Several are sufficient and none of them is shown to be necessary.
static bool isEither(const Facts& facts) {
  const std::vector<int> sufficient = sufficientFactors(facts), necessary = necessaryFactors(facts);
  return sufficient.size() > 1 &&
         std::none_of(sufficient.begin(), sufficient.end(), [&](int factor) { return has(necessary, factor); });
}

Texts sayEitherSuffices(const Facts& facts) {
  if (!isEither(facts)) return {};
  const std::vector<int> sufficient = sufficientFactors(facts);
  const Texts names = namesOf(facts, sufficient);
  const Texts unknown = unknownOf(facts, sufficient, &FactorAnalysis::lastIn, "last-in", "is necessary");
  const std::string necessity = unknown.empty()
                                    ? fmt::format("{} of them is necessary", names.size() == 2 ? "neither" : "none")
                                    : fmt::format("{}", fmt::join(unknown, "; "));
  return {fmt::format("{} of {} suffices; {}.", names.size() == 2 ? "Either" : "Any one", listText(names, "or"),
                      necessity)};
}

// ---- pairs ----

/// The pairs that only make sense together, the strongest first: the interaction is significant after adjustment and
/// exceeds half of the main effect of each. A contrast that a fraction cannot tell from another effect makes no pair.
static std::vector<const PairAnalysis*> pairsTogether(const Facts& facts) {
  const auto mainOf = [&](int factor) {
    for (const FactorAnalysis& row : facts.analysis.factors)
      if (row.factor == factor && row.main.interval) return std::abs(row.main.interval->estimate);
    return 0.0;
  };
  std::vector<const PairAnalysis*> pairs;
  for (const PairAnalysis& pair : facts.analysis.pairs) {
    if (!pair.contrast.interval || !pair.contrast.isSignificant || !pair.aliases.empty()) continue;
    const double size = std::abs(pair.contrast.interval->estimate);
    if (size > std::max(mainOf(pair.first), mainOf(pair.second)) / 2) pairs.push_back(&pair);
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const PairAnalysis* a, const PairAnalysis* b) {
    return std::abs(a->contrast.interval->estimate) > std::abs(b->contrast.interval->estimate);
  });
  return pairs;
}

static std::set<int> pairedFactors(const Facts& facts) {
  std::set<int> factors;
  for (const PairAnalysis* pair : pairsTogether(facts)) factors.insert({pair->first, pair->second});
  return factors;
}

/// What two factors are to each other.
static const char* relationOf(const Facts& facts, const PairAnalysis& pair) {
  if (facts.analysis.better == Better::Unknown) return "do not add up";
  const auto isGood = [&](double effect) { return (effect > 0) == (facts.analysis.better == Better::Higher); };
  if (isGood(pair.contrast.interval->estimate)) return "work together";
  if (!pair.effectOfFirstAtNew.interval) return "do not add up";
  return isGood(pair.effectOfFirstAtNew.interval->estimate) ? "stand in for each other" : "get in each other's way";
}

Texts sayTogether(const Facts& facts) {
  constexpr std::size_t kMostTold = 3;
  const std::vector<const PairAnalysis*> pairs = pairsTogether(facts);
  Texts texts, others;
  for (const PairAnalysis* pair : pairs) {
    const std::string &first = factorName(facts, pair->first), &second = factorName(facts, pair->second);
    if (texts.size() == kMostTold) {
      others.push_back(first + " and " + second);
      continue;
    }
    const Interval& contrast = *pair->contrast.interval;
    const int decimals = decimalsFor(facts, contrast);
    std::string text = fmt::format("{} and {} {}:", first, second, relationOf(facts, *pair));
    if (pair->effectOfFirstAtOld.interval && pair->effectOfFirstAtNew.interval)
      text += fmt::format(" {} gives {} with the old {} and {} with the new one;", first,
                          signedPoints(facts, pair->effectOfFirstAtOld.interval->estimate, decimals), second,
                          signedNumber(facts, pair->effectOfFirstAtNew.interval->estimate, decimals));
    texts.push_back(fmt::format("{} interaction {} ({}).", text, signedPoints(facts, contrast.estimate, decimals),
                                rangeText(facts, contrast)));
  }
  if (!others.empty()) texts.push_back(fmt::format("Further pairs that do not add up: {}.", shortList(others)));
  return texts;
}

// ---- single factors ----

/// What is said of factors alone: those that no pair sentence speaks of.
static std::vector<int> unpaired(const Facts& facts, std::vector<int> factors) {
  const std::set<int> paired = pairedFactors(facts);
  std::erase_if(factors, [&](int factor) { return paired.contains(factor); });
  return factors;
}

/// Groups whose estimate is most of the gap while that of no member alone is, nor that of a smaller group in them.
static std::vector<const GroupAnalysis*> groupsWhere(const Facts& facts, Inferred GroupAnalysis::* estimator,
                                                     const std::vector<int>& alone) {
  std::vector<const GroupAnalysis*> groups;
  for (const GroupAnalysis& group : facts.analysis.groups) {
    const std::vector<int> members = membersOf(group.group);
    const bool hasOneAlone =
        std::any_of(members.begin(), members.end(), [&](int factor) { return has(alone, factor); });
    const bool hasSmaller = std::any_of(groups.begin(), groups.end(), [&](const GroupAnalysis* smaller) {
      return (smaller->group & group.group) == smaller->group;
    });
    if (!hasOneAlone && !hasSmaller && isMostOfGap(facts, group.*estimator)) groups.push_back(&group);
  }
  return groups;
}

Texts saySufficient(const Facts& facts) {
  Texts texts;
  const std::vector<int> sufficient = sufficientFactors(facts);
  if (!isEither(facts)) {
    for (const int factor : unpaired(facts, sufficient))
      texts.push_back(fmt::format("{} alone was sufficient {}.", factorName(facts, factor),
                                  evidence(facts, "first-in", rowOf(facts, factor).firstIn)));
  }
  for (const GroupAnalysis* group : groupsWhere(facts, &GroupAnalysis::firstIn, sufficient)) {
    const std::vector<int> members = membersOf(group->group);
    const Texts unknown = unknownOf(facts, members, &FactorAnalysis::firstIn, "first-in", "is so alone");
    const std::string names = listText(namesOf(facts, members)), shown = evidence(facts, "first-in", group->firstIn);
    texts.push_back(unknown.empty()
                        ? fmt::format("{} together were sufficient, none of them alone {}.", names, shown)
                        : fmt::format("{} together were sufficient {}; {}.", names, shown, fmt::join(unknown, "; ")));
  }
  return texts;
}

Texts sayNecessary(const Facts& facts) {
  Texts texts;
  const std::vector<int> necessary = necessaryFactors(facts);
  for (const int factor : unpaired(facts, necessary))
    texts.push_back(fmt::format("{} was necessary here {}.", factorName(facts, factor),
                                evidence(facts, "last-in", rowOf(facts, factor).lastIn)));
  for (const GroupAnalysis* group : groupsWhere(facts, &GroupAnalysis::lastIn, necessary)) {
    const std::vector<int> members = membersOf(group->group);
    const Texts unknown = unknownOf(facts, members, &FactorAnalysis::lastIn, "last-in", "is necessary on its own");
    const std::string names = listText(namesOf(facts, members), "or"),
                      shown = evidence(facts, "last-in", group->lastIn);
    texts.push_back(unknown.empty()
                        ? fmt::format("One of {} was necessary here, no matter which {}.", names, shown)
                        : fmt::format("One of {} was necessary here {}; {}.", names, shown, fmt::join(unknown, "; ")));
  }
  return texts;
}

Texts sayNeitherShown(const Facts& facts) {
  if (!hasGain(facts) || !sufficientFactors(facts).empty() || !necessaryFactors(facts).empty()) return {};
  std::string text =
      "No factor is shown to be sufficient alone or to be necessary: no interval lies beyond half of the gap.";
  const std::pair<const char*, Inferred FactorAnalysis::*> estimators[] = {{"alone", &FactorAnalysis::firstIn},
                                                                           {"left out", &FactorAnalysis::lastIn}};
  for (const auto& [how, estimator] : estimators) {
    Texts names;
    for (const FactorAnalysis& factor : facts.analysis.factors)
      if (!(factor.*estimator).interval) names.push_back(factorName(facts, factor.factor));
    if (!names.empty()) text += fmt::format(" Of {} {} there is no interval.", listText(names, "or"), how);
  }
  return {text};
}

}  // namespace nnc::statistics
