// nnc probe: how well signals and gradients pass through a network, before it is trained or at trained weights.
#include "driver/command_experiment.h"
#include "driver/session.h"
#include "probes/look.h"

namespace nnc::driver {

int probeCommand(Context& context) {
  std::unique_ptr<elaborate::Project> project = loadProject(context);
  if (project == nullptr) return 1;
  if (const std::optional<std::string> experiment = namedExperiment(*project, context.line.name()))
    return checkOptions(context, *project, Subject::Experiment, *experiment)
               ? probeExperiment(context, *project, *experiment)
               : 2;
  const std::optional<TrainSession> session = openTrain(context, std::move(project));
  if (!session) return 1;
  const Options& options = context.line.options;
  probes::LookOptions look;
  look.probes = options.probes;
  look.weights = options.weights.value_or("");
  look.seed = options.seed.value_or(0);
  look.engine = engineOptions(context);
  const std::optional<probes::LookResult> result =
      probes::look(*session->project, session->train, look, context.diagnostics);
  if (!result) return 1;
  writeResult(options.json ? probes::resultJson(*result) : probes::resultTable(*result));
  return 0;
}

}  // namespace nnc::driver
