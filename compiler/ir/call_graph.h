// Which function runs which: scan bodies, call bodies and their custom vjps.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "ir/module.h"

namespace nnc::ir {

/// The functions that `node` names: none, the body of a scan, or the body and the vjp of a call.
std::vector<FunctionId> callees(const Node& node);

/// All functions, each after those that it runs. Needs: an acyclic module (the verifier holds it).
std::vector<FunctionId> calleesFirst(const Module& module);

/// The entries and what they run, each function once, in the order in which a reader of the program meets them.
std::vector<FunctionId> reachedFrom(const Module& module, const std::vector<FunctionId>& entries);

/// Whether some node in the body of some function names the function, by function index.
std::vector<bool> calledFunctions(const Module& module);

/// Whether the function is the body of a kernel call, by function index.
std::vector<bool> kernelBodies(const Module& module);

/// Empties the functions that nothing runs any more: those that an entry does not reach, where an entry is a function
/// that was not called when `calledBefore` was taken. Ids stay valid; an emptied function keeps its name.
void clearUncalled(Module& module, const std::vector<bool>& calledBefore);

/// `wanted`, or `wanted_2`, `wanted_3`, ... : the first name that no function has.
std::string freshFunctionName(const Module& module, std::string_view wanted);

/// Whether any function of the module draws random numbers.
bool draws(const Module& module);

}  // namespace nnc::ir
