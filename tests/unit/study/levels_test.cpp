// Factors as text.
#include "study/levels.h"

#include <gtest/gtest.h>

namespace nnc::study {

static Factor factorOf(const std::vector<std::string>& labels, int oldLevel, int newLevel) {
  Factor factor;
  for (const std::string& label : labels) factor.levels.push_back({label, {label}, {}});
  factor.oldLevel = oldLevel;
  factor.newLevel = newLevel;
  return factor;
}

TEST(Levels, say_between_which_two_effects_are) {
  EXPECT_EQ(levelsText(factorOf({"a", "b"}, 0, 1)), "a | b");
  EXPECT_EQ(levelsText(factorOf({"a", "b"}, 1, 0)), "a | b (old b, new a)");
  EXPECT_EQ(levelsText(factorOf({"a", "b", "c"}, 0, 2)), "a | b | c (old a, new c)");
  EXPECT_EQ(levelsText(factorOf({"a"}, 0, 0)), "a");
  Factor axis = factorOf({"1", "2", "3"}, 0, 2);
  axis.isOrdered = true;
  EXPECT_EQ(levelsText(axis), "1 | 2 | 3 (an axis)");
}

}  // namespace nnc::study
