#include "study/levels.h"

#include <fmt/format.h>

#include <vector>

namespace nnc::study {

std::string levelsText(const Factor& factor) {
  std::vector<std::string> labels;
  for (const Level& level : factor.levels) labels.push_back(level.label);
  const std::string all = fmt::format("{}", fmt::join(labels, " | "));
  if (factor.isOrdered) return all + " (an axis)";
  const auto oldLevel = static_cast<std::size_t>(factor.oldLevel), newLevel = static_cast<std::size_t>(factor.newLevel);
  // Of two levels the first is old and the second new, unless the clause turns them round.
  if (labels.size() <= 2 && oldLevel <= newLevel) return all;
  return fmt::format("{} (old {}, new {})", all, labels[oldLevel], labels[newLevel]);
}

}  // namespace nnc::study
