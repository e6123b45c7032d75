// Whether higher or lower values of a measure are better, as far as its expression says so.
#pragma once
#include <map>
#include <span>
#include <string>

#include "study/study.h"
#include "syntax/ast.h"

namespace nnc::experiment {

/// Metrics and costs have a direction, and arithmetic keeps it, turns it or loses it: `1.0 - test.accuracy` is better
/// when lower, and of `train.accuracy - test.accuracy` nothing is known. Of probes nothing is known either.
/// `earlier`: the measures before it; `constants`: numbers of the experiment.
study::Measure::Better betterOf(const syntax::Expr& expr, std::span<const study::Measure> earlier,
                                const std::map<std::string, double>& constants);

}  // namespace nnc::experiment
