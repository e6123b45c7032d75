// nnc docs: writes the reference pages.
#include "diagnostics/kinds/data.h"
#include "driver/driver.h"
#include "driver/reference.h"
#include "nnc/files.h"

namespace nnc::driver {

int docsCommand(Context& context) {
  const std::string folder = context.line.options.out.value_or("docs/reference");
  runtime::Failure failure;
  bool isFine = runtime::makeDirectories(folder, failure);
  if (!isFine) context.diagnostics.emit<diag::CannotWriteFile>({}, folder, failure.message);
  for (const ReferencePage& page : referencePages()) {
    if (!isFine) break;
    const std::string path = folder + "/" + page.name;
    isFine = runtime::writeFileAtomically(path, page.text, failure);
    if (!isFine) context.diagnostics.emit<diag::CannotWriteFile>({}, path, failure.message);
  }
  return isFine ? 0 : 1;
}

}  // namespace nnc::driver
