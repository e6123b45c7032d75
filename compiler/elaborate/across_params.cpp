#include "elaborate/across_params.h"

#include "ir/edit.h"

namespace nnc::elaborate {

ir::Value AcrossParams::add(ir::Builder& builder, ir::Value term, const std::string& owner, Span place) {
  const std::uint64_t at = (static_cast<std::uint64_t>(place.file.index) << 32) | place.begin;
  const int round = met_[{owner, at}]++;
  const auto [known, isNew] = byPlace_.emplace(std::pair(at, round), sums_.size());
  if (isNew) sums_.push_back({builder.stopGradient(builder.constantLike(term, 0.0)), {}});
  Sum& sum = sums_[known->second];
  sum.terms.push_back(term);
  return sum.placeholder;
}

/// Definitions before uses, otherwise as it was. Needs: no cycle.
static void putInOrder(ir::Function& function) {
  std::vector<bool> isPlaced(function.nodes.size(), false);
  std::vector<ir::NodeId> body;
  std::vector<std::pair<ir::NodeId, std::size_t>> open;  // a node, and the operand to look at next
  for (const ir::NodeId root : function.body) {
    open.emplace_back(root, 0);
    while (!open.empty()) {
      auto& [id, next] = open.back();
      const ir::Node& node = function.node(id);
      if (isPlaced[static_cast<std::size_t>(id.index)]) {
        open.pop_back();
      } else if (next == node.operands.size()) {
        isPlaced[static_cast<std::size_t>(id.index)] = true;
        body.push_back(id);
        open.pop_back();
      } else {
        const ir::NodeId needed = function.values[static_cast<std::size_t>(node.operands[next++].index)].definition;
        if (needed.isValid() && !isPlaced[static_cast<std::size_t>(needed.index)]) open.emplace_back(needed, 0);
      }
    }
  }
  function.body = std::move(body);
}

ir::Replacements AcrossParams::finish(ir::Builder& builder) {
  std::vector<ir::Value> totals;
  for (const Sum& sum : sums_) {
    ir::Value total = sum.terms[0];
    for (std::size_t i = 1; i < sum.terms.size(); ++i) total = builder.add(total, sum.terms[i]);
    totals.push_back(total);
  }
  ir::Function& function = builder.function();
  ir::Replacements replacements(function);
  // A sum of a sum: the inner one was asked for first.
  for (std::size_t i = 0; i < sums_.size(); ++i) replacements.replace(sums_[i].placeholder, replacements[totals[i]]);
  for (const ir::NodeId id : function.body) replacements.applyTo(function.node(id).operands);
  if (!sums_.empty()) putInOrder(function);
  return replacements;
}

}  // namespace nnc::elaborate
