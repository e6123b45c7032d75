#include "training/in_memory_run.h"

#include <algorithm>
#include <chrono>
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

SessionOptions sessionOptions(const InMemoryOptions& options) {
  SessionOptions session;
  session.engine = options.engine;
  session.worksAhead = false;
  session.splitSeed = options.seeds.data;
  session.programKey = options.programKey;
  return session;
}

using TimePoint = std::chrono::steady_clock::time_point;

LoopOptions loopOptions(const InMemoryOptions& options, StepObserver* observer) {
  LoopOptions loop;
  loop.target = options.target;
  loop.stopsAtTarget = options.stopsAtTarget;
  loop.maxTrainSeconds = options.maxSeconds;
  loop.observer = observer;
  loop.seeds = options.seeds;
  return loop;
}

/// Adds the metrics of one part. False: interrupted, or reported.
bool evaluateOne(int part, const elaborate::TrainProgram& train, Session& session, const InterruptGuard& interrupt,
                 std::vector<Metric>& metrics) {
  const Pass pass{part, 0, false, false, 0, session.data().parts()[static_cast<std::size_t>(part)].size()};
  BatchStream& stream = session.openStream(std::make_unique<SinglePass>(pass), /*seed=*/0);
  const auto goOn = [&](const BatchCall&, const Batch&) { return !interrupt.isInterrupted(); };
  return evaluatePart(session, stream, train, pass, metrics, goOn);
}

/// Evaluates a run that ended between two evaluations as those do: every part but `test`. False: interrupted, or
/// reported.
bool evaluateWhereItStands(const elaborate::TrainProgram& train, Session& session, const InterruptGuard& interrupt,
                           const TrainLoop& loop, const RunState& state, std::vector<Evaluation>& evaluations) {
  if (!evaluations.empty() && evaluations.back().step == state.step) return true;
  Evaluation evaluation{state.step, loop.clock().processorSeconds(), loop.windowMetrics()};
  const std::vector<Part>& parts = session.data().parts();
  for (std::size_t part = 0; part < parts.size(); ++part)
    if (parts[part].name != "train" && parts[part].name != "test" &&
        !evaluateOne(static_cast<int>(part), train, session, interrupt, evaluation.metrics))
      return false;
  evaluations.push_back(std::move(evaluation));
  return true;
}

}  // namespace

std::optional<InMemoryRun> trainInMemory(ProgramSource& source, const elaborate::TrainProgram& train,
                                         const InMemoryOptions& options, RunCache& cache,
                                         const InterruptGuard& interrupt, StepObserver* observer,
                                         Diagnostics& diagnostics) {
  const TimePoint begun = std::chrono::steady_clock::now();
  Session session(source, train, sessionOptions(options), cache, diagnostics);
  if (!session.locate() || !checkParts(train, session.data(), session.messages())) return std::nullopt;
  auto owned = std::make_unique<const StepPlan>(train, session.data(), options.evaluateEvery, options.steps);
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
  TrainLoop loop(train, session, plan, stream, interrupt, journal, loopOptions(options, observer), state);
  const std::optional<Outcome> outcome = loop.run();
  if (!outcome) return std::nullopt;
  result.outcome = *outcome;
  const bool isOver = *outcome != Outcome::Interrupted && *outcome != Outcome::Diverged;
  bool isEvaluated = *outcome != Outcome::TimedOut ||
                     evaluateWhereItStands(train, session, interrupt, loop, state, result.evaluations);
  const int test = session.data().findPart("test");
  if (isEvaluated && isOver && options.evaluatesTest && test >= 0 && !result.evaluations.empty())
    isEvaluated = evaluateOne(test, train, session, interrupt, result.evaluations.back().metrics);
  if (!isEvaluated) {
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
