#include "experiment/dependency_order.h"

#include <fmt/format.h>

#include <algorithm>

namespace nnc::experiment {

bool DependencyOrder::find() {
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (!visit(i)) return false;
  return true;
}

bool DependencyOrder::doesUse(std::size_t i, std::size_t j) const {
  return std::any_of(items_[j].names.begin(), items_[j].names.end(),
                     [&](const std::string& name) { return items_[i].uses.contains(name); });
}

bool DependencyOrder::visit(std::size_t i) {
  if (states_[i] == State::Done) return true;
  path_.push_back(i);
  if (states_[i] == State::Open) return false;
  states_[i] = State::Open;
  for (std::size_t j = 0; j < items_.size(); ++j)
    if (doesUse(i, j) && !visit(j)) return false;
  states_[i] = State::Done;
  path_.pop_back();
  order_.push_back(i);
  return true;
}

std::string DependencyOrder::path() const {
  std::vector<std::string> names;
  for (auto at = std::find(path_.begin(), path_.end(), path_.back()); at != path_.end(); ++at)
    names.push_back(items_[*at].names[0]);
  return fmt::format("{}", fmt::join(names, " -> "));
}

}  // namespace nnc::experiment
