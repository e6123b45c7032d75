// What the files of the pass simplify share: the rewriter and one rule for each op that has any.
#pragma once
#include <cstdint>
#include <vector>

#include "ir/builder.h"
#include "ir/module.h"

namespace nnc::passes {

/// A node that is there, or is about to be made.
struct Candidate {
  ir::Op op = ir::Op::Const;
  std::vector<ir::Value> operands;
  ir::Attributes attributes;
  ir::Type type;  // of its only result
};

/// Builds what a rule asks for, simplified on the way.
class Rewriter {
 public:
  Rewriter(ir::Builder& builder, bool keepStopGradient) : b(builder), keepsStopGradient(keepStopGradient) {}

  ir::Builder& b;
  const bool keepsStopGradient;

  const ir::Type& type(ir::Value value) const { return b.type(value); }
  /// The attributes of the node that defines `value`, if its op is `op`; else null. Valid until the next node is made.
  template <typename A>
  const A* attributesOf(ir::Value value, ir::Op op) const {
    const ir::Node* node = b.function().definition(value);
    return node != nullptr && node->op == op ? &std::get<A>(node->attributes) : nullptr;
  }
  const ir::ConstAttributes* constant(ir::Value value) const {
    return attributesOf<ir::ConstAttributes>(value, ir::Op::Const);
  }
  /// Operand `i` of the node that defines `value`. Needs: there is one.
  ir::Value operandOf(ir::Value value, int i) const { return b.function().definition(value)->operands[i]; }
  bool isDefinedBy(ir::Value value, ir::Op op) const;
  /// Whether `value` is a constant with every element equal to `number`, down to the sign of zero.
  bool isSplat(ir::Value value, double number) const;

  /// The simplified result of a node with one result.
  ir::Value make(ir::Op op, std::vector<ir::Value> operands, ir::Attributes attributes = ir::NoAttributes{});
  ir::Value makeReshape(ir::Value x, ir::Shape shape) {
    return make(ir::Op::Reshape, {x}, ir::ReshapeAttributes{std::move(shape)});
  }
  /// One element for all of `type`.
  ir::Value makeSplat(const ir::ConstAttributes& element, ir::Type type);
};

/// Tries the rules of the candidate's op. Invalid: there is nothing to gain.
ir::Value simplified(Rewriter& r, const Candidate& c);

/// The value of a node whose operands are constants, or (for splats) do not matter. Invalid: not constant, or too
/// large.
ir::Value folded(Rewriter& r, const Candidate& c);

namespace rules {
// Each returns the replacement, or an invalid value. Elementwise:
ir::Value neg(Rewriter& r, const Candidate& c);
ir::Value floor(Rewriter& r, const Candidate& c);
ir::Value cast(Rewriter& r, const Candidate& c);
ir::Value add(Rewriter& r, const Candidate& c);
ir::Value mul(Rewriter& r, const Candidate& c);
ir::Value div(Rewriter& r, const Candidate& c);
ir::Value max(Rewriter& r, const Candidate& c);
ir::Value select(Rewriter& r, const Candidate& c);
// Views and data movement:
ir::Value reshape(Rewriter& r, const Candidate& c);
ir::Value transpose(Rewriter& r, const Candidate& c);
ir::Value broadcast(Rewriter& r, const Candidate& c);
ir::Value slice(Rewriter& r, const Candidate& c);
ir::Value pad(Rewriter& r, const Candidate& c);
ir::Value concat(Rewriter& r, const Candidate& c);
ir::Value window(Rewriter& r, const Candidate& c);
ir::Value scatter(Rewriter& r, const Candidate& c);
// Reductions and contractions:
ir::Value reduceSum(Rewriter& r, const Candidate& c);
ir::Value reduceMax(Rewriter& r, const Candidate& c);
ir::Value contract(Rewriter& r, const Candidate& c);
}  // namespace rules

}  // namespace nnc::passes
