#include "support/suggest.h"

#include <algorithm>
#include <vector>

namespace nnc {

/// Optimal string alignment distance (Damerau-Levenshtein without repeated edits of one substring).
static std::size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

std::optional<std::string> closestName(std::string_view word, std::span<const std::string> candidates) {
  // Long names are no slips of the finger: bounding the length bounds the work on hostile input.
  constexpr std::size_t kLongest = 64;
  if (word.size() > kLongest) return std::nullopt;
  const std::string* best = nullptr;
  std::size_t bestDistance = 0;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongest || candidate == word) continue;
    const std::size_t allowed = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
    const std::size_t distance = editDistance(word, candidate);
    const bool sharesNothing = distance >= std::max(word.size(), candidate.size());
    if (sharesNothing || distance > allowed || (best != nullptr && distance >= bestDistance)) continue;
    best = &candidate;
    bestDistance = distance;
  }
  return best == nullptr ? std::nullopt : std::optional<std::string>(*best);
}

}  // namespace nnc
