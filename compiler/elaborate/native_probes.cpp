#include "elaborate/native_probes.h"

#include <algorithm>

namespace nnc::elaborate {

static constexpr NativeProbe kNativeProbes[] = {
#define NNC_NATIVE_PROBE(NAME, SPELLING, SERIES, UNIT, DOC) {#SPELLING, SERIES, UNIT, DOC},
#include "elaborate/native_probes.def"
#undef NNC_NATIVE_PROBE
};

std::span<const NativeProbe> nativeProbes() { return kNativeProbes; }

bool isNativeProbe(std::string_view name) {
  return std::any_of(std::begin(kNativeProbes), std::end(kNativeProbes),
                     [&](const NativeProbe& probe) { return probe.name == name; });
}

std::vector<std::string> nativeSeries(std::string_view name) {
  const auto* const probe = std::find_if(std::begin(kNativeProbes), std::end(kNativeProbes),
                                         [&](const NativeProbe& each) { return each.name == name; });
  std::vector<std::string> names;
  for (std::string_view rest = probe->series;;) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    names.push_back(std::string(name) + std::string(rest.substr(0, end)));
    if (end == rest.size()) return names;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace nnc::elaborate
