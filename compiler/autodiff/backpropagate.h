// The reverse sweep: cotangents of a list of nodes, last node first.
#pragma once
#include <span>
#include <utility>
#include <vector>

#include "ir/builder.h"
#include "ir/module.h"

namespace nnc::autodiff {

/// A value and the cotangent that enters there.
struct Seed {
  ir::Value value;
  ir::Value cotangent;
};

/// Appends the cotangents of `wrt` and returns them; an invalid value where no derivative flows (it is zero).
///
/// `forward` are nodes of the builder's function in order of execution, without gradient calls and without composites
/// that lack a vjp. Scans among them may be given more results. Only cotangents of values between `wrt` and the seeds
/// are built. Order of accumulation: consumers are visited last to first, the operands of one consumer first to last,
/// seeds before all; each contribution is added to the right of what is there: add(add(first, second), third).
std::vector<ir::Value> backpropagate(ir::Builder& builder, std::span<const ir::NodeId> forward,
                                     std::span<const Seed> seeds, std::span<const ir::Value> wrt);

/// Copies the body of `callee` to the end of the builder's function, with composites expanded unless they have a vjp
/// of their own: something to backpropagate through.
struct Forward {
  std::vector<ir::NodeId> nodes;
  std::vector<ir::Value> results;
};
Forward copyForward(ir::Builder& builder, ir::FunctionId callee, const std::vector<ir::Value>& arguments);

}  // namespace nnc::autodiff
