// The compiler and the machine that a study is run by: what its bits depend on besides the program, the data and the
// seeds.
#pragma once
#include <span>
#include <string>

#include "codegen/backend.h"
#include "diagnostics/diagnostics.h"
#include "study/study.h"

namespace nnc::experiment {

struct Machine {
  std::string compiler;   // `nnc 0.1.0, LLVM 19.1.7`
  std::string model;      // of the processor, as the system names it; empty: it does not say
  std::string processor;  // `znver5`: what code is made for
  std::string features;   // `avx2 bmi2 fma`: what such code may use
  std::string blas;       // the kernels that OpenBLAS chose: `SkylakeX`; empty: it is not there

  /// study::Run::origin of the runs that it makes: equal exactly where equal runs have equal bits.
  std::string origin() const;
};

/// `compiler` as it is shown.
Machine thisMachine(const std::string& compiler, codegen::Backend& backend);

/// Those of the processor's flags, as /proc/cpuinfo lists them, that name instructions which compute, in order.
std::string instructionSets(const std::string& flags);

/// Adds to the provenance of a study the machine that runs it, and when bits are equal.
void describeMachine(const Machine& machine, int workers, study::Study& study);

/// Names the compilers and machines besides `origin` that made results of the study. They count as all others do.
/// Errors  W1416, one for each.
void reportOrigins(const study::Study& study, std::span<const study::Run> runs, const std::string& origin,
                   Diagnostics& diagnostics);

}  // namespace nnc::experiment
