// "did you mean": the closest known name to a misspelt one.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nnc {

/// The candidate with the smallest edit distance (insert, delete, replace, swap of neighbours) to `word`, if that is
/// at most a third of the longer length (at least 1). Ties go to the earlier candidate.
std::optional<std::string> closestName(std::string_view word, std::span<const std::string> candidates);

}  // namespace nnc
