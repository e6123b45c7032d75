// One rule per op: how the cotangents of its results become cotangents of its operands. A rule builds primitives only,
// so that derivatives can be differentiated again; the rules are the table of docs/language.md, section 4.
#pragma once
#include <vector>

#include "ir/builder.h"
#include "ir/module.h"

namespace nnc::autodiff {

/// One node in the reverse sweep, as a rule sees it.
class Vjp {
 public:
  Vjp(ir::Builder& builder, ir::NodeId id, std::vector<ir::Value> cotangents, std::vector<bool> wanted);

  ir::Builder& b;
  const ir::NodeId id;
  const ir::Node node;  // a copy: nodes move while the builder appends

  ir::Value operand(int i) const { return node.operands[i]; }
  ir::Value result() const { return node.results[0]; }
  /// The cotangent of the only result.
  ir::Value g() const { return cotangents[0]; }
  const ir::Type& operandType(int i) const { return b.type(node.operands[i]); }
  /// Whether the cotangent of an operand is asked for. False for what is no float or has no derivative.
  bool wants(int i) const { return wanted[i]; }
  void give(int i, ir::Value cotangent) { given[i] = cotangent; }
  /// Whether an operand is an f32 cast to bf16. A cotangent in f32 that is given for it goes to what was cast.
  bool isRounded(int i) const;
  /// The value whose cotangent was given for an operand.
  ir::Value target(int i) const;

  const std::vector<ir::Value> cotangents;  // of each result; invalid: zero. At least one is valid.
  const std::vector<bool> wanted;           // at least one is set
  std::vector<ir::Value> given;             // of each operand; invalid: zero, or not asked for
};

namespace rules {
// A row of ops.def without a definition here does not link.
#define NNC_OP(NAME, ...) void NAME(Vjp& v);
#include "ir/ops.def"
#undef NNC_OP
}  // namespace rules

/// Runs the rule of the node's op.
void applyRule(Vjp& v);

}  // namespace nnc::autodiff
