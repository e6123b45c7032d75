#include "training/run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "diagnostics/kinds/data.h"
#include "training/dump_gradients.h"
#include "training/folder_journal.h"
#include "training/pass_plans.h"
#include "training/project_source.h"
#include "training/start_run.h"
#include "training/train_loop.h"
#include "training/weights.h"

namespace nnc::training {

namespace {

using Json = nlohmann::ordered_json;

/// What a resumed run starts from.
struct Resumed {
  RunFolder folder;
  std::optional<Checkpoint> checkpoint;  // empty: it was killed before its first one
  std::int64_t seed = 0;
};

std::optional<Resumed> openResumed(const elaborate::TrainProgram& train, const RunOptions& options,
                                   Diagnostics& messages) {
  assert(options.weights.empty() && "a resumed run goes on from its own checkpoint");
  std::optional<RunFolder> folder = RunFolder::reopen(options.out, train.name, options.seed, messages);
  if (!folder) return std::nullopt;
  Resumed resumed{std::move(*folder), std::nullopt, 0};
  if (const std::optional<std::string> last = resumed.folder.lastCheckpoint()) {
    resumed.checkpoint = readCheckpoint(*last, messages);
    if (!resumed.checkpoint) return std::nullopt;
    resumed.seed = resumed.checkpoint->identity.seed;
  } else {
    const std::string path = resumed.folder.directory() + "/manifest.json";
    runtime::Failure failure;
    const std::optional<std::string> text = runtime::readFile(path, failure);
    const Json manifest = Json::parse(text.value_or(""), nullptr, /*allow_exceptions=*/false);
    if (!manifest.is_object() || !manifest.contains("seed") || !manifest["seed"].is_number_integer()) {
      messages.emit<diag::CannotReadFile>({}, path, text ? "it is not the manifest of a run" : failure.message);
      return std::nullopt;
    }
    resumed.seed = manifest["seed"].get<std::int64_t>();
  }
  if (options.seed && *options.seed != resumed.seed) {
    messages.emit<diag::SeedDiffers>({}, resumed.folder.directory(), resumed.seed, *options.seed);
    return std::nullopt;
  }
  return resumed;
}

std::string timeText() { return fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr))); }

/// The manifest of a new run, or that of a resumed one with this process added.
std::string manifestText(const elaborate::TrainProgram& train, const RunOptions& options, const RunIdentity& identity,
                         const DataSet& data, const std::string& cpu, const RunFolder& folder, std::int64_t startStep) {
  runtime::Failure failure;
  const std::optional<std::string> old = runtime::readFile(folder.directory() + "/manifest.json", failure);
  Json manifest = Json::parse(old.value_or(""), nullptr, /*allow_exceptions=*/false);
  if (!manifest.is_object()) {
    Json values = Json::object(), files = Json::array();
    for (const auto& [name, value] : train.values) values[name] = value;
    for (int source = 0; source < data.sourceCount(); ++source)
      for (const DataFile& file : data.source(source).files())
        files.push_back({{"path", file.path},
                         {"rows", file.rows},
                         {"xxh3", identity.data[files.size()].substr(file.path.size() + 1)}});
    manifest = {{"nnc", NNC_VERSION},
                {"train", train.name},
                {"program", identity.programHash},
                {"values", values},
                {"set_on_command_line", train.setOnCommandLine},
                {"seed", identity.seed},
                {"batch", train.batch},
                {"precision", ir::dtypeName(train.precision)},
                {"data", files},
                {"sessions", Json::array()}};
  }
  manifest["sessions"].push_back({{"started", timeText()},
                                  {"command", options.command + options.commandTail},
                                  {"from_step", startStep},
                                  {"threads", options.threads},
                                  {"cpu", cpu},
                                  {"blas", identity.blasCore}});
  return manifest.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Initial values, then those of `--weights`. A run that goes on from a checkpoint gets zeros to be overwritten.
bool initialiseSlots(const elaborate::TrainProgram& train, const RunOptions& options,
                     const std::optional<Resumed>& resumed, std::int64_t seed, Session& session) {
  std::vector<ir::Tensor> tensors;
  if (resumed && resumed->checkpoint) {
    for (const elaborate::Slot& slot : train.slots) tensors.emplace_back(slot.type);
  } else {
    tensors = initialTensors(train.initModule, train.init, seed);
  }
  if (!options.weights.empty()) {
    const std::optional<std::string> file = findWeights(options.weights, session.messages());
    const MatchWeights match = options.weightsPartial ? MatchWeights::Partial : MatchWeights::All;
    if (!file || !loadWeights(*file, train.slots, match, tensors, session.messages())) return false;
  }
  session.setSlots(tensors);
  return true;
}

std::int64_t parameterCount(const elaborate::TrainProgram& train) {
  std::int64_t count = 0;
  for (const elaborate::Slot& slot : train.slots)
    if (slot.kind == elaborate::SlotKind::Parameter && slot.isTrained) count += slot.type.elementCount();
  return count;
}

/// Whether the gradients can be written once there are some; in a folder that the run is to make they can. Errors
/// E1401.
bool checkGradientFile(const RunOptions& options, Diagnostics& messages) {
  const std::filesystem::path file(options.dumpGradients);
  if (file.empty() || file.parent_path().lexically_normal() == std::filesystem::path(options.out).lexically_normal())
    return true;
  runtime::Failure failure;
  if (runtime::canWriteFile(file.string(), failure)) return true;
  messages.emit<diag::CannotWriteFile>({}, file.string(), failure.message);
  return false;
}

using TimePoint = std::chrono::steady_clock::time_point;

RunResult resultOf(const elaborate::TrainProgram& train, const RunFolder& folder, const RunState& state,
                   const TrainLoop& loop, Session& session) {
  RunResult result;
  result.name = train.name;
  result.directory = folder.directory();
  result.parameters = parameterCount(train);
  result.epochs = state.epoch - 1;
  result.steps = state.step;
  result.examples = state.examples;
  result.metrics = state.metrics;
  result.bestMetric = bestMetricName(train, session.data());
  result.bestValue = state.bestValue;
  result.bestEpoch = state.bestEpoch;
  if (train.target) result.target = {*train.target, state.targetStep, state.targetEpoch, loop.targetSeconds()};
  result.trainSeconds = loop.clock().wallSeconds();
  result.processSteps = loop.processSteps();
  if (result.trainSeconds > 0.0) result.stepsPerSecond = static_cast<double>(result.processSteps) / result.trainSeconds;
  result.plannedBytes = session.plannedBytes();
  return result;
}

/// From a session that is ready to the result.
std::optional<RunResult> trainInFolder(const elaborate::TrainProgram& train, const RunOptions& options,
                                       Session& session, RunFolder& folder, const RunIdentity& identity, RunState state,
                                       TimePoint begun) {
  session.counters().setSeed(identity.seed);
  auto owned = std::make_unique<const EpochPlan>(train, session.data(), state);
  const PassPlan& plan = *owned;
  BatchStream& stream = session.openStream(std::move(owned), identity.seed);
  FolderJournal journal(train, options, session, folder, identity, begun);
  DumpGradients dump(session, state.step, options.dumpGradients);
  LoopOptions loopOptions;
  loopOptions.target = train.target;
  loopOptions.seeds = RunSeeds::all(identity.seed);
  if (!options.dumpGradients.empty()) loopOptions.observer = &dump;
  const InterruptGuard interrupt;
  TrainLoop loop(train, session, plan, stream, interrupt, journal, std::move(loopOptions), state);
  const std::optional<Outcome> outcome = loop.run();
  if (!outcome) return std::nullopt;
  RunResult result = resultOf(train, folder, state, loop, session);
  result.outcome = *outcome;
  result.seed = identity.seed;
  result.secondsToFirstStep = journal.secondsToFirstStep();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return result;
}

}  // namespace

