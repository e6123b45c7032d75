#include "training/meanings.h"

#include <nlohmann/json.hpp>

namespace nnc::training {

using Json = nlohmann::json;

std::pair<std::string, std::string> classMeaning(const std::string& field, const std::vector<std::string>& words) {
  return {"classes:" + field, Json(words).dump(-1, ' ', false, Json::error_handler_t::replace)};
}

std::optional<std::vector<std::string>> classWords(const Meanings& meanings, const std::string& field) {
  for (const auto& [name, text] : meanings) {
    if (name != "classes:" + field) continue;
    const Json list = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!list.is_array()) return std::nullopt;
    std::vector<std::string> words;
    for (const Json& word : list) {
      if (!word.is_string()) return std::nullopt;
      words.push_back(word.get<std::string>());
    }
    return words;
  }
  return std::nullopt;
}

}  // namespace nnc::training
