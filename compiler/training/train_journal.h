// What a training loop tells on its way: to a run folder and a terminal, or to the curves of a study.
#pragma once
#include "training/batch_call.h"
#include "training/checkpoint.h"

namespace nnc::training {

/// Where the time of one evaluation period went.
struct PeriodTimes {
  double trainSeconds = 0.0, evaluationSeconds = 0.0;  // on the wall
  double trainProcessorSeconds = 0.0;                  // in all steps so far
};

/// Each function is called by the thread of the loop; those that return a bool end the run with false: reported.
class TrainJournal {
 public:
  virtual ~TrainJournal() = default;
  virtual void beginPass(const RunState&, const Pass&) {}
  /// After each step. `call` holds its loss and metrics.
  [[nodiscard]] virtual bool stepped(const RunState&, const BatchCall&) { return true; }
  /// RunState::metrics are new.
  [[nodiscard]] virtual bool evaluated(const RunState&, const PeriodTimes&) = 0;
  /// Asked after each step: whether a checkpoint within the epoch is due.
  virtual bool isSaveDue(const RunState&) { return false; }
  [[nodiscard]] virtual bool save(const RunState&, bool /*isBest*/) { return true; }
  [[nodiscard]] virtual bool interrupted(const RunState&) { return true; }
  /// The loss of `batch` is not finite.
  virtual void diverged(const RunState&, double /*loss*/, const Batch& /*batch*/) {}
  virtual void stoppedEarly(const RunState&) {}
};

}  // namespace nnc::training
