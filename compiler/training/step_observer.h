// Looking at a training run between two steps: what a probe gets to see.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "diagnostics/diagnostics.h"
#include "elaborate/program.h"
#include "training/batches.h"
#include "training/run_seeds.h"

namespace nnc::training {

/// A run between two steps. Everything is lent for the call.
struct StepView {
  std::int64_t step = 0;  // completed steps: 0 before the first one
  const elaborate::TrainProgram& train;
  std::span<const std::byte* const> slots;  // one buffer per TrainProgram::slots, aligned 64
  const DataSet& data;                      // read; shared with other runs
  const Batch* next = nullptr;              // what the next step will take; null: the run is over
  std::span<const std::string> fields;      // names of `next->fields`
  RunSeeds seeds;
};

/// Called by the thread of its run, outside the time that counts as training. Must not change what the run computes.
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  /// Whether it looks when `step` steps are done. Asked once for each step, 0 and the last one included: cheap.
  virtual bool isDue(std::int64_t step) const = 0;
  /// False: reported; the run fails.
  [[nodiscard]] virtual bool observe(const StepView& view, Diagnostics& diagnostics) = 0;
};

}  // namespace nnc::training
