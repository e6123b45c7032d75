#include "experiment/run_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/count_flops.h"
#include "training/train_loop.h"

namespace nnc::experiment {

using study::Run;

namespace {

/// Elaborated programs that are kept for the next run of their cell. They are small next to what is compiled of them.
constexpr std::size_t kKeptPrograms = 256;

study::Status statusOf(training::Outcome outcome) {
  switch (outcome) {
    case training::Outcome::Finished:
    case training::Outcome::StoppedEarly:
    case training::Outcome::Interrupted:  // an interrupted run is no result: its caller drops it
      return study::Status::Ok;
    case training::Outcome::Diverged:
      return study::Status::Diverged;
    case training::Outcome::TimedOut:
      return study::Status::TimedOut;
  }
  return study::Status::Ok;
}

/// The first error, as a line.
std::string reasonOf(const Diagnostics& diagnostics) {
  for (const Diagnostic& message : diagnostics.all())
    if (message.severity == Severity::Error) return fmt::format("{} {}", message.code, message.message);
  return "its program could not be made";
}

void fill(Run& run, const training::InMemoryRun& trained) {
  run.status = statusOf(trained.outcome);
  run.steps = trained.steps;
  run.examples = trained.examples;
  run.flops = trained.flops;
  run.curves = curvesOf(trained.evaluations);
  run.trainSeconds = trained.trainSeconds;
  run.wallSeconds = trained.wallSeconds;
  for (const training::Evaluation& evaluation : trained.evaluations)
    run.curveSeconds.push_back(evaluation.trainSeconds);
}

}  // namespace

bool readData(const elaborate::TrainProgram& train, std::int64_t splitSeed, training::RunCache& cache,
              Diagnostics& diagnostics) {
  std::optional<training::DataSet> data =
      training::DataSet::locate(train.data, cache.sources(), diagnostics, splitSeed);
  return data && data->requirePart("train", diagnostics) >= 0 && data->read(diagnostics);
}

std::vector<study::Curve> curvesOf(const std::vector<training::Evaluation>& evaluations) {
  std::vector<study::Curve> curves;
  for (const training::Evaluation& evaluation : evaluations)
    for (const training::Metric& metric : evaluation.metrics) {
      auto curve = std::find_if(curves.begin(), curves.end(),
                                [&](const study::Curve& each) { return each.metric == metric.name; });
      if (curve == curves.end()) curve = curves.insert(curves.end(), {metric.name, {}, {}});
      curve->steps.push_back(evaluation.step);
      curve->values.push_back(metric.value);
    }
  return curves;
}

std::string TaskRunner::programKey(const Task& task) const {
  const std::string& cell = plan_.study().cells[task.cell].id;
  return task.tuned ? fmt::format("{} {}", cell, *task.tuned) : cell;
}

TaskRunner::Programs TaskRunner::takePrograms(const Task& task, Diagnostics& diagnostics) {
  const std::string key = programKey(task);
  {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(programs_.begin(), programs_.end(), [&](const auto& each) { return each.first == key; });
    if (found != programs_.end()) {
      Programs programs = std::move(found->second);
      programs_.erase(found);
      return programs;
    }
  }
  return plan_.programs(task.cell, task.tuned, diagnostics);
}

void TaskRunner::givePrograms(const Task& task, Programs programs) {
  const std::lock_guard lock(mutex_);
  programs_.emplace_back(programKey(task), std::move(programs));
  if (programs_.size() > kKeptPrograms) programs_.pop_front();
}

std::optional<double> TaskRunner::flopsPerStep(const Task& task, CellPrograms& programs, Diagnostics& diagnostics) {
  const std::optional<study::Tuning>& tuning = plan_.study().tuning;
  const auto isWhole = [](double value) { return value == std::floor(value); };
  // A tuned number of layers or units is another network than the one that the plan counted.
  if (!task.tuned || !tuning || !std::all_of(tuning->grid.begin(), tuning->grid.end(), isWhole))
    return plan_.study().cells[task.cell].flopsPerStep;
  const std::string key = programKey(task);
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = flops_.find(key); known != flops_.end()) return known->second;
  }
  const std::optional<elaborate::BatchProgram> step = programs.step(programs.train().batch);
  const std::optional<double> counted =
      step ? engine::countFlops(step->module, step->function, diagnostics) : std::nullopt;
  const std::lock_guard lock(mutex_);
  if (counted) flops_.emplace(key, *counted);
  return counted;
}

