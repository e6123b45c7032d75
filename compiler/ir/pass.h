// What a pass is. Each pass's header declares one `inline constexpr ir::Pass kName`; pipelines are lists of them.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "diagnostics/diagnostics.h"
#include "ir/module.h"

namespace nnc::ir {

/// What holds of a module at a point of the pipeline. A bit set.
enum class Facts : std::uint8_t {
  None = 0,
  Differentiated = 1,  // no gradient call is left
  Inlined = 2,         // no composite call is left
  Fused = 4,           // elementwise work and reductions stand in kernel calls
  Scheduled = 8,       // `body` is in the final order
  Planned = 16,        // every function that runs has a MemoryPlan
};
constexpr Facts operator|(Facts a, Facts b) { return static_cast<Facts>(static_cast<int>(a) | static_cast<int>(b)); }
constexpr Facts operator&(Facts a, Facts b) { return static_cast<Facts>(static_cast<int>(a) & static_cast<int>(b)); }
constexpr Facts without(Facts a, Facts b) { return static_cast<Facts>(static_cast<int>(a) & ~static_cast<int>(b)); }
constexpr bool contains(Facts all, Facts some) { return (all & some) == some; }

struct Pass {
  std::string_view name;     // as in --print-after=NAME
  std::string_view summary;  // one line, for docs/passes.md
  /// Edits the module. False: a message was emitted, the module is not to be used.
  bool (*run)(Module& module, Diagnostics& diagnostics);
  Facts needs = Facts::None;
  Facts gives = Facts::None;
  Facts breaks = Facts::None;
  bool required = false;      // --disable-pass refuses it
  bool preservesBits = true;  // whether results are bit-identical with and without it
};

/// Whether every pass finds what it needs, starting from `have`. For static_assert next to a pipeline.
constexpr bool isWellOrdered(std::span<const Pass> pipeline, Facts have = Facts::None) {
  for (const Pass& pass : pipeline) {
    if (!contains(have, pass.needs)) return false;
    have = without(have, pass.breaks) | pass.gives;
  }
  return true;
}

}  // namespace nnc::ir
