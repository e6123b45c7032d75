// Studies with known truth and everything that a report can show, made without training: a function of its options.
#pragma once
#include <vector>

#include "study/study.h"

namespace nnc::report {

struct SyntheticStudy {
  study::Study study;
  std::vector<study::Run> runs;
  std::vector<study::Verdict> verdicts;
};

/// A 2^5 factorial of the usual suspects with tuning, curves, probes of layers and slices. `blocks`: seeds.
SyntheticStudy syntheticFactorial(int blocks = 5);

/// Depth in five levels, two activations, two kinds of blocks: an ordered factor, some runs diverged.
SyntheticStudy syntheticSweep(int blocks = 3);

}  // namespace nnc::report
