// nnc run: a train, or an experiment.

#include <filesystem>

#include "driver/command_experiment.h"
#include "driver/session.h"
#include "training/run.h"

namespace nnc::driver {

int runCommand(Context& context) {
  if (std::filesystem::is_directory(context.line.file())) return runFolder(context);
  std::unique_ptr<elaborate::Project> project = loadProject(context);
  if (project == nullptr) return 1;
  if (const std::optional<std::string> experiment = namedExperiment(*project, context.line.name()))
    return checkOptions(context, *project, Subject::Experiment, *experiment)
               ? runExperiment(context, *project, *experiment)
               : 2;
  if (!checkOptions(context, *project, Subject::Train, context.line.name())) return 2;
  const std::optional<TrainSession> session = openTrain(context, std::move(project));
  if (!session) return 1;
  const Options& options = context.line.options;
  training::RunOptions run;
  run.out = options.out.value_or("");
  CommandText command =
      commandText(context.line, {options.seed ? fmt::format("--seed {}", *options.seed) : std::string()});
  run.command = std::move(command.head);
  for (const elaborate::Override& override : context.line.overrides)
    run.given.emplace_back(override.name, override.value);
  run.commandTail = std::move(command.tail);
  run.seed = options.seed;
  run.threads = threadCount(options);
  run.resume = options.resume;
  run.weights = options.weights.value_or("");
  run.weightsPartial = options.partial;
  run.logEvery = options.logEvery.value_or(0);
  run.dumpGradients = options.dumpGrad.value_or("");
  if (options.json) run.progress = training::Progress::None;
  run.engine = engineOptions(context);
  const std::optional<training::RunResult> result =
      training::run(*session->project, session->train, run, context.diagnostics);
  if (!result) return 1;
  writeResult(options.json ? training::resultJson(*result) : training::resultTable(*result));
  return training::exitCode(*result);
}

}  // namespace nnc::driver
