// The three layers of a response: does it train, how fast, and how good is what trains.
#pragma once
#include <string>

#include "report/attribution.h"

namespace nnc::report {

/// A table with the main effect of each factor on the share of runs that train, on the time to a target, and on the
/// quality of the runs that train, as HTML. Empty: the measure is no accuracy whose chance is known, or nothing trains.
std::string responseLayers(const View& view, const Attribution& attribution);

}  // namespace nnc::report
