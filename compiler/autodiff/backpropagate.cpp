#include "autodiff/backpropagate.h"

#include <algorithm>
#include <utility>

#include "autodiff/rules.h"
#include "ir/edit.h"
#include "ir/gradient_flow.h"

namespace nnc::autodiff {

namespace {

class Sweep {
 public:
  Sweep(ir::Builder& builder, std::span<const ir::NodeId> forward, std::span<const ir::Value> wrt)
      : builder_(builder), active_(valueCount(), false), cotangents_(valueCount()) {
    for (const ir::Value value : wrt)
      if (ir::isFloat(builder_.type(value).dtype)) active_[value.index] = true;
    ir::spreadForward(builder_.module(), builder_.function(), forward, active_);
  }

  void add(ir::Value value, ir::Value cotangent) {
    if (!active_[value.index]) return;
    ir::Value& sum = cotangents_[value.index];
    sum = sum.isValid() ? builder_.add(sum, cotangent) : cotangent;
  }

  void visit(ir::NodeId id);
  ir::Value cotangent(ir::Value value) const { return cotangents_[value.index]; }

 private:
  std::size_t valueCount() { return builder_.function().values.size(); }

  ir::Builder& builder_;
  std::vector<bool> active_;           // by value; values made by the sweep itself are not asked about
  std::vector<ir::Value> cotangents_;  // by value
};

void Sweep::visit(ir::NodeId id) {
  const ir::Node& node = builder_.function().node(id);
  // A scan has had results added to it by its own rule only, after this point: all results here are known to the sweep.
  std::vector<ir::Value> cotangents;
  for (const ir::Value result : node.results) cotangents.push_back(cotangents_[result.index]);
  if (std::none_of(cotangents.begin(), cotangents.end(), [](ir::Value g) { return g.isValid(); })) return;

  std::vector<bool> wanted;
  for (std::size_t i = 0; i < node.operands.size(); ++i)
    wanted.push_back(active_[node.operands[i].index] && ir::hasDerivative(node.op, static_cast<int>(i)));
  if (std::find(wanted.begin(), wanted.end(), true) == wanted.end()) return;

  builder_.setLocation(node.span, node.scope);
  Vjp vjp(builder_, id, std::move(cotangents), std::move(wanted));
  applyRule(vjp);
  for (std::size_t i = 0; i < vjp.given.size(); ++i)
    if (vjp.wants(static_cast<int>(i)) && vjp.given[i].isValid()) add(vjp.target(static_cast<int>(i)), vjp.given[i]);
}

}  // namespace

std::vector<ir::Value> backpropagate(ir::Builder& builder, std::span<const ir::NodeId> forward,
                                     std::span<const Seed> seeds, std::span<const ir::Value> wrt) {
  const Span span = builder.span();
  const ir::ScopeId scope = builder.scope();
  Sweep sweep(builder, forward, wrt);
  for (const Seed& seed : seeds) sweep.add(seed.value, seed.cotangent);
  for (std::size_t i = forward.size(); i-- > 0;) sweep.visit(forward[i]);
  builder.setLocation(span, scope);

  std::vector<ir::Value> result;
  for (const ir::Value value : wrt) result.push_back(sweep.cotangent(value));
  return result;
}

Forward copyForward(ir::Builder& builder, ir::FunctionId callee, const std::vector<ir::Value>& arguments) {
  // The copy is made as a composite call that is then expanded, so that nested calls expand with it; what the function
  // held before stands aside meanwhile.
  std::vector<ir::NodeId> before = std::exchange(builder.function().body, {});
  const std::vector<ir::Value> outerResults = std::exchange(builder.function().results, {});
  const std::vector<ir::Value> placeholder =
      builder.call({.name = builder.module().function(callee).name, .body = callee, .wrt = {}}, arguments);
  builder.function().results = placeholder;
  ir::inlineComposites(builder.module(), builder.functionId(), ir::InlineWhich::WithoutCustomVjp);

  ir::Function& function = builder.function();
  Forward forward{std::exchange(function.body, std::move(before)), std::exchange(function.results, outerResults)};
  function.body.insert(function.body.end(), forward.nodes.begin(), forward.nodes.end());
  return forward;
}

}  // namespace nnc::autodiff
