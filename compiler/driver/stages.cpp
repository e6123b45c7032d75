#include "driver/stages.h"

#include "diagnostics/kinds/driver.h"
#include "diagnostics/kinds/engine.h"
#include "driver/parameters.h"
#include "driver/session.h"
#include "ir/print.h"
#include "nnc/files.h"
#include "passes/print_plan.h"
#include "syntax/parse.h"

namespace nnc::driver {

namespace {

std::optional<StageSubject> trainSubject(elaborate::Project& project, Context& context) {
  if (!checkOverrides(context, project)) return std::nullopt;
  const std::optional<elaborate::TrainProgram> train = project.train(context.line.name(), context.line.overrides);
  if (!train) return std::nullopt;
  std::optional<elaborate::BatchProgram> step = project.step(*train, train->batch);
  if (!step) return std::nullopt;
  std::optional<elaborate::BatchProgram> forward = project.evaluation(*train, train->batch);
  if (!forward) return std::nullopt;
  return StageSubject{std::move(*step), std::move(*forward), train->slots, /*isExport=*/false};
}

std::optional<StageSubject> exportSubject(elaborate::Project& project, const std::string& name) {
  std::optional<elaborate::ExportProgram> exported = project.exported(name);
  if (!exported || exported->entries.empty()) return std::nullopt;
  return StageSubject{exported->entries.back(), exported->entries.back(), exported->slots, /*isExport=*/true};
}

/// --emit=llvm and --emit=asm.
int printCode(Context& context, const elaborate::BatchProgram& program, const engine::Options& options,
              bool wantsAssembly) {
  codegen::Backend* backend = engine::backend(context.diagnostics);
  if (backend == nullptr) return 1;
  std::string error;
  const std::vector<ir::FunctionId> functions = {program.function};
  const std::string text = wantsAssembly ? backend->assembly(program.module, functions, options.codegen, error)
                                         : backend->llvmText(program.module, functions, options.codegen, error);
  if (!error.empty()) {
    context.diagnostics.emit<diag::CodegenFailed>({}, program.module.function(program.function).name, error);
    return 70;
  }
  writeResult(text);
  return 0;
}

}  // namespace

std::optional<StageSubject> openStageSubject(elaborate::Project& project, Context& context) {
  ScopedTimer timer(&context.timings, "elaborate");
  const std::optional<std::string> exported = namedExport(project, context.line.name(), /*prefersTrain=*/true);
  if (exported && !checkOptions(context, project, Subject::Export, *exported)) return std::nullopt;
  return exported ? exportSubject(project, *exported) : trainSubject(project, context);
}

int printTree(Context& context) {
  runtime::Failure failure;
  std::optional<std::string> text = runtime::readFile(context.line.file(), failure);
  if (!text) {
    context.diagnostics.emit<diag::CannotReadSource>({}, context.line.file(), failure.message);
    return 2;
  }
  ScopedTimer timer(&context.timings, "parse");
  const FileId file = context.sources.add(context.line.file(), std::move(*text));
  const std::optional<syntax::File> tree = syntax::parse(file, context.sources, context.diagnostics);
  if (!tree) return 1;
  writeResult(syntax::printTree(*tree, context.sources));
  return 0;
}

int printStage(Context& context, elaborate::BatchProgram& program, const std::string& stage) {
  ir::PrintOptions print;
  print.locations = true;
  print.sources = &context.sources;
  engine::Options options = engineOptions(context);
  if (stage == "grad") options.stopAfter = "differentiate";
  if (stage != "ir" && !engine::lower(program.module, program.function, options, context.diagnostics)) return 1;
  if (stage == "plan") {
    writeResult(passes::printPlans(program.module));
    return 0;
  }
  if (stage == "llvm" || stage == "asm") return printCode(context, program, options, stage == "asm");
  writeResult(ir::print(program.module, print));
  return 0;
}

}  // namespace nnc::driver
