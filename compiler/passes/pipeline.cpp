#include "passes/pipeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/passes.h"
#include "support/suggest.h"

namespace nnc::passes {

const ir::Pass* findPass(std::string_view name, Diagnostics& diagnostics) {
  const auto found = std::find_if(kAll.begin(), kAll.end(), [&](const ir::Pass& pass) { return pass.name == name; });
  if (found != kAll.end()) return &*found;
  std::vector<std::string> names;
  for (const ir::Pass& pass : kAll) names.emplace_back(pass.name);
  DiagnosticBuilder message = diagnostics.emit<diag::UnknownPass>({}, name);
  if (const std::optional<std::string> close = closestName(name, names))
    message.help(fmt::format("did you mean `{}`?", *close));
  else
    message.help(fmt::format("the passes are {}", fmt::join(names, ", ")));
  return nullptr;
}

std::optional<std::vector<ir::Pass>> parsePipeline(std::string_view names, Diagnostics& diagnostics) {
  std::vector<ir::Pass> pipeline;
  while (!names.empty()) {
    const std::size_t comma = std::min(names.find(','), names.size());
    const ir::Pass* pass = findPass(names.substr(0, comma), diagnostics);
    if (pass == nullptr) return std::nullopt;
    pipeline.push_back(*pass);
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return pipeline;
}

}  // namespace nnc::passes
