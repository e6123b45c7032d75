// Studies made up for the tests: two-level factors and a formula for their responses.
#pragma once
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "statistics/designs.h"
#include "statistics/responses.h"
#include "support/draws.h"

namespace nnc::statistics {

inline std::vector<Factor> twoLevelFactors(int count) {
  const char* names[] = {"act", "norm", "skip", "drop", "init", "opt"};
  std::vector<Factor> factors;
  for (int i = 0; i < count; ++i) factors.push_back({i < 6 ? names[i] : "f" + std::to_string(i)});
  return factors;
}

/// Responses of `cells` by `value(coalition, block)`.
template <typename Value>
Responses respond(std::vector<Factor> factors, std::vector<Cell> cells, int blocks, const Value& value) {
  Responses responses(factors, cells, blocks);
  for (int cell = 0; cell < responses.cellCount(); ++cell)
    for (int block = 0; block < blocks; ++block)
      responses.set(cell, block, value(*coalitionOf(factors, cells[static_cast<std::size_t>(cell)]), block));
  return responses;
}

/// The same on the full design of two-level factors.
template <typename Value>
Responses fullStudy(int factorCount, int blocks, const Value& value) {
  std::vector<Factor> factors = twoLevelFactors(factorCount);
  std::vector<Cell> cells = fullFactorial(factors);
  return respond(std::move(factors), std::move(cells), blocks, value);
}

/// Standard normal numbers: Box and Muller.
class Normals {
 public:
  explicit Normals(std::int64_t seed) : draws_("tests/normals", seed, 0) {}

  double next() {
    if (hasSpare_) {
      hasSpare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(1 - draws_.uniform()));
    const double angle = 2 * 3.14159265358979323846 * draws_.uniform();
    spare_ = radius * std::sin(angle);
    hasSpare_ = true;
    return radius * std::cos(angle);
  }

 private:
  Draws draws_;
  double spare_ = 0;
  bool hasSpare_ = false;
};

/// A random game: one value for each of 2^factorCount coalitions, in [0, 1).
inline std::vector<double> randomGame(int factorCount, std::int64_t seed) {
  Draws draws("tests/game", seed, 0);
  std::vector<double> values(std::size_t{1} << factorCount);
  for (double& value : values) value = draws.uniform();
  return values;
}

}  // namespace nnc::statistics
