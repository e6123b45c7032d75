// One step of the optimizer from given values, without a run: for those who look at what a step does.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "training/run_cache.h"
#include "training/run_seeds.h"
#include "training/session.h"
#include "training/step_observer.h"

namespace nnc::training {

struct FirstStepOptions {
  RunSeeds seeds;
  std::int64_t splitSeed = 0;  // of random splits that name none
  std::string programKey;      // what was compiled is shared under it; empty: it is not
  engine::Options engine;
};

/// Shows `observer` the slots before the first step of a run and behind it, steps 0 and 1. Writes nothing.
///
/// `tensors`: one for each slot. Same program, data, seeds and tensors: same bits as the first step of a run.
/// Errors  E12xx data, E11xx memory and code, those of the observer: emitted, false.
[[nodiscard]] bool makeFirstStep(ProgramSource& source, const elaborate::TrainProgram& train,
                                 const std::vector<ir::Tensor>& tensors, const FirstStepOptions& options,
                                 RunCache& cache, StepObserver& observer, Diagnostics& diagnostics);

}  // namespace nnc::training
