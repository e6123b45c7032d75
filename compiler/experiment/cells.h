// The cells of an experiment: its design, less what conditions and constraints take away.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "experiment/spec.h"
#include "statistics/fraction.h"

namespace nnc::experiment {

struct CellList {
  std::vector<std::vector<int>> cells;  // levels of each factor, -1 where its `when` does not hold; each once
  std::vector<study::RemovedCell> removed;
  std::optional<statistics::Fraction> fraction;  // of a fractional design; factor i is players[i]
  std::vector<std::size_t> players;              // factors that attribution is about, as indices
  std::vector<std::vector<int>> orders;          // of a design of sampled orders, as places of factors
  std::vector<std::string> aliases;              // `act = norm:residual`
};

/// The factors as attribution sees them.
std::vector<statistics::Factor> statisticsFactors(const std::vector<study::Factor>& factors);

/// Errors  E0611 a design that does not fit the factors, or more than 100,000 combinations; E0612 nothing is left;
/// E0608
///         and those of the conditions.
[[nodiscard]] std::optional<CellList> listCells(elaborate::ProjectState& state, const Spec& spec);

/// `act=ReLU, norm=none`
std::string cellName(const std::vector<study::Factor>& factors, const std::vector<int>& levels);

}  // namespace nnc::experiment
