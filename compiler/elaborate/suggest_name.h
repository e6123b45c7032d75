// What a name that means nothing was meant to be.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nnc::elaborate {

/// The help of a message about an unknown name: what PyTorch, Keras and NumPy call so, or the closest of `candidates`.
std::optional<std::string> suggestName(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace nnc::elaborate
