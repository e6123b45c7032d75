// The training loop: steps, epochs, evaluation, metrics, reasons to stop. Who is told what is the journal's matter.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "training/checkpoint.h"
#include "training/interrupt.h"
#include "training/session.h"
#include "training/step_clock.h"
#include "training/step_observer.h"
#include "training/train_journal.h"

namespace nnc::training {

/// What a loop does besides training.
struct LoopOptions {
  std::optional<elaborate::Target> target;
  bool stopsAtTarget = false;
  std::optional<double> maxTrainSeconds;  // processor seconds in steps; then it ends as TimedOut
  StepObserver* observer = nullptr;
  RunSeeds seeds;  // for the observer
};

class TrainLoop {
 public:
  /// `plan` is that of `stream`. Refers to everything; the run goes on from `state` and leaves its end there.
  TrainLoop(const elaborate::TrainProgram& train, Session& session, const PassPlan& plan, BatchStream& stream,
            const InterruptGuard& interrupt, TrainJournal& journal, LoopOptions options, RunState& state);

  /// Trains to the end. Empty: reported.
  std::optional<Outcome> run();

  const StepClock& clock() const { return clock_; }
  /// Steps that this object made.
  std::int64_t processSteps() const { return processSteps_; }
  /// Wall seconds in steps up to the evaluation that first reached the target, when this object saw that.
  std::optional<double> targetSeconds() const { return targetSeconds_; }
  /// Results of the steps since the last evaluation; none: there was no step since.
  std::vector<Metric> windowMetrics() const;

 private:
  using Clock = std::chrono::steady_clock;
  enum class Next { Continue, Stop, Fail };

  Next trainPass(const Pass& pass);
  Next trainBatches(const Pass& pass);
  Next step(const Batch& batch);
  Next stop(Outcome outcome);
  Next finishPass(const Pass& trained, std::int64_t firstEvaluation);
  Next report(std::int64_t firstEvaluation);
  bool evaluate(std::int64_t firstPass, std::vector<Metric>& metrics);
  bool observe(const Batch* next);
  bool updateBest();
  void updateTarget();
  bool isLate(double trainSeconds) const {
    return options_.maxTrainSeconds && trainSeconds >= *options_.maxTrainSeconds;
  }
  BatchCall* stepCall(std::int64_t batch);

  const elaborate::TrainProgram& train_;
  Session& session_;
  const PassPlan& plan_;
  BatchStream& stream_;
  const InterruptGuard& interrupt_;
  TrainJournal& journal_;
  LoopOptions options_;
  RunState& state_;
  std::string bestMetric_;
  std::vector<const std::byte*> slots_;  // for the observer
  StepClock clock_;
  double periodBegun_ = 0.0;  // wall seconds of the clock
  Outcome outcome_ = Outcome::Finished;
  std::int64_t processSteps_ = 0;
  std::int64_t windowExamples_;  // that state.sums are over
  std::optional<double> targetSeconds_;
};

/// The metric that decides which checkpoint is `best`: that of `stop`, else valid.loss, else train.loss.
std::string bestMetricName(const elaborate::TrainProgram& train, const DataSet& data);
/// Losses, errors and perplexities are better when they are lower; everything else when it is higher.
bool isLowerBetter(const std::string& metric);

}  // namespace nnc::training
