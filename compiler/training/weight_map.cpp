#include "training/weight_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <sstream>

#include "diagnostics/kinds/data.h"
#include "nnc/files.h"

namespace nnc::training {

/// `layers.{i}.w` as a regular expression, and the names of its groups.
static std::string patternOf(const std::string& from, std::vector<std::string>& numbers) {
  std::string pattern;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::size_t end = from[i] == '{' ? from.find('}', i) : std::string::npos;
    if (end != std::string::npos) {
      numbers.push_back(from.substr(i, end - i + 1));
      pattern += "([0-9]+)";
      i = end;
    } else if (std::isalnum(static_cast<unsigned char>(from[i])) != 0 || from[i] == '_') {
      pattern += from[i];
    } else {
      pattern += {'\\', from[i]};
    }
  }
  return pattern;
}

std::optional<WeightMap> WeightMap::read(const std::string& path, Diagnostics& diagnostics) {
  runtime::Failure failure;
  const std::optional<std::string> text = runtime::readFile(path, failure);
  if (!text) {
    diagnostics.emit<diag::WeightMapBad>({}, path, failure.message);
    return std::nullopt;
  }
  WeightMap map;
  map.path_ = path;
  std::istringstream lines(*text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream words(line);
    Rule rule;
    std::string rest;
    if (!(words >> rule.from) || rule.from[0] == '#') continue;
    const bool isRule = static_cast<bool>(words >> rule.to) && !(words >> rest);
    const bool isText =
        std::all_of(line.begin(), line.end(), [](unsigned char c) { return c >= 0x20 || c == '\t' || c == '\r'; });
    if (!isRule || !isText) {
      diagnostics.emit<diag::WeightMapBad>({}, path, fmt::format("line {} is no rule `FROM TO`", number));
      return std::nullopt;
    }
    rule.line = number;
    rule.pattern = std::regex(patternOf(rule.from, rule.numbers));
    map.rules_.push_back(std::move(rule));
  }
  return map;
}

std::optional<std::string> WeightMap::apply(const Rule& rule, const std::string& name) {
  std::smatch groups;
  if (!std::regex_match(name, groups, rule.pattern)) return std::nullopt;
  std::string result = rule.to;
  for (std::size_t i = 0; i < rule.numbers.size(); ++i)
    for (std::size_t at = 0; (at = result.find(rule.numbers[i], at)) != std::string::npos;)
      result.replace(at, rule.numbers[i].size(), groups[i + 1].str());
  return result;
}

bool WeightMap::rename(std::vector<runtime::NamedArray>& tensors, Diagnostics& diagnostics) const {
  std::vector<bool> isUsed(rules_.size());
  std::map<std::string, std::string> taken;  // new name -> old name
  std::vector<runtime::NamedArray> renamed;
  for (runtime::NamedArray& tensor : tensors) {
    std::string name = tensor.name;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const std::optional<std::string> result = apply(rules_[i], tensor.name);
      if (!result) continue;
      isUsed[i] = true;
      name = *result;
      break;
    }
    if (name == "-") continue;
    const auto [other, isNew] = taken.emplace(name, tensor.name);
    if (!isNew) {
      diagnostics.emit<diag::WeightNameClash>({}, name, other->second, tensor.name);
      return false;
    }
    tensor.name = std::move(name);
    renamed.push_back(std::move(tensor));
  }
  tensors = std::move(renamed);
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (isUsed[i]) continue;
    diagnostics.emit<diag::WeightMapBad>(
        {}, path_, fmt::format("line {}: no tensor is called `{}`", rules_[i].line, rules_[i].from));
    return false;
  }
  return true;
}

}  // namespace nnc::training
