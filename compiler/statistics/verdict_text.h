// How the verdict writes numbers and lists, and the rules that fill its templates.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "statistics/verdict.h"

namespace nnc::statistics {

using Texts = std::vector<std::string>;

/// Decimals that show two digits of the width of an interval: an effect is not written more exactly than it is known.
int decimalsFor(const Facts& facts, const Interval& interval);

/// "+25.2", and "+25.2 points".
std::string signedNumber(const Facts& facts, double value, int decimals);
std::string signedPoints(const Facts& facts, double value, int decimals);

/// A size without a sign, to two digits: "0.46 points".
std::string sizeText(const Facts& facts, double value);

/// "95 % CI +24.0 to +26.4"; without a width, as all seeds agree, "the same in all 3 seeds".
std::string rangeText(const Facts& facts, const Interval& interval);

/// "a", "a and b", "a, b and c".
std::string listText(std::span<const std::string> items, const char* last = "and");

/// The first four items and how many more there are.
std::string shortList(std::span<const std::string> items);

/// "4 init x 2 data".
std::string crossingText(const Crossing& crossing);

const std::string& factorName(const Facts& facts, int factor);

/// What the two ends of a gap are called: recipes, or the levels of the only factor, `act sigmoid` and `act ReLU`.
struct Ends {
  std::string newOne, oldOne, both;  // "the new recipe", "the old one", "the old and the new recipe"
};
Ends endsOf(const Facts& facts);

Texts namesOf(const Facts& facts, std::span<const int> factors);

/// Whether no cell is told from chance; whether the gap is told from 0, and is one for the better.
bool isNothingLearned(const Facts& facts);
bool hasGap(const Facts& facts);
bool hasGain(const Facts& facts);

// One function for each rule: every text that it has to say, none where its condition does not hold.

Texts sayScope(const Facts& facts);
Texts sayUnbalanced(const Facts& facts);
Texts sayScreening(const Facts& facts);
Texts sayResolution(const Facts& facts);
Texts sayTestError(const Facts& facts);
Texts sayNothingLearned(const Facts& facts);
Texts sayGap(const Facts& facts);
Texts sayEitherSuffices(const Facts& facts);
Texts saySufficient(const Facts& facts);
Texts sayNecessary(const Facts& facts);
Texts sayNeitherShown(const Facts& facts);
Texts sayTogether(const Facts& facts);
Texts sayAccount(const Facts& facts);
Texts sayNotResolved(const Facts& facts);
Texts sayNoEffect(const Facts& facts);
Texts sayOrder(const Facts& facts);
Texts sayTied(const Facts& facts);
Texts sayCaveats(const Facts& facts);
Texts sayValidity(const Facts& facts);

}  // namespace nnc::statistics
