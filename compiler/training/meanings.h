// Words for class numbers, as weights keep them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "training/row_source.h"

namespace nnc::training {

/// The entry `classes:field` for words in the order of their numbers.
std::pair<std::string, std::string> classMeaning(const std::string& field, const std::vector<std::string>& words);
/// The words of a field. Empty: none are recorded.
std::optional<std::vector<std::string>> classWords(const Meanings& meanings, const std::string& field);

}  // namespace nnc::training
