#include "ir/value_numbers.h"

#include <fmt/format.h>

namespace nnc::ir::text {

ValueNumbers::ValueNumbers(const Function& function) : numbers_(function.values.size(), -1) {
  int next = 0;
  const auto number = [&](const std::vector<Value>& values) {
    for (const Value value : values) {
      const bool exists = value.index >= 0 && value.index < static_cast<int>(numbers_.size());
      if (exists && numbers_[value.index] < 0) numbers_[value.index] = next++;
    }
  };
  number(function.parameters);
  for (const NodeId id : function.body)
    if (id.index >= 0 && id.index < static_cast<int>(function.nodes.size())) number(function.node(id).results);
}

std::string ValueNumbers::name(Value value) const {
  const bool exists = value.index >= 0 && value.index < static_cast<int>(numbers_.size());
  if (exists && numbers_[value.index] >= 0) return fmt::format("%{}", numbers_[value.index]);
  return fmt::format("%undefined{}", value.index);
}

}  // namespace nnc::ir::text
