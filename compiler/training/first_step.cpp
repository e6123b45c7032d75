#include "training/first_step.h"

#include <memory>

#include "training/pass_plans.h"
#include "training/start_run.h"

namespace nnc::training {

bool makeFirstStep(ProgramSource& source, const elaborate::TrainProgram& train, const std::vector<ir::Tensor>& tensors,
                   const FirstStepOptions& options, RunCache& cache, StepObserver& observer, Diagnostics& diagnostics) {
  SessionOptions sessionOptions;
  sessionOptions.engine = options.engine;
  sessionOptions.worksAhead = false;
  sessionOptions.splitSeed = options.splitSeed;
  sessionOptions.programKey = options.programKey;
  Session session(source, train, sessionOptions, cache, diagnostics);
  if (!session.locate() || !checkParts(train, session.data(), session.messages())) return false;
  session.start(/*withStep=*/true);
  session.setSlots(tensors);
  if (!session.finishLoading()) return false;

  std::vector<const std::byte*> slots;
  for (const Buffer& slot : session.slots()) slots.push_back(slot.data());
  BatchStream& stream = session.openStream(
      std::make_unique<const StepPlan>(train, session.data(), /*evaluateEvery=*/0, /*maxSteps=*/1), options.seeds.data);
  const Batch* const batch = stream.next(session.messages());
  if (batch == nullptr) return false;
  const auto show = [&](std::int64_t step, const Batch* next) {
    const StepView view{step, train, slots, session.data(), next, session.programs().fields(), options.seeds};
    return observer.observe(view, session.messages());
  };
  BatchCall* const call = session.call(ProgramKind::Step, batch->count);
  if (call == nullptr || !show(0, batch)) return false;
  session.counters().setSeed(options.seeds.noise);
  session.counters().setStep(1);
  call->run(*batch);
  return show(1, nullptr);
}

}  // namespace nnc::training
