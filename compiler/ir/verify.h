// Holds the rules of the IR. Runs after every pass in tests and with --verify-each.
#pragma once
#include <string>
#include <vector>

#include "ir/module.h"

namespace nnc::ir {

/// How deep functions may run one another: passes and the evaluator recurse over calls.
inline constexpr int kMaxCallDepth = 1000;

/// Everything that is wrong with the module, in words: definitions before uses, operand counts, types as inferred,
/// closed regions, acyclic calls of bounded depth, aliases of equal type, elements that their dtype holds, letters of
/// contractions, strictly increasing broadcast dims. Empty: valid. Each entry starts with the function's name.
std::vector<std::string> verify(const Module& module);

}  // namespace nnc::ir
