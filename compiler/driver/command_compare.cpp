// nnc compare: what differs between two runs or two studies, and what came of it.
#include "driver/driver.h"
#include "report/compare.h"

namespace nnc::driver {

int compareCommand(Context& context) {
  const std::vector<std::string>& folders = context.line.positional;
  const std::optional<report::ComparisonText> text =
      report::compareFolders(folders[0], folders[1], context.diagnostics);
  if (!text) return 3;
  writeResult(context.line.options.json ? text->json : text->terminal);
  return 0;
}

}  // namespace nnc::driver
