// nnc show: the network as a table, or any stage of its compilation as text.
#include <algorithm>
#include <cstdio>

#include "driver/model_table.h"
#include "driver/session.h"
#include "ir/print.h"
#include "passes/print_plan.h"
#include "syntax/parse.h"

namespace nnc::driver {

namespace {

/// One function to show, and the tensors that it works on. `forward` is what the table describes.
struct Subject {
  elaborate::BatchProgram program;  // a train's step, or an export's largest entry
  elaborate::BatchProgram forward;
  std::vector<elaborate::Slot> slots;
};

std::optional<Subject> trainSubject(elaborate::Project& project, Context& context) {
  const std::optional<elaborate::TrainProgram> train = project.train(context.line.name(), context.line.overrides);
  if (!train) return std::nullopt;
  std::optional<elaborate::BatchProgram> step = project.step(*train, train->batch);
  if (!step) return std::nullopt;
  std::optional<elaborate::BatchProgram> forward = project.evaluation(*train, train->batch);
  if (!forward) return std::nullopt;
  return Subject{std::move(*step), std::move(*forward), train->slots};
}

std::optional<Subject> exportSubject(elaborate::Project& project, const std::string& name) {
  std::optional<elaborate::ExportProgram> exported = project.exported(name);
  if (!exported || exported->entries.empty()) return std::nullopt;
  return Subject{exported->entries.back(), exported->entries.back(), exported->slots};
}

std::optional<Subject> openSubject(elaborate::Project& project, Context& context) {
  ScopedTimer timer(&context.timings, "elaborate");
  const std::vector<std::string> exports = project.exports();
  const std::string name = context.line.name();
  const bool isExport = std::find(exports.begin(), exports.end(), name) != exports.end() ||
                        (name.empty() && project.trains().empty() && exports.size() == 1);
  if (isExport) return exportSubject(project, name.empty() ? exports[0] : name);
  if (!checkOverrides(context, project)) return std::nullopt;
  return trainSubject(project, context);
}

int showTree(Context& context) {
  const std::optional<FileId> file = context.sources.find(context.line.file());
  const std::optional<syntax::File> tree = file ? syntax::parse(*file, context.sources, context.diagnostics) : std::nullopt;
  if (!tree) return 1;
  fmt::print("{}", syntax::printTree(*tree, context.sources));
  return 0;
}

/// --emit=llvm and --emit=asm.
int showCode(Context& context, const Subject& subject, const engine::Options& options, bool wantsAssembly) {
  codegen::Backend* backend = engine::backend(context.diagnostics);
  if (backend == nullptr) return 1;
  std::string error;
  const std::vector<ir::FunctionId> functions = {subject.program.function};
  const std::string text = wantsAssembly ? backend->assembly(subject.program.module, functions, options.codegen, error)
                                         : backend->llvmText(subject.program.module, functions, options.codegen, error);
  if (!error.empty()) {
    context.diagnostics.emit<diag::CodegenFailed>({}, subject.program.module.function(subject.program.function).name, error);
    return 70;
  }
  fmt::print("{}", text);
  return 0;
}

int showStage(Context& context, Subject& subject, const std::string& stage) {
  ir::PrintOptions print;
  print.locations = true;
  print.sources = &context.sources;
  engine::Options options = engineOptions(context);
  if (stage == "grad") options.stopAfter = "differentiate";
  if (stage != "ir" && !engine::lower(subject.program.module, subject.program.function, options, context.diagnostics)) return 1;
  if (stage == "plan") {
    fmt::print("{}", passes::printPlans(subject.program.module));
    return 0;
  }
  if (stage == "llvm" || stage == "asm") return showCode(context, subject, options, stage == "asm");
  fmt::print("{}", ir::print(subject.program.module, print));
  return 0;
}

}  // namespace

int showCommand(Context& context) {
  const std::unique_ptr<elaborate::Project> project = loadProject(context);
  if (project == nullptr) return 1;
  const std::string stage = context.line.options.emit.value_or("");
  if (stage == "ast") return showTree(context);
  std::optional<Subject> subject = openSubject(*project, context);
  if (!subject) return 1;
  if (!stage.empty()) return showStage(context, *subject, stage);
  if (!engine::lower(subject->program.module, subject->program.function, engineOptions(context), context.diagnostics)) return 1;
  const ir::Function& function = subject->program.module.function(subject->program.function);
  std::optional<std::int64_t> arena;
  if (function.plan) arena = function.plan->arenaBytes;
  const ModelTable table = describe(subject->forward, subject->slots);
  fmt::print("{}", context.line.options.json ? renderTableJson(table, arena) : renderTable(table, arena));
  return 0;
}

}  // namespace nnc::driver
