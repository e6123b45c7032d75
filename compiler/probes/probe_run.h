// The probes of a training run: looks at it between steps and keeps what it saw.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probes/bench.h"
#include "study/study.h"
#include "training/step_observer.h"

namespace nnc::probes {

/// When the probes of a run look: as often as they say, or at its initial values and its first step alone.
enum class Looks { Periodic, Initial };

/// A probe and how often it looks.
struct PeriodicProbe {
  elaborate::ProbeDefinition definition;
  elaborate::ProbePeriod period;
};

/// Looks when 0, 1 and every multiple of the period steps are done: at 1 too, for a head that starts at zero has no
/// gradients at 0. A probe that looks at a step (update_ratio, ics) looks at the one that follows, and its row has the
/// number of steps before it.
///
/// Programs are compiled when they are first needed, unless the bench has them. Nothing that they compute can reach the
/// run: they write to buffers of their own.
class ProbeRun final : public training::StepObserver {
 public:
  /// Owner   keeps references to `source` and `bench`.
  ProbeRun(ProbeSource& source, Bench& bench, std::vector<PeriodicProbe> probes, Looks looks = Looks::Periodic);

  bool isDue(std::int64_t step) const override;
  [[nodiscard]] bool observe(const training::StepView& view, Diagnostics& diagnostics) override;
  /// Which probes look when `step` steps are done (`o`), and which finish what they saw before the last step (`f`):
  /// looks with equal texts take equally long. Empty: none is due. Periods in epochs are known after the first look.
  std::string lookKind(std::int64_t step) const;
  /// What was seen so far: the series in the order of the probes.
  std::vector<study::ProbeSeries> take();

 private:
  bool isDue(const PeriodicProbe& probe, std::int64_t step) const {
    if (looks_ == Looks::Initial) return step == 0;
    return step <= 1 || step % probe.period.steps(stepsPerEpoch_) == 0;
  }
  /// Whether it looks at the step that has just been made.
  bool isBehindStep(const PeriodicProbe& probe, std::int64_t step) const;
  bool finishStep(const training::StepView& view);
  bool measureSeries(const Moment& moment);
  void add(const PeriodicProbe& probe, std::int64_t step, Rows rows);

  struct Kept {
    std::size_t probe = 0;
    study::ProbeSeries series;
  };
  ProbeSource& source_;
  Bench& bench_;
  std::vector<PeriodicProbe> probes_;
  Looks looks_;
  std::int64_t stepsPerEpoch_ = 1;  // known from the first look on, at step 0
  std::optional<SlotCopy> before_;  // of the step that is being made, if a probe looks at it
  std::int64_t beforeStep_ = 0;
  std::vector<Kept> kept_;
};

}  // namespace nnc::probes
