// Two-level fractional designs: generators, defining relation, resolution, aliases.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statistics/factors.h"

namespace nnc::statistics {

/// A product of factors with a sign. Level old counts as -1, level new as +1.
struct SignedEffect {
  FactorSet effect = 0;
  int sign = 1;
  friend bool operator==(const SignedEffect&, const SignedEffect&) = default;
};

/// A regular 2^(k-p) fraction. Source: Box, Hunter and Hunter, Statistics for Experimenters, chapter 6.
struct Fraction {
  int factorCount = 0;
  std::vector<int> baseFactors;                // k-p factors that run through all combinations
  std::vector<SignedEffect> generators;        // p words: each product is `sign` in every cell
  std::vector<SignedEffect> definingRelation;  // all 2^p - 1 products of generators, short words first

  /// Length of the shortest word of the defining relation; 0 when there is none (a full design).
  int resolution() const;

  /// The coalitions that are run, 2^(k-p) of them, ascending. Bit i: factor i is at its new level.
  std::vector<Coalition> coalitions() const;
};

/// The fraction with these generators, each the product of one factor that is not in `baseFactors` and some that are.
Fraction makeFraction(int factorCount, std::vector<int> baseFactors, std::vector<SignedEffect> generators);

inline constexpr int kMostGenerated = 16;  // 2^16 words in the defining relation
inline constexpr int kMostBase = 20;       // 2^20 cells

/// A fraction, or what is wrong with the request (a message fragment: lower case, no period).
struct FractionResult {
  std::optional<Fraction> fraction;
  std::string problem;
};

/// Reads generator words as pyDOE2's `fracfact` has them: one word for each factor; single letters are the base factors
/// and longer words their products, with an optional sign: "a b c ab", "a b -ab c +abc". Case is ignored.
///
/// Errors  a letter that is no base factor or occurs twice, two factors with the same column, more than
///         kMostGenerated generated factors, anything else than letters and signs.
FractionResult parseGenerators(std::string_view words);

/// The smallest regular fraction of `factorCount` factors that has at least `resolution`, with positive signs, so that
/// the cell with everything new is run.
///
/// Tries numbers of base factors upwards. A fraction with q base factors is a set of columns of GF(2)^q of which any
/// resolution-1 are linearly independent: Bose, "Mathematical theory of the symmetrical factorial design", Sankhya
/// 8:107-166, 1947. The search for the columns is bounded; up to 12 factors at resolution 3 to 6 its result is the
/// smallest one (the tests hold it against the published table).
///
/// Errors  a resolution below 3 or above factorCount, more than kMostGenerated generated or kMostBase base factors.
FractionResult smallestFraction(int factorCount, int resolution);

/// The effects of 0 to `maxOrder` factors that `fraction` cannot tell from `effect`, short ones first; the sign says
/// with which sign they add to it. The empty effect is the mean.
std::vector<SignedEffect> aliasesOf(const Fraction& fraction, FactorSet effect, int maxOrder);

/// One row for each effect that the design can estimate.
struct AliasRow {
  FactorSet effect = 0;               // the shortest of the class
  std::vector<SignedEffect> aliases;  // the others of the class, up to the order asked for
};

/// All classes that hold an effect of 1 to `maxOrder` factors, with every member up to `maxOrder`.
std::vector<AliasRow> aliasTable(const Fraction& fraction, int maxOrder);

}  // namespace nnc::statistics
