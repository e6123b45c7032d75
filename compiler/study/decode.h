// JSON as structs, lists and numbers, by the lists of fields.h; says where a text is not what it should be.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>

#include "study/encode.h"

namespace nnc::study {

/// What is wrong with a text, and where: `.cells[3].levels`.
struct Problem {
  std::string path, what;

  bool fail(std::string reason) {
    path.clear();
    what = std::move(reason);
    return false;
  }
  /// Called on the way out, from the innermost place to the outermost.
  bool within(const std::string& step) {
    path = step + path;
    return false;
  }
  std::string text() const { return path.empty() ? what : fmt::format("`{}` {}", path.substr(path[0] == '.'), what); }
};

inline bool decode(const Json& json, double& value, Problem& problem) {
  if (json.is_null()) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (json == "inf" || json == "-inf") {
    value = json == "inf" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  } else if (json.is_number()) {
    value = json.get<double>();
  } else {
    return problem.fail("is no number");
  }
  return true;
}

inline bool decode(const Json& json, std::string& value, Problem& problem) {
  if (!json.is_string()) return problem.fail("is no text");
  value = json.get<std::string>();
  return true;
}

inline bool decode(const Json& json, bool& value, Problem& problem) {
  if (!json.is_boolean()) return problem.fail("is neither true nor false");
  value = json.get<bool>();
  return true;
}

inline bool decode(const Json& json, std::int64_t& value, Problem& problem) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!json.is_number_integer() || (json.is_number_unsigned() && json.get<std::uint64_t>() > kMost))
    return problem.fail("is no whole number");
  value = json.get<std::int64_t>();
  return true;
}

inline bool decode(const Json& json, int& value, Problem& problem) {
  std::int64_t wide = 0;
  if (!decode(json, wide, problem)) return false;
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max())
    return problem.fail("is out of range");
  value = static_cast<int>(wide);
  return true;
}

template <typename T>
bool decode(const Json& json, std::optional<T>& value, Problem& problem);
template <typename T>
bool decode(const Json& json, std::vector<T>& values, Problem& problem);
template <typename A, typename B>
bool decode(const Json& json, std::pair<A, B>& pair, Problem& problem);
template <typename T>
bool decode(const Json& json, std::map<std::string, T>& values, Problem& problem);

template <typename T>
bool decodeWord(const Json& json, T& value, Problem& problem) {
  const auto words = wordsOf(static_cast<const T*>(nullptr));
  const auto found = std::find_if(words.begin(), words.end(), [&](const char* word) { return json == word; });
  if (found == words.end()) return problem.fail(fmt::format("is none of {}", fmt::join(words, ", ")));
  value = static_cast<T>(found - words.begin());
  return true;
}

template <typename T>
constexpr bool kIsOptional = false;
template <typename T>
constexpr bool kIsOptional<std::optional<T>> = true;

/// Enums and structs. Fields that the struct does not have are skipped; optional ones may be missing.
template <typename T>
bool decode(const Json& json, T& value, Problem& problem) {
  if constexpr (std::is_enum_v<T>) {
    return decodeWord(json, value, problem);
  } else {
    if (!json.is_object()) return problem.fail("is no object");
    const auto read = [&](const auto& field) {
      const auto found = json.find(field.name);
      if (found == json.end() && kIsOptional<std::remove_cvref_t<decltype(value.*field.member)>>) return true;
      if (found == json.end()) return problem.fail(fmt::format("lacks `{}`", field.name));
      return decode(*found, value.*field.member, problem) || problem.within(fmt::format(".{}", field.name));
    };
    return std::apply([&](const auto&... field) { return (read(field) && ...); },
                      fieldsOf(static_cast<const T*>(nullptr)));
  }
}

template <typename T>
bool decode(const Json& json, std::optional<T>& value, Problem& problem) {
  value.reset();
  if (json.is_null()) return true;
  return decode(json, value.emplace(), problem);
}

template <typename T>
bool decode(const Json& json, std::vector<T>& values, Problem& problem) {
  if (!json.is_array()) return problem.fail("is no list");
  values.resize(json.size());
  for (std::size_t i = 0; i < json.size(); ++i)
    if (!decode(json[i], values[i], problem)) return problem.within(fmt::format("[{}]", i));
  return true;
}

template <typename A, typename B>
bool decode(const Json& json, std::pair<A, B>& pair, Problem& problem) {
  if (!json.is_array() || json.size() != 2) return problem.fail("is no pair");
  return decode(json[0], pair.first, problem) && decode(json[1], pair.second, problem);
}

template <typename T>
bool decode(const Json& json, std::map<std::string, T>& values, Problem& problem) {
  if (!json.is_object()) return problem.fail("is no object");
  values.clear();
  for (const auto& [name, value] : json.items())
    if (!decode(value, values[name], problem)) return problem.within("." + name);
  return true;
}

}  // namespace nnc::study
