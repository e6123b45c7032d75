// Where derivatives can flow: pure reachability, without building any. For autodiff (which cotangents are worth
// computing) and for the warning that no gradient reaches a parameter.
#pragma once
#include <span>
#include <vector>

#include "ir/module.h"

namespace nnc::ir {

/// Whether `op` passes a derivative from its result to `operand`, if both are floats. This is the table of ops without
/// a derivative: false for every operand of const, iota, random, floor, compare and stop_gradient.
bool hasDerivative(Op op, int operand);

/// Marks the values that depend, through derivatives, on a value marked in `active` (by value index).
///
/// Needs  `nodes` in order of execution.
void spreadForward(const Module& module, const Function& function, std::span<const NodeId> nodes,
                   std::vector<bool>& active);
/// Marks the values whose derivative flows into one marked in `useful`.
void spreadBackward(const Module& module, const Function& function, std::span<const NodeId> nodes,
                    std::vector<bool>& useful);

/// The results of a function that depend on the marked parameters, and the parameters that the marked results depend
/// on.
std::vector<bool> activeResults(const Module& module, FunctionId function, const std::vector<bool>& parameters);
std::vector<bool> usefulParameters(const Module& module, FunctionId function, const std::vector<bool>& results);

/// The same for the body of a scan, to the fixpoint over its carries: from marked operands to parameters of the body,
/// and from marked results of the scan to results of the body.
std::vector<bool> activeScanParameters(const Module& module, const ScanAttributes& scan, std::vector<bool> operands);
std::vector<bool> usefulScanResults(const Module& module, const ScanAttributes& scan, std::vector<bool> results);

/// For each entry of `wrt` of a gradient call, whether any derivative of the loss reaches it; if not, it is zero.
std::vector<bool> reachesLoss(const Module& module, const CallAttributes& gradient);

}  // namespace nnc::ir
