// The rows of native_probes.def.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nnc::elaborate {

struct NativeProbe {
  enum class Needs { Values, Step, Name };
  std::string_view name, series, unit;
  Needs needs;
  std::string_view cost, doc;
};
/// The names of the series of a native probe: `ics.cos`, `ics.relative`, `ics.distance`. Needs: isNativeProbe.
std::vector<std::string> nativeSeries(std::string_view name);
std::span<const NativeProbe> nativeProbes();
/// Null: there is none of this name.
const NativeProbe* findNativeProbe(std::string_view name);
inline bool isNativeProbe(std::string_view name) { return findNativeProbe(name) != nullptr; }

}  // namespace nnc::elaborate
