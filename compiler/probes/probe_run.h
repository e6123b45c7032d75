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

/// A probe and the steps between two looks.
struct PeriodicProbe {
  elaborate::ProbeDefinition definition;
  std::int64_t period = 1;
};

/// Looks when 0, 1 and every multiple of the period steps are done: at 1 too, for a head that starts at zero has no
/// gradients at 0. A probe that looks at a step (update_ratio, ics) looks at the one that follows, and its row has the
/// number of steps before it.
///
/// Programs are compiled at the first look. Nothing that they compute can reach the run: they write to buffers of
/// their own.
class ProbeRun final : public training::StepObserver {
 public:
  /// Owner   keeps a reference to `source`.
  ProbeRun(ProbeSource& source, std::vector<PeriodicProbe> probes, engine::Options options);

  bool isDue(std::int64_t step) const override;
  [[nodiscard]] bool observe(const training::StepView& view, Diagnostics& diagnostics) override;
  /// What was seen so far: the series in the order of the probes.
  std::vector<study::ProbeSeries> take();

 private:
  static bool isDue(const PeriodicProbe& probe, std::int64_t step) { return step == 1 || step % probe.period == 0; }
  bool finishStep(const training::StepView& view);
  bool measureSeries(const Moment& moment);
  void add(const PeriodicProbe& probe, std::int64_t step, Rows rows);

  struct Kept {
    std::size_t probe = 0;
    study::ProbeSeries series;
  };
  Bench bench_;
  std::vector<PeriodicProbe> probes_;
  std::optional<SlotCopy> before_;  // of the step that is being made, if a probe looks at it
  std::int64_t beforeStep_ = 0;
  std::vector<Kept> kept_;
};

}  // namespace nnc::probes
