// The levels of a factor as text.
#pragma once
#include <string>

#include "study/study.h"

namespace nnc::study {

/// `none | pre | post (old none, new post)`: all levels; and between which two effects are, where there are more than
/// two, or `(an axis)`.
std::string levelsText(const Factor& factor);

}  // namespace nnc::study
