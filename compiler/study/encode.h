// Structs, lists and numbers as JSON, by the lists of fields.h.
#pragma once
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>

#include "study/fields.h"

namespace nnc::study {

using Json = nlohmann::ordered_json;

/// A number that reads back to the same bits; JSON has no word for those that are not finite.
inline Json encode(double value) {
  if (std::isnan(value)) return nullptr;
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  return value;
}
inline Json encode(const std::string& value) { return value; }

template <typename T>
Json encode(const std::optional<T>& value);
template <typename T>
Json encode(const std::vector<T>& values);
template <typename A, typename B>
Json encode(const std::pair<A, B>& pair);
template <typename T>
Json encode(const std::map<std::string, T>& values);

/// Integers, truth values, enums by their words, structs by their fields.
template <typename T>
Json encode(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return wordsOf(static_cast<const T*>(nullptr))[static_cast<std::size_t>(value)];
  } else if constexpr (std::is_integral_v<T>) {
    return value;
  } else {
    Json object = Json::object();
    std::apply([&](const auto&... field) { ((object[field.name] = encode(value.*field.member)), ...); },
               fieldsOf(static_cast<const T*>(nullptr)));
    return object;
  }
}

template <typename T>
Json encode(const std::optional<T>& value) {
  return value ? encode(*value) : Json(nullptr);
}

template <typename T>
Json encode(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(encode(value));
  return list;
}

template <typename A, typename B>
Json encode(const std::pair<A, B>& pair) {
  return Json::array({encode(pair.first), encode(pair.second)});
}

template <typename T>
Json encode(const std::map<std::string, T>& values) {
  Json object = Json::object();
  for (const auto& [name, value] : values) object[name] = encode(value);
  return object;
}

inline std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace nnc::study
