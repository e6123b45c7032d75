// nnc check: elaborates everything, runs nothing, opens no data file.
#include "driver/driver.h"

namespace nnc::driver {

int checkCommand(Context& context) {
  Timings* timings = &context.timings;
  std::unique_ptr<elaborate::Project> project;
  {
    ScopedTimer timer(timings, "parse");
    project = elaborate::Project::load(context.line.file(), context.sources, context.diagnostics);
  }
  if (project == nullptr) return 1;
  ScopedTimer timer(timings, "elaborate");
  return project->check() ? 0 : 1;
}

}  // namespace nnc::driver
