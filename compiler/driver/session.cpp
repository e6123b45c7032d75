#include "driver/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "driver/parameters.h"

namespace nnc::driver {

std::unique_ptr<elaborate::Project> loadProject(Context& context) {
  ScopedTimer timer(&context.timings, "parse");
  return elaborate::Project::load(context.line.file(), context.sources, context.diagnostics);
}

std::optional<TrainSession> openTrain(Context& context) { return openTrain(context, loadProject(context)); }

std::optional<TrainSession> openTrain(Context& context, std::unique_ptr<elaborate::Project> project) {
  TrainSession session;
  session.project = std::move(project);
  if (session.project == nullptr || !settleParameters(context, *session.project)) return std::nullopt;
  ScopedTimer timer(&context.timings, "elaborate");
  std::optional<elaborate::TrainProgram> train = session.project->train(context.line.name(), context.line.overrides);
  if (!train) return std::nullopt;
  session.train = std::move(*train);
  return session;
}

std::optional<std::string> namedExport(const elaborate::Project& project, const std::string& name, bool prefersTrain) {
  const std::vector<std::string> exports = project.exports();
  if (exports.empty()) return std::nullopt;
  const bool hasTrains = !project.trains().empty();
  if (!name.empty()) {
    const bool isExport = std::find(exports.begin(), exports.end(), name) != exports.end();
    return isExport || !hasTrains ? std::optional(name) : std::nullopt;
  }
  return exports.size() == 1 && !(hasTrains && prefersTrain) ? std::optional(exports[0]) : std::nullopt;
}

bool checkOptions(Context& context, const elaborate::Project& project, Subject subject, const std::string& name) {
  std::string what = name;
  if (subject == Subject::Train) {
    const std::optional<elaborate::TrainSummary> train = namedTrain(project, context.line);
    if (!train) return true;  // reported where it is opened
    what = train->name;
  }
  const std::vector<std::string> experiments = project.experiments();
  const std::string have = experiments.empty() ? fmt::format("`{}` has no experiment", context.line.file())
                                               : fmt::format("experiments: {}", fmt::join(experiments, ", "));
  if (subject != Subject::Experiment) return checkSubject(context.line, subject, what, have, context.diagnostics);
  std::vector<std::string> parameters = project.parametersOfExperiment(name);
  std::erase(parameters, "quick");  // what the option --quick sets
  reportSameNames(context.line, parameters, fmt::format("experiment `{}`", name), context.diagnostics);
  return checkSubject(context.line, subject, what, /*note=*/"", context.diagnostics);
}

engine::Options engineOptions(Context& context) {
  const Options& options = context.line.options;
  engine::Options engine;
  engine.verifyEach = options.verifyEach;
  engine.printAfter = options.printAfter;
  engine.disabledPasses = options.disablePass;
  engine.stopAfter = options.stopAfter.value_or("");
  engine.maxMemoryBytes = options.maxMemory.value_or(0);
  engine.cache = &context.code;
  if (options.time) {
    engine.timings = &context.timings;
    engine.codegen.timings = &context.timings;
  }
  return engine;
}

int threadCount(const Options& options) {
  constexpr std::int64_t kMost = 1024;
  const auto cores = static_cast<std::int64_t>(std::max(1u, std::thread::hardware_concurrency()));
  return static_cast<int>(std::clamp<std::int64_t>(options.threads.value_or(cores), 1, kMost));
}

}  // namespace nnc::driver
