#include "experiment/conditions.h"

#include "diagnostics/kinds/experiment.h"

namespace nnc::experiment {

elaborate::Scope* Conditions::open(const std::vector<int>& levels) {
  return elaborate::openParameters(*elaboration_, elaborate::ownerOf(*spec_.train), *spec_.trainHome,
                                   spec_.overrides(levels, std::nullopt), spec_.environment.get());
}

std::optional<bool> Conditions::holds(const syntax::Expr& condition, elaborate::Scope& scope) {
  const std::optional<elaborate::Value> value = elaboration_->evaluate(condition, scope);
  if (!value) return std::nullopt;
  if (const auto* truth = std::get_if<bool>(&*value)) return *truth;
  elaboration_->error<diag::NoCondition>(condition.span, elaborate::describe(*value));
  return std::nullopt;
}

bool Conditions::applyWhen(std::vector<int>& levels) {
  for (const std::size_t f : spec_.conditionOrder) {
    const syntax::Expr* const when = spec_.factors[f].when;
    if (when == nullptr) continue;
    std::vector<int> without = levels;
    without[f] = -1;
    elaborate::Scope* const scope = open(without);
    const std::optional<bool> isVaried = scope != nullptr ? holds(*when, *scope) : std::nullopt;
    if (!isVaried) return false;
    if (!*isVaried) levels[f] = -1;
  }
  return true;
}

std::optional<const syntax::Expr*> Conditions::exclusion(const std::vector<int>& levels) {
  if (spec_.excludes.empty()) return nullptr;
  elaborate::Scope* const scope = open(levels);
  if (scope == nullptr) return std::nullopt;
  for (const syntax::Expr* condition : spec_.excludes) {
    const std::optional<bool> isExcluded = holds(*condition, *scope);
    if (!isExcluded) return std::nullopt;
    if (*isExcluded) return condition;
  }
  return nullptr;
}

}  // namespace nnc::experiment
