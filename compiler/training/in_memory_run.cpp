#include "training/in_memory_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "training/evaluate_part.h"
#include "training/pass_plans.h"
#include "training/start_run.h"
#include "training/train_loop.h"
#include "training/weights.h"

namespace nnc::training {

namespace {

/// Keeps the evaluations.
class MemoryJournal final : public TrainJournal {
 public:
  explicit MemoryJournal(std::vector<Evaluation>& evaluations) : evaluations_(evaluations) {}
  bool evaluated(const RunState& state, const PeriodTimes& times) override {
    evaluations_.push_back({state.step, times.trainProcessorSeconds, state.metrics});
    return true;
  }

 private:
  std::vector<Evaluation>& evaluations_;
};

/// What the run may take in steps, by its own limit and by that on operations.
std::optional<std::int64_t> stepLimit(const elaborate::TrainProgram& train, const InMemoryOptions& options,
                                      const DataSet& data) {
  std::optional<std::int64_t> limit = options.steps;
  if (!options.maxFlops || options.flopsPerStep <= 0.0) return limit;
  const std::int64_t rows = data.parts()[static_cast<std::size_t>(data.findPart("train"))].size();
  const double examples = std::ceil(*options.maxFlops / options.flopsPerStep * static_cast<double>(train.batch));
  constexpr double kLargest = 1e18;
  const std::int64_t steps = stepsFor(static_cast<std::int64_t>(std::min(examples, kLargest)), rows, train.batch);
  return std::min(steps, limit.value_or(steps));
}

SessionOptions sessionOptions(const InMemoryOptions& options) {
  SessionOptions session;
  session.engine = options.engine;
  session.worksAhead = false;
  session.splitSeed = options.seeds.data;
  session.programKey = options.programKey;
  return session;
}

using TimePoint = std::chrono::steady_clock::time_point;

LoopOptions loopOptions(const InMemoryOptions& options, StepObserver* observer, TimePoint begun) {
  LoopOptions loop;
  loop.target = options.target;
  loop.stopsAtTarget = options.stopsAtTarget;
  if (options.maxSeconds)
    loop.deadline = begun + std::chrono::duration_cast<TimePoint::duration>(
                                std::chrono::duration<double>(std::min(*options.maxSeconds, 1e9)));
  loop.observer = observer;
  loop.seeds = options.seeds;
  return loop;
}

/// Adds the metrics of the part `test` to the last evaluation. False: interrupted, or reported.
bool evaluateTest(const elaborate::TrainProgram& train, Session& session, const InterruptGuard& interrupt,
                  std::vector<Metric>& metrics) {
  const int part = session.data().findPart("test");
  if (part < 0) return true;
  const Pass pass{part, 0, false, false, 0, session.data().parts()[static_cast<std::size_t>(part)].size()};
  BatchStream& stream = session.openStream(std::make_unique<SinglePass>(pass), /*seed=*/0);
  const auto goOn = [&](const BatchCall&, const Batch&) { return !interrupt.isInterrupted(); };
  return evaluatePart(session, stream, train, pass, metrics, goOn);
}

}  // namespace

std::optional<InMemoryRun> trainInMemory(ProgramSource& source, const elaborate::TrainProgram& train,
                                         const InMemoryOptions& options, RunCache& cache,
                                         const InterruptGuard& interrupt, StepObserver* observer,
                                         Diagnostics& diagnostics) {
  const TimePoint begun = std::chrono::steady_clock::now();
  Session session(source, train, sessionOptions(options), cache, diagnostics);
  if (!session.locate() || !checkParts(train, session.data(), session.messages())) return std::nullopt;
  const std::optional<std::int64_t> limit = stepLimit(train, options, session.data());
  auto owned = std::make_unique<const StepPlan>(train, session.data(), options.evaluateEvery, limit);
  const StepPlan& plan = *owned;
  session.start(/*withStep=*/true);
  requestPrograms(train, plan.steps(), /*withGradients=*/false, session);
  session.setSlots(initialTensors(train.initModule, train.init, options.seeds.init));
  if (!session.finishLoading()) return std::nullopt;

  session.counters().setSeed(options.seeds.noise);
  BatchStream& stream = session.openStream(std::move(owned), options.seeds.data);
  InMemoryRun result;
  MemoryJournal journal(result.evaluations);
  RunState state;
  TrainLoop loop(train, session, plan, stream, interrupt, journal, loopOptions(options, observer, begun), state);
  const std::optional<Outcome> outcome = loop.run();
  if (!outcome) return std::nullopt;
  result.outcome = *outcome;
  const bool isOver = *outcome == Outcome::Finished || *outcome == Outcome::StoppedEarly;
  if (isOver && options.evaluatesTest && !result.evaluations.empty() &&
      !evaluateTest(train, session, interrupt, result.evaluations.back().metrics)) {
    if (!interrupt.isInterrupted()) return std::nullopt;
    result.outcome = Outcome::Interrupted;
  }
  result.steps = state.step;
  result.examples = state.examples;
  result.flops = options.flopsPerStep * static_cast<double>(state.examples) / static_cast<double>(train.batch);
  if (state.targetStep != 0) result.targetStep = state.targetStep;
  result.trainSeconds = loop.clock().processorSeconds();
  result.wallSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return result;
}

}  // namespace nnc::training
