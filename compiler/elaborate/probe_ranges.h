// What a probe runs over: `params(net)`, `last(outputs(net, act))`.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "elaborate/observation.h"
#include "elaborate/probe.h"

namespace nnc::elaborate {

struct ProbeRange {
  enum class Kind { Parameters, Weights, Tensors } kind = Kind::Parameters;
  enum class Part { All, First, Last } part = Part::All;
  std::string inside = "net";        // of parameters
  std::optional<std::size_t> watch;  // of tensors: its number
};

/// Reads the range of a probe; `scope` holds what it may name. What it watches is added to `watches`.
///
/// Errors  E1803.
[[nodiscard]] std::optional<ProbeRange> readRange(Elaborator& elaborator, const ProbeDefinition& probe, Scope& scope,
                                                  std::vector<Watch>& watches);

}  // namespace nnc::elaborate
