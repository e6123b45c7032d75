#include "probes/look.h"

#include <fmt/format.h>

#include <algorithm>

#include "elaborate/native_probes.h"
#include "engine/memory.h"
#include "training/first_step.h"
#include "training/project_source.h"
#include "training/weights.h"

namespace nnc::probes {

namespace {

using Needs = elaborate::NativeProbe::Needs;

/// Initial values, or the file's; states of the optimizer are initial ones.
std::optional<std::vector<ir::Tensor>> loadSlots(const elaborate::TrainProgram& train, const LookOptions& options,
                                                 LookResult& result, Diagnostics& diagnostics) {
  std::vector<ir::Tensor> tensors = training::initialTensors(train.initModule, train.init, options.seed);
  if (options.weights.empty()) return tensors;
  const std::optional<std::string> file = training::findWeights(options.weights, diagnostics);
  if (!file || !training::loadWeights(*file, train.slots, training::MatchWeights::All, tensors, diagnostics))
    return std::nullopt;
  result.weightsFile = *file;
  return tensors;
}

/// Measures native probes at the two ends of a step.
class StepLook final : public training::StepObserver {
 public:
  StepLook(Bench& bench, const std::vector<std::string>& names, Rows& rows)
      : bench_(bench), names_(names), rows_(rows) {}
  bool isDue(std::int64_t) const override { return true; }
  bool observe(const training::StepView& view, Diagnostics&) override {
    if (view.step == 0) {
      before_.emplace(view.train, view.slots);
      return true;
    }
    const Moment moment{view.slots, view.step, &*before_};
    return std::all_of(names_.begin(), names_.end(),
                       [&](const std::string& name) { return measureNative(name, bench_, moment, rows_); });
  }

 private:
  Bench& bench_;
  const std::vector<std::string>& names_;
  Rows& rows_;
  std::optional<SlotCopy> before_;
};

/// One look: what it is at, and what it is measured with.
class Look {
 public:
  Look(elaborate::Project& project, const elaborate::TrainProgram& train, const LookOptions& options,
       Diagnostics& diagnostics)
      : project_(project),
        train_(train),
        options_(options),
        diagnostics_(diagnostics),
        source_(project, train),
        bench_(options.engine) {}

  std::optional<LookResult> run() {
    result_.train = train_.name;
    result_.seed = options_.seed;
    data_ = training::DataSet::locate(train_.data, cache_.sources(), diagnostics_);
    if (!data_ || !fitsInMemory() || !data_->read(diagnostics_)) return std::nullopt;
    std::optional<std::vector<ir::Tensor>> tensors = loadSlots(train_, options_, result_, diagnostics_);
    if (!tensors) return std::nullopt;
    tensors_ = std::move(*tensors);
    std::vector<const std::byte*> pointers;
    for (const ir::Tensor& tensor : tensors_) pointers.push_back(tensor.bytes.data());
    slots_.emplace(train_, pointers);
    bench_.attend(source_, train_, *data_, diagnostics_);
    const Examples* const examples = bench_.probeSet();
    if (examples == nullptr) return std::nullopt;
    result_.examples = examples->count();
    const bool isFine = options_.probes.empty() ? measureAll() : measureNamed();
    return isFine ? std::optional(std::move(result_)) : std::nullopt;
  }

 private:
  /// Slots as tensors, and as the programs see them.
  bool fitsInMemory() {
    std::int64_t slotBytes = 0;
    for (const elaborate::Slot& slot : train_.slots) slotBytes += slot.type.byteCount();
    const std::vector<engine::MemoryPart> parts = {{data_->bytes(), "the data files"},
                                                   {2 * slotBytes, "parameters, states and optimizer, twice"}};
    const std::int64_t limit = engine::memoryLimitBytes(options_.engine.maxMemoryBytes);
    auto refused = engine::refuseMemory(train_.span, parts, limit, diagnostics_);
    if (refused) refused->help("use a smaller network or fewer rows");
    return !refused;
  }

  Moment moment() const { return {slots_->view(), 0, nullptr}; }

  bool measureNamed() {
    std::vector<std::string> ofStep;
    for (const std::string& name : options_.probes) {
      if (looksAtStep(name))
        ofStep.push_back(name);
      else if (!measure(name))
        return false;
    }
    return ofStep.empty() || measureStep(ofStep, diagnostics_);
  }

  bool measure(const std::string& name) {
    const std::optional<elaborate::ProbeDefinition> definition = project_.findProbe(name);
    if (!definition) return false;
    if (definition->isNative()) return measureNative(name, bench_, moment(), result_.rows);
    return measureSeries({*definition});
  }

  bool measureSeries(const std::vector<elaborate::ProbeDefinition>& definitions) {
    Program* const program = bench_.series(definitions);
    if (program == nullptr) return false;
    program->run(train_, slots_->view(), *bench_.probeSet(), 0, moment().step + 1);
    for (Row& row : rowsOf(*program)) result_.rows.push_back(std::move(row));
    return true;
  }

  bool measureStep(const std::vector<std::string>& names, Diagnostics& diagnostics) {
    training::ProjectSource programs(project_, train_);
    const training::FirstStepOptions step{training::RunSeeds::all(options_.seed), 0, train_.name, options_.engine};
    StepLook look(bench_, names, result_.rows);
    return training::makeFirstStep(programs, train_, tensors_, step, cache_, look, diagnostics);
  }

  /// All series of the stdlib in one program, then every native probe; those that do not fit the train are left out.
  bool measureAll() {
    std::vector<elaborate::ProbeDefinition> definitions;
    for (const std::string& name : project_.standardProbes())
      if (!elaborate::isNativeProbe(name)) definitions.push_back(project_.standardProbe(name));
    if (!measureSeries(definitions)) return false;
    for (const elaborate::NativeProbe& probe : elaborate::nativeProbes()) {
      const std::string name(probe.name);
      if (probe.needs == Needs::Name) {
        result_.leftOut.emplace_back(
            name, fmt::format("it costs {} training steps of 500 examples; --probe {} measures it", probe.cost, name));
        continue;
      }
      Diagnostics scratch;
      bench_.attend(source_, train_, *data_, scratch);
      const bool isFine = probe.needs == Needs::Step ? measureStep({name}, scratch) : measure(name);
      if (!isFine)
        result_.leftOut.emplace_back(name,
                                     scratch.all().empty() ? "it does not fit the network" : scratch.all()[0].message);
      bench_.attend(source_, train_, *data_, diagnostics_);
    }
    return true;
  }

  elaborate::Project& project_;
  const elaborate::TrainProgram& train_;
  const LookOptions& options_;
  Diagnostics& diagnostics_;
  LookResult result_;
  training::RunCache cache_;
  std::optional<training::DataSet> data_;
  std::vector<ir::Tensor> tensors_;
  std::optional<SlotCopy> slots_;
  ProjectProbes source_;
  Bench bench_;
};

}  // namespace

std::optional<LookResult> look(elaborate::Project& project, const elaborate::TrainProgram& train,
                               const LookOptions& options, Diagnostics& diagnostics) {
  return Look(project, train, options, diagnostics).run();
}

}  // namespace nnc::probes
