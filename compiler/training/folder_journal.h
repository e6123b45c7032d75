// The journal of a run with a folder: metrics and checkpoints go there, progress to the terminal.
#pragma once
#include <chrono>
#include <string>

#include "training/progress.h"
#include "training/run_folder.h"
#include "training/session.h"
#include "training/train_journal.h"

namespace nnc::training {

class FolderJournal final : public TrainJournal {
 public:
  /// `begun`: when the run was asked for. Refers to everything.
  FolderJournal(const elaborate::TrainProgram& train, const RunOptions& options, Session& session, RunFolder& folder,
                const RunIdentity& identity, std::chrono::steady_clock::time_point begun);

  void beginPass(const RunState& state, const Pass& pass) override;
  bool stepped(const RunState& state, const BatchCall& call) override;
  bool evaluated(const RunState& state, const PeriodTimes& times) override;
  bool isSaveDue(const RunState& state) override;
  bool save(const RunState& state, bool isBest) override;
  bool interrupted(const RunState& state) override;
  void diverged(const RunState& state, double loss, const Batch& batch) override;
  void stoppedEarly(const RunState& state) override;

  double secondsToFirstStep() const { return firstStepSeconds_; }

 private:
  using Clock = std::chrono::steady_clock;
  bool logStep(const RunState& state, const BatchCall& call);
  std::string epochTitle(const RunState& state) const;

  const elaborate::TrainProgram& train_;
  const RunOptions& options_;
  Session& session_;
  RunFolder& folder_;
  const RunIdentity& identity_;
  ProgressDisplay display_;
  Clock::time_point begun_, saved_;
  double firstStepSeconds_ = 0.0;  // 0: none was made
};

}  // namespace nnc::training
