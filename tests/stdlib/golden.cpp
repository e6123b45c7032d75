#include "golden.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace nnc::stdlib_tests {

namespace {

[[noreturn]] void refuse(const std::string& path, int line, std::string_view reason) {
  fmt::print(stderr, "{}:{}: {}\n", path, line, reason);
  std::abort();
}

/// The numbers to the end of the line.
std::vector<double> readNumbers(std::istringstream& line) {
  std::vector<double> values;
  std::string word;
  while (line >> word) values.push_back(std::strtod(word.c_str(), nullptr));
  return values;
}

GoldenInput readInput(std::istringstream& line) {
  GoldenInput input;
  std::string next;
  line >> input.name >> next;
  if (next == "=") {
    input.isListed = true;
    input.values = readNumbers(line);
    return input;
  }
  input.seed = static_cast<std::uint32_t>(std::stoul(next));
  line >> input.scale >> input.shift;
  return input;
}

GoldenOutput readOutput(std::istringstream& line) {
  GoldenOutput output;
  std::string largest, equals;
  line >> output.name >> output.stride >> largest >> equals;
  output.largest = std::strtod(largest.c_str(), nullptr);
  output.values = readNumbers(line);
  return output;
}

}  // namespace

std::vector<GoldenCase> readGolden(const std::string& path) {
  std::vector<GoldenCase> cases;
  std::ifstream file(path);
  std::string text, word;
  for (int number = 1; std::getline(file, text); ++number) {
    std::istringstream line(text);
    if (text.empty() || text[0] == '#' || !(line >> word)) continue;
    if (word == "case") {
      GoldenCase& made = cases.emplace_back();
      line >> made.name >> word;
      made.isTraining = word == "train";
      made.isPointwise = static_cast<bool>(line >> word);
      continue;
    }
    if (cases.empty()) refuse(path, number, "a line before the first case");
    GoldenCase& last = cases.back();
    if (word == "in") {
      last.inputs.push_back(readInput(line));
    } else if (word == "out") {
      last.outputs.push_back(readOutput(line));
    } else if (word == "grad") {
      last.gradients.push_back(readOutput(line));
    } else if (word == "step") {
      line >> word >> word;
      last.steps.push_back(readNumbers(line));
    } else {
      refuse(path, number, "no line of a golden file");
    }
  }
  return cases;
}

ir::Tensor pseudoRandom(const ir::Type& type, std::uint32_t seed, double scale, double shift) {
  ir::Tensor tensor(type);
  for (std::int64_t i = 0; i < type.elementCount(); ++i) {
    std::uint32_t h = static_cast<std::uint32_t>(i) * 0x9E3779B9u + seed;
    h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
    h = (h ^ (h >> 13)) * 0xC2B2AE35u;
    h ^= h >> 16;
    const double u = h / 4294967296.0;
    if (ir::isFloat(type.dtype))
      tensor.setReal(i, static_cast<float>(scale * (2 * u - 1) + shift));
    else
      tensor.setInteger(i, static_cast<std::int64_t>(std::floor(scale * u) + shift));
  }
  return tensor;
}

}  // namespace nnc::stdlib_tests
