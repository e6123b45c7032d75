// What one may ask of a train's network (probe.h): which program, for which probes, for how many examples.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "elaborate/modules.h"

namespace nnc::elaborate {

class Environment;

/// A probe with its text and what it runs over.
struct ProbeDefinition {
  std::string name;                         // of its series
  const syntax::Expr* value = nullptr;      // null: native
  const SourceModule* home = nullptr;       // whose names `value` sees
  const syntax::Ident* variable = nullptr;  // null: no range
  const syntax::Expr* range = nullptr;
  const SourceModule* rangeHome = nullptr;
  const Environment* environment = nullptr;  // of the experiment: what its own text sees besides; null: nothing
  Span span;
  bool isNative() const { return value == nullptr; }
};

/// How often a probe looks: every `count` steps or epochs. Without `every`: each epoch.
struct ProbePeriod {
  std::int64_t count = 1;
  bool isEpochs = true;
  std::int64_t steps(std::int64_t stepsPerEpoch) const { return isEpochs ? count * stepsPerEpoch : count; }
};

/// The programs of probe.h, by the functions that build them.
enum class ProbeKind : std::uint8_t { Series, Loss, Gradients, InputGradient, LayerJacobians, LayerChain };

struct ProbeRequest {
  ProbeKind kind = ProbeKind::Series;
  std::int64_t batch = 0;
  std::vector<ProbeDefinition> probes;  // Series: none of them native
};

}  // namespace nnc::elaborate
