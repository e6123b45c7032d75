// `expect effect(test, act) > 0.0`: what a study is expected to show.
//
//   effect first_in last_in shapley (MEASURE, FACTOR)   first_in and last_in also of (MEASURE, [FACTOR, FACTOR])
//   effect(MEASURE, FACTOR, from: LEVEL, to: LEVEL)     interaction(MEASURE, FACTOR, FACTOR)   gain(MEASURE)
//   mean min max spread (MEASURE)                       over the cells; spread is max - min
//   share(MEASURE >= NUMBER)                            of the cells
//   (.., FACTOR: LEVEL, FACTOR: [LEVEL, ..])            in the cells with these levels alone; a factor of several
//                                                      parameters is called by any of them
//   + - * / of these, of numbers, and of parameters and constants of the experiment that are numbers
//   >= <= > < of two of them; `and`, `or`, `not` of conditions; parameters and constants that are true or false.
//   What stands behind a true flag and `or`, or behind a false one and `and`, is not looked at: `quick or ..`.
//
// Each is a number per block. `>=` and `<=` ask it of the mean over the blocks, `>` and `<` of the whole 95 % interval.
// Axes of numbers that are not named are read at their last level by what attribution defines.
#pragma once
#include <span>
#include <vector>

#include "elaborate/project.h"
#include "experiment/cells.h"
#include "study/study.h"

namespace nnc::experiment {

/// What expectations are decided by.
struct ExpectContext {
  const SourceManager& sources;
  const Spec& spec;
  const CellList& cells;
  const study::Study& study;
};

/// Whether a condition has a meaning for this study. Errors  E0616, E0619.
[[nodiscard]] bool checkExpect(const ExpectContext& context, const syntax::Expr& condition, Diagnostics& diagnostics);

/// The outcome of every expectation. Undecided: runs that it needs are missing, be it in one block.
std::vector<study::Verdict> decideExpectations(const ExpectContext& context, std::span<const study::Run> runs);

}  // namespace nnc::experiment
