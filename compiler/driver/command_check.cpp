// nnc check: elaborates everything, runs nothing, opens no data file.
#include "driver/session.h"
#include "driver/stages.h"

namespace nnc::driver {

static bool checkProject(elaborate::Project& project, Context& context) {
  ScopedTimer timer(&context.timings, "elaborate");
  return project.check();
}

int checkCommand(Context& context) {
  const std::string stage = context.line.options.emit.value_or("");
  if (stage == "ast") return printTree(context);
  const std::unique_ptr<elaborate::Project> project = loadProject(context);
  if (project == nullptr || !checkProject(*project, context)) return 1;
  if (stage.empty()) return 0;
  std::optional<StageSubject> subject = openStageSubject(*project, context);
  return subject ? printStage(context, subject->program, stage) : 1;
}

}  // namespace nnc::driver