std::optional<RunResult> run(ProgramSource& programs, const elaborate::TrainProgram& train, const RunOptions& options,
                             Diagnostics& diagnostics) {
  const auto begun = std::chrono::steady_clock::now();
  RunCache cache;
  SessionOptions sessionOptions;
  sessionOptions.engine = options.engine;
  sessionOptions.assemblesAhead = options.threads > 1;
  Session session(programs, train, sessionOptions, cache, diagnostics);
  Diagnostics& messages = session.messages();
  std::optional<Resumed> resumed;
  if (options.resume) {
    resumed = openResumed(train, options, messages);
    if (!resumed) return std::nullopt;
  }
  const std::int64_t seed = resumed ? resumed->seed : options.seed.value_or(0);
  if (!session.locate() || !checkParts(train, session.data(), messages)) return std::nullopt;
  session.start(/*withStep=*/true);
  requestPrograms(train, train.steps, !options.dumpGradients.empty(), session);
  if (!initialiseSlots(train, options, resumed, seed, session) || !session.finishLoading()) return std::nullopt;

  codegen::Backend* const backend = engine::backend(messages);
  if (backend == nullptr) return std::nullopt;
  RunIdentity identity = identify(train, session.programs().stepHash(), session.data(), seed, backend->blasCore());
  identity.given = options.given;
  RunState state;
  if (resumed && resumed->checkpoint) {
    const std::string path = *resumed->folder.lastCheckpoint();
    if (!restore(*resumed->checkpoint, path, identity, train.slots, session.slots(), messages)) return std::nullopt;
    state = resumed->checkpoint->state;
  }
  // A new folder is made when nothing but its own file system can go wrong any more: no folder is left by a bad data
  // file.
  if (!checkGradientFile(options, messages)) return std::nullopt;
  std::optional<RunFolder> folder;
  if (resumed)
    folder = std::move(resumed->folder);
  else
    folder = RunFolder::create(options.out, train.name, seed, messages);
  if (!folder) return std::nullopt;
  // The manifest first: from then on the folder can be resumed.
  if (!folder->writeManifest(
          manifestText(train, options, identity, session.data(), backend->hostCpu(), *folder, state.step), messages) ||
      !folder->openLogs(state.metricsBytes, messages))
    return std::nullopt;

  return trainInFolder(train, options, session, *folder, identity, std::move(state), begun);
}

std::optional<RunResult> run(elaborate::Project& project, const elaborate::TrainProgram& train,
                             const RunOptions& options, Diagnostics& diagnostics) {
  ProjectSource source(project, train);
  return run(source, train, options, diagnostics);
}

int exitCode(const RunResult& result) {
  switch (result.outcome) {
    case Outcome::Finished:
    case Outcome::StoppedEarly:
    case Outcome::TimedOut:
      return 0;
    case Outcome::Interrupted:
      return 130;
    case Outcome::Diverged:
      return 5;
  }
  return 0;
}

}  // namespace nnc::training
