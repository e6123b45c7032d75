// Checks a definition by trying it: whether any caller could use it at all.
#pragma once
#include "elaborate/project.h"

namespace nnc::elaborate {

/// Elaborates `callable` with made-up arguments and reports the mistakes that every caller would meet.
///
/// What is wrong for all sizes shows with three sets of sizes: a difference of two polynomials that is the same
/// non-zero number at each of them is taken to be that number everywhere (Schwartz 1980, Zippel 1979: a polynomial that
/// is not constant rarely looks so). Sizes that only happen to differ are made equal, and the trial goes on. What
/// depends on a caller in any other way (`require`, exact divisions, functions and layers that he passes) is not held
/// against the definition: he hears of it when he uses it.
void checkDefinition(ProjectState& state, const syntax::CallableDecl& callable, const SourceModule& home);

/// Every `fn .. vjp` of the files that are the user's, called once with small made-up sizes.
std::vector<DerivativeProgram> derivativePrograms(ProjectState& state);

}  // namespace nnc::elaborate
