// The training loop: steps, epochs, evaluation, metrics, checkpoints, reasons to stop.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "training/checkpoint.h"
#include "training/interrupt.h"
#include "training/progress.h"
#include "training/run_folder.h"
#include "training/session.h"
#include "training/training_plan.h"

namespace nnc::training {

class Trainer {
 public:
  Trainer(const elaborate::TrainProgram& train, const RunOptions& options, Session& session, RunFolder& folder,
          const RunIdentity& identity, RunState state, std::chrono::steady_clock::time_point begun);

  /// Trains to the end. Fills the fields of `result` that it knows. False: reported.
  bool run(RunResult& result);

 private:
  using Clock = std::chrono::steady_clock;
  enum class Next { Continue, Stop, Fail };

  BatchStream& openStream();
  Next trainPass(const Pass& pass);
  Next step(const Batch& batch);
  Next finishEpoch(const Pass& trained, std::int64_t firstEvaluation, double trainSeconds);
  Next interrupted();
  Next diverged(double loss);
  bool evaluate(std::int64_t firstPass, std::vector<Metric>& metrics);
  bool logStep(const BatchCall& call);
  bool dumpGradients(const Batch& batch);
  bool isCheckpointDue() const;
  bool save(bool isBest);
  bool updateBest();
  std::string epochTitle() const;

  const elaborate::TrainProgram& train_;
  const RunOptions& options_;
  Session& session_;
  RunFolder& folder_;
  const RunIdentity& identity_;
  RunState state_;
  const TrainingPlan* plan_ = nullptr;  // the session keeps it
  BatchStream& stream_;
  ProgressDisplay display_;
  InterruptGuard interrupt_;
  Outcome outcome_ = Outcome::Finished;
  Clock::time_point begun_, saved_;
  double trainSeconds_ = 0.0, firstStepSeconds_ = 0.0;
  std::int64_t processSteps_ = 0;
  std::string bestMetric_;
};

/// The metric that decides which checkpoint is `best`: that of `stop`, else valid.loss, else train.loss.
std::string bestMetricName(const elaborate::TrainProgram& train, const DataSet& data);
/// Losses, errors and perplexities are better when they are lower; everything else when it is higher.
bool isLowerBetter(const std::string& metric);

}  // namespace nnc::training