training::InMemoryOptions TaskRunner::trainingOptions(const Task& task, const elaborate::TrainProgram& train) const {
  const Rules& rules = plan_.rules();
  const study::Block& block = plan_.study().blocks[static_cast<std::size_t>(task.block)];
  const bool isTrial = task.role == Run::Role::Trial;
  training::InMemoryOptions options;
  options.seeds = {block.init, block.data, block.noise};
  options.steps = task.steps;
  // A trial is judged by its end alone, and never by the test part.
  options.evaluateEvery = isTrial ? task.steps : plan_.study().cells[task.cell].evaluateEvery;
  options.evaluatesTest = !isTrial;
  options.target = train.target;
  if (!rules.targetMetric.empty())
    options.target = {rules.targetMetric, rules.target, training::isLowerBetter(rules.targetMetric)};
  options.stopsAtTarget = rules.stopAtTarget && !isTrial;
  options.maxSeconds = rules.run.seconds;
  options.programKey = programKey(task);
  options.engine = options_.engine;
  // They have one writer, and runs go on side by side.
  options.engine.timings = options.engine.codegen.timings = nullptr;
  return options;
}

bool TaskRunner::readData(const Task& task, Diagnostics& diagnostics) {
  Diagnostics unused;  // the run itself says why it has no program
  const Programs programs = takePrograms(task, unused);
  if (programs == nullptr) return true;
  const std::int64_t splitSeed = plan_.study().blocks[static_cast<std::size_t>(task.block)].data;
  const bool isRead = experiment::readData(programs->train(), splitSeed, cache_, diagnostics);
  givePrograms(task, programs);
  return isRead;
}

std::optional<Run> TaskRunner::run(const Task& task) {
  Run run;
  run.role = task.role;
  run.id = task.id;
  run.cell = plan_.study().cells[task.cell].id;
  run.block = task.block;
  run.tuned = task.tuned;
  Diagnostics diagnostics;
  const Programs programs = takePrograms(task, diagnostics);
  const bool isProbed = options_.probes && task.role == Run::Role::Run;
  std::unique_ptr<RunProbes> probes;
  if (programs != nullptr && isProbed) probes = options_.probes(task.cell, *programs, diagnostics);
  const std::optional<double> flops = programs != nullptr ? flopsPerStep(task, *programs, diagnostics) : std::nullopt;
  std::optional<training::InMemoryRun> trained;
  if (flops && (probes != nullptr || !isProbed)) {
    training::InMemoryOptions options = trainingOptions(task, programs->train());
    options.flopsPerStep = *flops;
    trained =
        training::trainInMemory(*programs, programs->train(), options, cache_, interrupt_, probes.get(), diagnostics);
  }
  const bool isAbandoned = trained ? trained->outcome == training::Outcome::Interrupted : interrupt_.isInterrupted();
  if (isAbandoned) return std::nullopt;
  if (trained) {
    fill(run, *trained);
    if (run.status == study::Status::TimedOut) run.limitSeconds = plan_.rules().run.seconds;
    givePrograms(task, programs);
  } else {
    run.status = study::Status::Failed;
    run.reason = reasonOf(diagnostics);
  }
  if (probes != nullptr) run.probes = probes->take();
  if (task.role == Run::Role::Run) run.measures = plan_.measure(run);
  return run;
}

}  // namespace nnc::experiment
