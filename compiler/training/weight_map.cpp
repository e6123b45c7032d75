#include "training/weight_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>
#include <sstream>

#include "diagnostics/kinds/data.h"
#include "ir/tensor.h"
#include "nnc/files.h"
#include "training/buffer.h"

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

void WeightMap::refuse(int line, const std::string& problem, Diagnostics& diagnostics) const {
  diagnostics.emit<diag::WeightMapBad>({}, path_, fmt::format("line {}: {}", line, problem));
}

/// to += more, element by element. False: they are not floats of one type and shape.
static bool addTo(runtime::Array& to, const runtime::Array& more) {
  const ir::DType dtype = dtypeOf(to.element);
  if (to.element != more.element || to.shape != more.shape || !ir::isFloat(dtype)) return false;
  ir::Tensor sum(ir::Type{dtype, to.shape}), term(sum.type);
  std::memcpy(sum.bytes.data(), to.bytes.data(), to.bytes.size());
  std::memcpy(term.bytes.data(), more.bytes.data(), more.bytes.size());
  const std::int64_t count = sum.type.elementCount();
  for (std::int64_t i = 0; i < count; ++i) sum.setReal(i, sum.real(i) + term.real(i));
  std::memcpy(to.bytes.data(), sum.bytes.data(), to.bytes.size());
  return true;
}

bool WeightMap::rename(std::vector<runtime::NamedArray>& tensors, Diagnostics& diagnostics) const {
  struct Term {
    std::string to;
    int line;
    runtime::NamedArray tensor;
  };
  std::vector<bool> isUsed(rules_.size());
  std::map<std::string, std::string> taken;  // new name -> old name
  std::vector<runtime::NamedArray> renamed;
  std::vector<Term> terms;
  for (runtime::NamedArray& tensor : tensors) {
    std::string name = tensor.name;
    int line = 0;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const std::optional<std::string> result = apply(rules_[i], tensor.name);
      if (!result) continue;
      isUsed[i] = true;
      name = *result;
      line = rules_[i].line;
      break;
    }
    if (name == "-") continue;
    if (line != 0 && name.size() > 1 && name[0] == '+') {
      terms.push_back({name.substr(1), line, std::move(tensor)});
      continue;
    }
    const auto [other, isNew] = taken.emplace(name, tensor.name);
    if (!isNew) {
      diagnostics.emit<diag::WeightNameClash>({}, name, other->second, tensor.name);
      return false;
    }
    tensor.name = std::move(name);
    renamed.push_back(std::move(tensor));
  }
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (isUsed[i]) continue;
    refuse(rules_[i].line, fmt::format("no tensor is called `{}`", rules_[i].from), diagnostics);
    return false;
  }
  // In the order of the file, so that a sum of three has the same bits always.
  for (const Term& term : terms) {
    const auto sum = std::find_if(renamed.begin(), renamed.end(),
                                  [&](const runtime::NamedArray& tensor) { return tensor.name == term.to; });
    if (sum != renamed.end() && addTo(sum->array, term.tensor.array)) continue;
    refuse(term.line,
           sum == renamed.end()
               ? fmt::format("no tensor becomes `{}`, to which `{}` is to be added", term.to, term.tensor.name)
               : fmt::format("`{}` and `{}` cannot be added: they are not floats of one type and shape", term.to,
                             term.tensor.name),
           diagnostics);
    return false;
  }
  tensors = std::move(renamed);
  return true;
}

}  // namespace nnc::training
