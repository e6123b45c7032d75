// nnc show: the network as a table, or any stage of its compilation as text.

#include "driver/model_table.h"
#include "driver/session.h"
#include "driver/stages.h"

namespace nnc::driver {

int showCommand(Context& context) {
  const std::string stage = context.line.options.emit.value_or("");
  if (stage == "ast") return printTree(context);
  const std::unique_ptr<elaborate::Project> project = loadProject(context);
  if (project == nullptr) return 1;
  std::optional<StageSubject> subject = openStageSubject(*project, context);
  if (!subject) return 1;
  if (!stage.empty()) return printStage(context, subject->program, stage);
  if (!engine::lower(subject->program.module, subject->program.function, engineOptions(context), context.diagnostics))
    return 1;
  const ir::Function& function = subject->program.module.function(subject->program.function);
  std::optional<std::int64_t> arena;
  if (function.plan) arena = function.plan->arenaBytes;
  ModelTable table = describe(subject->forward, subject->slots);
  if (!subject->isExport) table.reals = realParameters(*project, context);
  writeResult(context.line.options.json ? renderTableJson(table, arena) : renderTable(table, arena));
  return 0;
}

}  // namespace nnc::driver
