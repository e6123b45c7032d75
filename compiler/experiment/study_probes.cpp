#include "experiment/study_probes.h"

#include <limits>
#include <utility>

#include "elaborate/probe.h"

namespace nnc::experiment {

std::optional<std::vector<probes::PeriodicProbe>> readProbes(elaborate::ProjectState& state, const Spec& spec) {
  std::vector<probes::PeriodicProbe> probes;
  elaborate::Elaboration elaboration(state);
  const elaborate::Scope* const names = spec.environment->open(*elaboration);
  if (names == nullptr) return std::nullopt;
  bool isFine = true;
  for (const syntax::ProbeClause* const clause : spec.probes) {
    std::optional<elaborate::ProbeDefinition> definition =
        elaborate::resolveProbe(*clause, *spec.home, *state.modules, elaboration->diagnostics());
    const std::optional<elaborate::ProbePeriod> period = elaborate::readPeriod(*elaboration, *clause, *names);
    isFine = isFine && definition && period;
    if (!isFine) continue;
    definition->environment = spec.environment.get();
    probes.push_back({std::move(*definition), *period});
  }
  if (!isFine) return std::nullopt;
  return probes;
}

namespace {

class CellProbes final : public probes::ProbeSource {
 public:
  explicit CellProbes(CellPrograms& programs) : programs_(programs) {}
  std::optional<elaborate::ProbeProgram> probe(const elaborate::ProbeRequest& request) override {
    return programs_.probe(request);
  }
  elaborate::ProbeDefinition standard(const std::string& name) override { return programs_.standardProbe(name); }

 private:
  CellPrograms& programs_;
};

class ProbesOfRun final : public RunProbes {
 public:
  ProbesOfRun(StudyProbes& study, CellPrograms& programs, const std::vector<probes::PeriodicProbe>& probes,
              probes::Looks looks)
      : study_(study),
        programs_(programs),
        source_(programs),
        bench_(study.take(programs.train())),
        run_(source_, *bench_, probes, looks) {}
  ~ProbesOfRun() override { study_.give(programs_.train(), std::move(bench_)); }

  bool isDue(std::int64_t step) const override { return run_.isDue(step); }
  bool observe(const training::StepView& view, Diagnostics& diagnostics) override {
    return run_.observe(view, diagnostics);
  }
  std::string lookKind(std::int64_t step) const override { return run_.lookKind(step); }
  std::vector<study::ProbeSeries> take() override { return run_.take(); }

 private:
  StudyProbes& study_;
  CellPrograms& programs_;
  CellProbes source_;
  std::unique_ptr<probes::Bench> bench_;
  probes::ProbeRun run_;
};

/// Trains of one study differ in their values only.
std::string keyOf(const elaborate::TrainProgram& train) {
  std::string key;
  for (const auto& [name, value] : train.values) key += name + "=" + value + ";";
  return key;
}

}  // namespace

/// What theory says stands beside what the probe of the stdlib measures: at initial values, for figure F3.
static void addTheory(std::vector<probes::PeriodicProbe>& probes) {
  bool hasLengths = false, hasTheory = false;
  for (const probes::PeriodicProbe& probe : probes) {
    const elaborate::ProbeDefinition& definition = probe.definition;
    hasLengths = hasLengths || (definition.name == "delta_norm" && definition.home != nullptr &&
                                definition.home->isStdlib && definition.rangeHome == definition.home);
    hasTheory = hasTheory || definition.name == "depth_theory";
  }
  if (!hasLengths || hasTheory) return;
  elaborate::ProbeDefinition theory;
  theory.name = "depth_theory";
  probes.push_back({std::move(theory), {std::numeric_limits<std::int64_t>::max(), /*isEpochs=*/false}});
}

StudyProbes::StudyProbes(std::vector<probes::PeriodicProbe> probes, engine::Options options)
    : probes_(std::move(probes)), options_(std::move(options)) {
  addTheory(probes_);
  options_.timings = options_.codegen.timings = nullptr;  // they have one writer, and runs go on side by side
}

StudyProbes::~StudyProbes() = default;

std::unique_ptr<RunProbes> StudyProbes::make(CellPrograms& programs, probes::Looks looks) {
  return std::make_unique<ProbesOfRun>(*this, programs, probes_, looks);
}

std::unique_ptr<probes::Bench> StudyProbes::take(const elaborate::TrainProgram& train) {
  const std::lock_guard lock(mutex_);
  std::vector<std::unique_ptr<probes::Bench>>& free = benches_[keyOf(train)];
  if (free.empty()) return std::make_unique<probes::Bench>(options_);
  std::unique_ptr<probes::Bench> bench = std::move(free.back());
  free.pop_back();
  return bench;
}

void StudyProbes::give(const elaborate::TrainProgram& train, std::unique_ptr<probes::Bench> bench) {
  const std::lock_guard lock(mutex_);
  benches_[keyOf(train)].push_back(std::move(bench));
}

}  // namespace nnc::experiment
