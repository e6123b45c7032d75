#include "statistics/verdict_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace nnc::statistics {

static constexpr double kSignificance = 0.05;
static constexpr std::size_t kMostListed = 4;

int decimalsFor(const Facts& facts, const Interval& interval) {
  const double width = (interval.upper - interval.lower) * facts.unit.scale;
  if (!(width > 0)) return 1;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(width))), 1, 6);
}

std::string signedNumber(const Facts& facts, double value, int decimals) {
  std::string text = fmt::format("{:+.{}f}", value * facts.unit.scale, decimals);
  // "-0.0" reads as a direction where there is none.
  if (text.find_first_not_of("-+0.") == std::string::npos) text.erase(0, 1);
  return text;
}

std::string signedPoints(const Facts& facts, double value, int decimals) {
  const std::string number = signedNumber(facts, value, decimals);
  return facts.unit.difference.empty() ? number : number + " " + facts.unit.difference;
}

std::string sizeText(const Facts& facts, double value) {
  const double scaled = value * facts.unit.scale;
  return fmt::format("{:.2g}{}{}", scaled, facts.unit.difference.empty() ? "" : " ", facts.unit.difference);
}

std::string rangeText(const Facts& facts, const Interval& interval) {
  if (interval.lower == interval.upper) return fmt::format("the same in all {} seeds", interval.count);
  const int decimals = decimalsFor(facts, interval);
  return fmt::format("{:g} % CI {} to {}", facts.analysis.level * 100, signedNumber(facts, interval.lower, decimals),
                     signedNumber(facts, interval.upper, decimals));
}

std::string listText(std::span<const std::string> items, const char* last) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? fmt::format(" {} ", last) : ", ";
    text += items[i];
  }
  return text;
}

std::string shortList(std::span<const std::string> items) {
  if (items.size() <= kMostListed) return fmt::format("{}", fmt::join(items, "; "));
  return fmt::format("{}; and {} more", fmt::join(items.first(kMostListed), "; "), items.size() - kMostListed);
}

std::string crossingText(const Crossing& crossing) {
  Texts parts;
  for (const Crossing::Stream& stream : crossing.streams)
    parts.push_back(fmt::format("{} {}", stream.count, stream.name));
  return fmt::format("{}", fmt::join(parts, " x "));
}

Ends endsOf(const Facts& facts) {
  if (facts.analysis.factors.size() != 1) return {"the new recipe", "the old one", "the old and the new recipe"};
  const auto index = static_cast<std::size_t>(facts.analysis.factors[0].factor);
  const auto levelName = [&](int level) {
    Cell cell(facts.factors.size(), kNotApplicable);
    cell[index] = level;
    return nameOf(cell, facts.factors);
  };
  const std::string newer = levelName(facts.factors[index].newLevel), older = levelName(facts.factors[index].oldLevel);
  return {newer, older, fmt::format("{} and {}", older, newer)};
}

const std::string& factorName(const Facts& facts, int factor) {
  return facts.factors[static_cast<std::size_t>(factor)].name;
}

Texts namesOf(const Facts& facts, std::span<const int> factors) {
  Texts names;
  for (const int factor : factors) names.push_back(factorName(facts, factor));
  return names;
}

bool isNothingLearned(const Facts& facts) {
  return facts.chance && facts.bestCell && facts.bestCell->pValue >= kSignificance;
}

bool hasGap(const Facts& facts) {
  const std::optional<Interval>& gain = facts.analysis.totalGain.interval;
  return gain && !gain->contains(0);
}

bool hasGain(const Facts& facts) {
  if (!hasGap(facts) || facts.analysis.better == Better::Unknown) return false;
  return (facts.analysis.totalGain.interval->estimate > 0) == (facts.analysis.better == Better::Higher);
}

}  // namespace nnc::statistics
