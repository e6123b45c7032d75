// The gradients of a run's first step as a file, for --dump-grad.
#pragma once
#include <string>

#include "training/session.h"
#include "training/step_observer.h"

namespace nnc::training {

/// Writes the gradients of the batch that comes after `step` steps. Refers to the session.
class DumpGradients final : public StepObserver {
 public:
  DumpGradients(Session& session, std::int64_t step, std::string path)
      : session_(session), step_(step), path_(std::move(path)) {}
  bool isDue(std::int64_t step) const override { return step == step_; }
  bool observe(const StepView& view, Diagnostics& diagnostics) override;

 private:
  Session& session_;
  std::int64_t step_;
  std::string path_;
};

}  // namespace nnc::training
