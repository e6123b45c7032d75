#include "statistics/fraction.h"

#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace nnc::statistics {

static FactorSet bit(int factor) { return FactorSet{1} << factor; }

namespace {

/// A word of the notation: its letters as written, and its sign.
struct Word {
  std::string letters;
  int sign = 1;
  bool isSigned = false;
};

std::optional<std::vector<Word>> splitWords(std::string_view text, std::string& problem) {
  std::vector<Word> words;
  bool isInside = false;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (c == ' ') {
      isInside = false;
    } else if (!isInside && (c == '+' || c == '-')) {
      words.push_back({"", c == '-' ? -1 : 1, true});
      isInside = true;
    } else if (lower >= 'a' && lower <= 'z') {
      if (!isInside) words.emplace_back();
      isInside = true;
      words.back().letters += lower;
    } else {
      problem =
          fmt::format("`{}` has no place in generator words: letters, `+` and `-` in front of them, and spaces", c);
      return std::nullopt;
    }
  }
  for (const Word& word : words) {
    if (!word.letters.empty()) continue;
    problem = "a sign without letters";
    return std::nullopt;
  }
  return words;
}

/// The product that a generated factor is: empty when a letter does not fit.
std::optional<FactorSet> productOf(const Word& word, const std::map<char, int>& base, std::string& problem) {
  FactorSet product = 0;
  for (const char letter : word.letters) {
    const auto found = base.find(letter);
    if (found == base.end()) {
      problem = fmt::format("`{}` of `{}` is no base factor: no word consists of it alone", letter, word.letters);
      return std::nullopt;
    }
    if (product & bit(found->second)) {
      problem = fmt::format("`{}` has `{}` twice", word.letters, letter);
      return std::nullopt;
    }
    product |= bit(found->second);
  }
  return product;
}

/// The base factors: words of one letter.
std::optional<std::map<char, int>> baseOf(std::span<const Word> words, std::string& problem) {
  std::map<char, int> base;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].letters.size() != 1) continue;
    if (words[i].isSigned) {
      problem = fmt::format("a base factor has no sign: `{}`", words[i].letters);
      return std::nullopt;
    }
    if (base.emplace(words[i].letters[0], static_cast<int>(i)).second) continue;
    problem = fmt::format("two factors have the column `{}`", words[i].letters);
    return std::nullopt;
  }
  return base;
}

}  // namespace

FractionResult parseGenerators(std::string_view text) {
  FractionResult result;
  const std::optional<std::vector<Word>> words = splitWords(text, result.problem);
  if (!words) return result;
  const std::optional<std::map<char, int>> base = baseOf(*words, result.problem);
  if (!base) return result;
  if (words->size() - base->size() > kMostGenerated) {
    result.problem =
        fmt::format("{} generated factors; at most {} are possible", words->size() - base->size(), kMostGenerated);
    return result;
  }
  std::vector<int> baseFactors;
  std::vector<SignedEffect> generators;
  std::map<FactorSet, std::string> columns;
  for (std::size_t i = 0; i < words->size(); ++i) {
    const Word& word = (*words)[i];
    if (word.letters.size() == 1) {
      baseFactors.push_back(static_cast<int>(i));
      continue;
    }
    const std::optional<FactorSet> product = productOf(word, *base, result.problem);
    if (!product) return result;
    if (const auto [before, isNew] = columns.emplace(*product, word.letters); !isNew) {
      result.problem = fmt::format("`{}` and `{}` are the same column", before->second, word.letters);
      return result;
    }
    generators.push_back({*product | bit(static_cast<int>(i)), word.sign});
  }
  result.fraction = makeFraction(static_cast<int>(words->size()), std::move(baseFactors), std::move(generators));
  return result;
}

}  // namespace nnc::statistics
