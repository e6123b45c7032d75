#include "statistics/factors.h"

#include <cassert>

namespace nnc::statistics {

FactorSet playersOf(std::span<const Factor> factors) {
  assert(factors.size() <= kMaxFactors && "a set of factors has 63 bits");
  FactorSet players = 0;
  for (std::size_t i = 0; i < factors.size(); ++i)
    if (factors[i].isPlayer) players |= FactorSet{1} << i;
  return players;
}

Cell cellOf(std::span<const Factor> factors, Coalition coalition) {
  Cell cell;
  for (std::size_t i = 0; i < factors.size(); ++i)
    cell.push_back(coalition >> i & 1 ? factors[i].newLevel : factors[i].oldLevel);
  return cell;
}

std::optional<Coalition> coalitionOf(std::span<const Factor> factors, const Cell& cell) {
  Coalition coalition = 0;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    if (cell[i] == kNotApplicable || cell[i] == factors[i].oldLevel) continue;
    if (!factors[i].isPlayer || cell[i] != factors[i].newLevel) return std::nullopt;
    coalition |= FactorSet{1} << i;
  }
  return coalition;
}

bool isFeasible(Coalition coalition, std::span<const Precedence> precedences) {
  for (const Precedence& precedence : precedences)
    if ((coalition >> precedence.factor & 1) && !(coalition >> precedence.needed & 1)) return false;
  return true;
}

std::string nameOf(FactorSet set, std::span<const Factor> factors, std::string_view separator) {
  std::string name;
  for (const int factor : membersOf(set)) {
    if (!name.empty()) name += separator;
    name += factors[static_cast<std::size_t>(factor)].name;
  }
  return name;
}

std::string nameOf(const Cell& cell, std::span<const Factor> factors) {
  std::string name;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    if (cell[i] == kNotApplicable) continue;
    const auto level = static_cast<std::size_t>(cell[i]);
    const std::vector<std::string>& names = factors[i].levelNames;
    if (!name.empty()) name += ", ";
    name += factors[i].name + " " + (level < names.size() ? names[level] : std::to_string(level));
  }
  return name;
}

std::vector<int> membersOf(FactorSet set) {
  std::vector<int> members;
  for (int i = 0; set >> i != 0; ++i)
    if (set >> i & 1) members.push_back(i);
  return members;
}

}  // namespace nnc::statistics
