// Conditions on the parameters of a cell: `vary .. when`, `exclude when`.
#pragma once
#include <optional>
#include <vector>

#include "experiment/spec.h"

namespace nnc::experiment {

/// Evaluates the conditions of one experiment, cell by cell.
class Conditions {
 public:
  Conditions(elaborate::ProjectState& state, const Spec& spec) : elaboration_(state), spec_(spec) {}

  /// Sets the levels of factors whose `when` does not hold to -1. A condition sees the parameter that it guards at its
  /// default. False: reported.
  [[nodiscard]] bool applyWhen(std::vector<int>& levels);
  /// The `exclude when` that removes the cell; null inside: none does. Empty: reported.
  [[nodiscard]] std::optional<const syntax::Expr*> exclusion(const std::vector<int>& levels);

 private:
  [[nodiscard]] std::optional<bool> holds(const syntax::Expr& condition, elaborate::Scope& scope);
  [[nodiscard]] elaborate::Scope* open(const std::vector<int>& levels);

  elaborate::Elaboration elaboration_;
  const Spec& spec_;
};

}  // namespace nnc::experiment
