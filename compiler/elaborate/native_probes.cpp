#include "elaborate/native_probes.h"

#include <algorithm>

namespace nnc::elaborate {

static constexpr NativeProbe kNativeProbes[] = {
#define NNC_NATIVE_PROBE(NAME, SPELLING, UNIT, DOC) {#SPELLING, UNIT, DOC},
#include "elaborate/native_probes.def"
#undef NNC_NATIVE_PROBE
};

std::span<const NativeProbe> nativeProbes() { return kNativeProbes; }

bool isNativeProbe(std::string_view name) {
  return std::any_of(std::begin(kNativeProbes), std::end(kNativeProbes),
                     [&](const NativeProbe& probe) { return probe.name == name; });
}

}  // namespace nnc::elaborate
