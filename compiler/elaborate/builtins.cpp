// The table of builtins.
#include "elaborate/builtins.h"

#include <unordered_map>

#include "elaborate/builtin_handlers.h"

namespace nnc::elaborate {

static constexpr Builtin kBuiltins[] = {
#define NNC_BUILTIN(NAME, PARAMETERS, HANDLER, DOC) {#NAME, PARAMETERS, builtin::HANDLER, DOC},
#include "elaborate/builtins.def"
#undef NNC_BUILTIN
};

const Builtin* findBuiltin(std::string_view name) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, const Builtin*> map;
    for (const Builtin& builtin : kBuiltins) map.emplace(builtin.name, &builtin);
    return map;
  }();
  const auto found = kByName.find(name);
  return found == kByName.end() ? nullptr : found->second;
}

std::vector<std::string> builtinNames() {
  std::vector<std::string> names;
  for (const Builtin& builtin : kBuiltins) names.emplace_back(builtin.name);
  return names;
}

}  // namespace nnc::elaborate
