// Runs a list of passes over a module, and what helps to find the one that is wrong.
#pragma once
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/pass.h"
#include "ir/print.h"
#include "support/timer.h"

namespace nnc::passes {

struct RunOptions {
  bool verifyEach = false;              // hold the rules of the IR before the first and after every pass
  std::vector<std::string> printAfter;  // names of passes, or "all"
  std::vector<std::string> disabled;    // names of passes that are not required
  std::string stopAfter;                // the first pass of that name is the last to run
  std::optional<int> bisectLimit;       // only the first so many optional passes run; each is announced with its number
  ir::PrintOptions print;               // how printAfter prints
  std::FILE* output = stderr;           // where it prints
  Timings* timings = nullptr;           // one entry `pass NAME` for each that ran
};

/// Whether the names in the options can be followed. Errors: E1521 no such pass, E1522 a required pass disabled.
[[nodiscard]] bool checkRunOptions(const RunOptions& options, Diagnostics& diagnostics);

/// Runs the passes in order.
///
/// Needs   checkRunOptions(options).
/// Errors  what a pass emits; with verifyEach, E1020 for a module that is wrong from the start, and E9901, an internal
///         error that names the pass, for one that became wrong. The result is then false and the module of no use.
[[nodiscard]] bool runPasses(ir::Module& module, std::span<const ir::Pass> pipeline, const RunOptions& options,
                             Diagnostics& diagnostics);

}  // namespace nnc::passes
