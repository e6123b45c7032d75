// The rows of native_probes.def.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nnc::elaborate {

struct NativeProbe {
  std::string_view name, series, unit, doc;
};
/// The names of the series of a native probe: `ics.cos`, `ics.relative`, `ics.distance`. Needs: isNativeProbe.
std::vector<std::string> nativeSeries(std::string_view name);
std::span<const NativeProbe> nativeProbes();
bool isNativeProbe(std::string_view name);

}  // namespace nnc::elaborate
