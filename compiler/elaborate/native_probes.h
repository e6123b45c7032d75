// The rows of native_probes.def.
#pragma once
#include <span>
#include <string_view>

namespace nnc::elaborate {

struct NativeProbe {
  std::string_view name, unit, doc;
};
std::span<const NativeProbe> nativeProbes();
bool isNativeProbe(std::string_view name);

}  // namespace nnc::elaborate
