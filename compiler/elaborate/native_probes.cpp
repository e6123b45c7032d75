#include "elaborate/native_probes.h"

#include <algorithm>

namespace nnc::elaborate {

static constexpr NativeProbe kNativeProbes[] = {
#define NNC_NATIVE_PROBE(NAME, SPELLING, SERIES, UNIT, NEEDS, COST, DOC) \
  {#SPELLING, SERIES, UNIT, NativeProbe::Needs::NEEDS, COST, DOC},
#include "elaborate/native_probes.def"
#undef NNC_NATIVE_PROBE
};

std::span<const NativeProbe> nativeProbes() { return kNativeProbes; }

const NativeProbe* findNativeProbe(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kNativeProbes), std::end(kNativeProbes),
                                         [&](const NativeProbe& probe) { return probe.name == name; });
  return found == std::end(kNativeProbes) ? nullptr : found;
}

std::vector<std::string> nativeSeries(std::string_view name) {
  const NativeProbe* const probe = findNativeProbe(name);
  std::vector<std::string> names;
  for (std::string_view rest = probe->series;;) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    names.push_back(std::string(name) + std::string(rest.substr(0, end)));
    if (end == rest.size()) return names;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace nnc::elaborate
