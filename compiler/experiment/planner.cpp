#include "experiment/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <initializer_list>
#include <map>
#include <set>
#include <tuple>

#include "diagnostics/kinds/experiment.h"
#include "elaborate/native_probes.h"
#include "engine/count_flops.h"
#include "experiment/cell_hash.h"
#include "experiment/clauses.h"
#include "experiment/costs.h"
#include "experiment/measure.h"
#include "experiment/path.h"
#include "experiment/reader.h"
#include "experiment/study_probes.h"
#include "ir/call_graph.h"
#include "ir/print.h"
#include "support/hash.h"
#include "training/data_set.h"
#include "training/pass_plans.h"
#include "training/progress.h"

namespace nnc::experiment {

namespace {

/// The programs of one cell. The project elaborates one program at a time: all cells share a lock.
class ElaboratedCell final : public CellPrograms {
 public:
  ElaboratedCell(elaborate::Project& project, std::mutex& mutex, elaborate::TrainProgram train)
      : project_(project), mutex_(mutex), train_(std::move(train)) {}

  const elaborate::TrainProgram& train() const override { return train_; }
  std::optional<elaborate::BatchProgram> step(std::int64_t batch) override {
    const std::lock_guard lock(mutex_);
    return project_.step(train_, batch);
  }
  std::optional<elaborate::BatchProgram> evaluation(std::int64_t batch) override {
    const std::lock_guard lock(mutex_);
    return project_.evaluation(train_, batch);
  }
  std::optional<elaborate::ProbeProgram> probe(const elaborate::ProbeRequest& request) override {
    const std::lock_guard lock(mutex_);
    return project_.probe(train_, request);
  }
  elaborate::ProbeDefinition standardProbe(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    return project_.standardProbe(name);
  }

 private:
  elaborate::Project& project_;
  std::mutex& mutex_;
  elaborate::TrainProgram train_;
};

/// `500`, or `500 to 50000` where cells differ.
std::string rangeText(const std::set<std::int64_t>& numbers) {
  if (numbers.size() == 1) return std::to_string(*numbers.begin());
  return fmt::format("{} to {}", *numbers.begin(), *numbers.rbegin());
}

/// The steps of a run that would make `steps`, under its limits. It ends after the step that reaches one.
std::int64_t stepsWithin(const Budget& limits, std::int64_t steps, double flopsPerStep, std::int64_t rows,
                         std::int64_t batch) {
  constexpr double kLargest = 1e18;
  const auto limitExamples = [&](double examples) {
    steps = std::min(
        steps, training::stepsFor(static_cast<std::int64_t>(std::min(std::ceil(examples), kLargest)), rows, batch));
  };
  if (limits.steps) steps = std::min(steps, static_cast<std::int64_t>(std::min(std::ceil(*limits.steps), kLargest)));
  if (limits.examples) limitExamples(*limits.examples);
  if (limits.flops && flopsPerStep > 0.0) limitExamples(*limits.flops / flopsPerStep * static_cast<double>(batch));
  return steps;
}

class BuiltPlan final : public ExperimentPlan {
 public:
  BuiltPlan(elaborate::Project& project, Spec spec, PlanFor purpose, training::Progress progress)
      : project_(project), spec_(std::move(spec)), purpose_(purpose), progress_(progress) {}

  const study::Study& study() const override { return study_; }
  const Rules& rules() const override { return spec_.rules; }
  const Spec& spec() const override { return spec_; }
  const CellList& cells() const override { return list_; }
  const std::vector<probes::PeriodicProbe>& probes() const override { return probes_; }

  std::optional<std::size_t> mostCells() const override {
    if (spec_.design.kind != DesignSpec::Kind::Path) return std::nullopt;
    // Of k factors, k ways lead on, then k - 1, and so on.
    return 1 + list_.players.size() * (list_.players.size() + 1) / 2;
  }

  std::shared_ptr<CellPrograms> programs(std::size_t cell, std::optional<double> tuned, Diagnostics&) override {
    const std::lock_guard lock(mutex_);
    std::weak_ptr<CellPrograms>& kept = kept_[{cell, tuned}];
    if (std::shared_ptr<CellPrograms> known = kept.lock()) return known;
    std::optional<elaborate::TrainProgram> train = elaborate(list_.cells[cell], tuned);
    if (!train) return nullptr;
    auto made = std::make_shared<ElaboratedCell>(project_, mutex_, std::move(*train));
    kept = made;
    return made;
  }

  CellRows rows(std::size_t cell) const override { return cellRows_[cell]; }

  std::map<std::string, study::MeasuredValue> measure(const study::Run& run) const override {
    const auto cell = std::find_if(study_.cells.begin(), study_.cells.end(),
                                   [&](const study::Cell& candidate) { return candidate.id == run.cell; });
    std::map<std::string, study::MeasuredValue> values;
    for (const syntax::MeasureClause* clause : spec_.measures) {
      const MeasureContext context{*cell, spec_.constants, values, classes_};
      const auto result = measureRun(*clause->value, run, context);
      const auto* value = std::get_if<study::MeasuredValue>(&result);
      // What makePlan accepted has a meaning for every run; what it lacks is undefined.
      values[clause->name.text] = value != nullptr ? *value : study::MeasuredValue{std::nan(""), false};
    }
    return values;
  }

  bool grow(std::span<const study::Run> runs) override {
    if (spec_.design.kind != DesignSpec::Kind::Path) return false;
    const std::size_t known = list_.cells.size();
    const auto added = nextOnPath(project_.state(), spec_, study_, list_, runs);
    if (!added) return false;
    for (const std::vector<int>& levels : *added) list_.cells.push_back(levels);
    for (std::size_t i = known; i < list_.cells.size(); ++i)
      if (!addCell(i)) return false;
    describeScope();
    describeExamples();
    return list_.cells.size() > known;
  }

  bool build() {
    std::optional<CellList> list = listCells(project_.state(), spec_);
    if (!list) return false;
    list_ = std::move(*list);
    std::optional<std::vector<probes::PeriodicProbe>> probes = readProbes(project_.state(), spec_);
    if (!probes) return false;
    probes_ = std::move(*probes);
    describe();
    if (!addCells()) return false;
    dropUnusedSeeds();
    describeScope();
    describeProbes();
    if (!readClauses(project_.state(), spec_, list_, classes_, metrics_, study_)) return false;
    describeExamples();
    return true;
  }

 private:
  /// Needs: the lock, or no other thread yet.
  std::optional<elaborate::TrainProgram> elaborate(const std::vector<int>& levels, std::optional<double> tuned) {
    return project_.state().elaborateTrain(*spec_.train, *spec_.trainHome, spec_.overrides(levels, tuned));
  }

  void describe() {
    const elaborate::ProjectState& state = project_.state();
    study_.name = spec_.decl->name.text;
    study_.title = study_.name;
    study_.doc = spec_.doc;
    study_.file = state.modules->root().path;
    study_.train = spec_.train->name.text;
    for (const FactorSpec& factor : spec_.factors) study_.factors.push_back(factor.factor);
    for (const BindSpec& bind : spec_.binds)
      study_.bound.emplace_back(bind.parameter->name.text, state.sources.lineText(bind.value->span));
    study_.design = spec_.design.text;
    study_.orders = list_.orders;
    study_.aliases = list_.aliases;
    study_.removed = list_.removed;
    study_.blocks = spec_.blocks;
    study_.seeds = spec_.seeds;
    study_.tuning = spec_.tuning;
    limitTrials();
  }

  /// A trial is paired with a run: there are no more of a value than there are seeds.
  void limitTrials() {
    if (study_.tuning) study_.tuning->blocks = std::min(study_.tuning->blocks, static_cast<int>(study_.blocks.size()));
  }

  /// Blocks that differ only in seeds by which no cell draws anything are the same runs: one of them is kept
  /// (decisions/0013). The cells of a path are not all known, and may draw more.
  void dropUnusedSeeds() {
    if (!spec_.isCrossed || spec_.design.kind == DesignSpec::Kind::Path || !noteDrawsOfTrials()) return;
    const auto seedOf = [](bool isUsed, std::int64_t seed) { return isUsed ? seed : 0; };
    std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> known;
    std::vector<study::Block> kept;
    for (const study::Block& block : study_.blocks)
      if (known
              .emplace(seedOf(draws_.init, block.init), seedOf(draws_.data, block.data),
                       seedOf(draws_.noise, block.noise))
              .second)
        kept.push_back(block);
    if (kept.size() == study_.blocks.size()) return;
    std::vector<std::string> unused;
    for (const auto& [isUsed, name] : {std::pair(draws_.init, "init"), {draws_.data, "data"}, {draws_.noise, "noise"}})
      if (!isUsed) unused.emplace_back(name);
    study_.seeds += fmt::format("; no cell draws by {}: {} blocks instead of {}", fmt::join(unused, " or "),
                                kept.size(), study_.blocks.size());
    study_.blocks = std::move(kept);
    limitTrials();
  }

  /// A large design takes minutes, and says how far it is.
  bool addCells() {
    constexpr auto kPatience = std::chrono::seconds(2);
    using Clock = std::chrono::steady_clock;
    training::StatusLine status(progress_);
    const Clock::time_point begun = Clock::now();
    Clock::time_point said = begun;
    for (std::size_t i = 0; i < list_.cells.size(); ++i) {
      if (!addCell(i)) return false;
      const Clock::time_point now = Clock::now();
      if (now - begun < kPatience) continue;
      const std::string text = fmt::format("{}: {} of {} cells checked", study_.name, i + 1, list_.cells.size());
      if (status.isDrawn()) {
        if (status.isDue()) status.draw(text);
      } else if (now - said > 5 * kPatience) {
        status.line(text);
        said = now;
      }
    }
    return true;
  }

  bool addCell(std::size_t i) {
    elaborate::ProjectState& state = project_.state();
    const std::vector<int>& levels = list_.cells[i];
    const std::optional<elaborate::TrainProgram> train = elaborate(levels, std::nullopt);
    const std::optional<elaborate::BatchProgram> step = train ? project_.step(*train, train->batch) : std::nullopt;
    const std::optional<elaborate::BatchProgram> evaluation =
        step ? project_.evaluation(*train, train->batch) : std::nullopt;
    const std::optional<std::string> probes = evaluation ? seriesHash(*train) : std::nullopt;
    if (!probes) {
      state.diagnostics.emit<diag::CellFails>(spec_.decl->name.span, i + 1, list_.cells.size(),
                                              cellName(study_.factors, levels));
      return false;
    }
    const std::optional<DataFacts> data =
        purpose_ == PlanFor::Checking
            ? std::optional(DataFacts{train->batch, elaborate::partNames(train->data), {}, {}})
            : data_.facts(train->data, state.diagnostics);
    if (!data) return false;
    study::Cell cell;
    cell.levels = levels;
    for (const auto& value : train->values)
      if (spec_.tunedParameter == nullptr || value.first != spec_.tunedParameter->name.text)
        cell.values.push_back(value);
    for (const elaborate::Slot& slot : train->slots)
      if (slot.kind == elaborate::SlotKind::Parameter && slot.isTrained) cell.parameters += slot.type.elementCount();
    const std::int64_t perEpoch = (data->trainRows + train->batch - 1) / train->batch;
    const std::optional<double> flops = engine::countFlops(step->module, step->function, state.diagnostics);
    if (!flops) return false;
    cell.flopsPerStep = *flops;
    if (asksForStepCost()) {
      const std::optional<engine::StepCost> cost = engine::countStep(step->module, step->function, state.diagnostics);
      if (!cost) return false;
      cell.stepCost = {cost->forward, cost->backward, cost->update, cost->transcendental, cost->bytes};
    }
    cell.examplesPerStep = static_cast<double>(data->trainRows) / static_cast<double>(perEpoch);
    const std::int64_t whole = train->steps ? *train->steps : *train->epochs * perEpoch;
    cell.steps = stepsWithin(spec_.rules.run, whole, *flops, data->trainRows, train->batch);
    if (spec_.trialLength) cell.trialSteps = std::min(spec_.trialLength->steps(perEpoch), cell.steps);
    cell.evaluateEvery = spec_.evaluateEvery.value_or(Length{}).steps(perEpoch);
    cell.program = structureHash(*step);
    cell.id = cellHash(*train, *step, *evaluation, *data, rulesText(cell, whole, perEpoch) + *probes);
    noteDraws(*train, {&step->module, &evaluation->module});
    rows_.insert(data->trainRows);
    batches_.insert(train->batch);
    CellRows& cellRows = cellRows_.emplace_back();
    cellRows.train = data->trainRows;
    for (const auto& [part, rows] : data->rows) {
      if (part != "train") (part == "test" ? cellRows.test : cellRows.evaluated) += rows;
      const auto [fewest, isNew] = fewestRows_.emplace(part, rows);
      if (!isNew) fewest->second = std::min(fewest->second, rows);
    }
    study_.cells.push_back(std::move(cell));
    if (i == 0) describeFirst(*train, *data);
    state.forget(*train);
    return true;
  }

  /// Whether a measure is about what a step costs by its parts.
  bool asksForStepCost() const {
    std::set<std::string> names;
    for (const syntax::MeasureClause* const measure : spec_.measures) collectNames(*measure->value, names);
    return std::any_of(names.begin(), names.end(), [](const std::string& name) {
      const Cost* const cost = findCost(name);
      return cost != nullptr && cost->isByParts;
    });
  }

  /// Which streams of seeds show in the runs of a cell.
  void noteDraws(const elaborate::TrainProgram& train, std::initializer_list<const ir::Module*> steps) {
    const elaborate::DataProgram& data = train.data;
    const bool isSplitDrawn =
        !data.splitSeed && std::any_of(data.split.begin(), data.split.end(), [](const elaborate::SplitPart& part) {
          return part.randomFraction.has_value();
        });
    draws_.init = draws_.init || ir::draws(train.initModule);
    draws_.data = draws_.data || data.shuffle || data.augmentedMap || isSplitDrawn;
    for (const ir::Module* const module : steps) draws_.noise = draws_.noise || ir::draws(*module);
  }

  /// What a cell draws at the other values of the tuned parameter: a rate of dropout may be 0 at one of them. False: it
  /// cannot be known, for one of them has no program; its trials will say why.
  bool noteDrawsOfTrials() {
    if (!study_.tuning) return true;
    elaborate::ProjectState& state = project_.state();
    const Diagnostics before = state.diagnostics;
    bool isKnown = true;
    for (const std::vector<int>& levels : list_.cells)
      for (const double value : study_.tuning->grid) {
        const std::optional<elaborate::TrainProgram> train = elaborate(levels, value);
        const auto step = train ? project_.step(*train, train->batch) : std::nullopt;
        const auto evaluation = step ? project_.evaluation(*train, train->batch) : std::nullopt;
        isKnown = isKnown && evaluation;
        if (evaluation) noteDraws(*train, {&step->module, &evaluation->module});
        if (train) state.forget(*train);
      }
    state.diagnostics = before;
    return isKnown;
  }

  /// What the experiment sets besides the train and shows in the results of a run. A limit in seconds does not count:
  /// it is no part of what is computed.
  std::string rulesText(const study::Cell& cell, std::int64_t wholeSteps, std::int64_t perEpoch) const {
    const Rules& rules = spec_.rules;
    std::string text;
    if (spec_.evaluateEvery) text += fmt::format(" evaluate {}", cell.evaluateEvery);
    if (rules.stopAtTarget) text += fmt::format(" stop {} {:a}", rules.targetMetric, rules.target);
    if (cell.steps < wholeSteps) text += fmt::format(" limit {}", cell.steps);
    for (const probes::PeriodicProbe& probe : probes_)
      text += fmt::format(" probe {} {}", probe.definition.name, probe.period.steps(perEpoch));
    return text;
  }

  /// Needs: every cell was added.
  void describeScope() {
    std::set<std::int64_t> steps;
    for (const study::Cell& cell : study_.cells) steps.insert(cell.steps);
    const std::string sizes = sizesText();
    study_.scope = fmt::format("train {}{} on {}, {} rows, batch {}, {} steps", study_.train,
                               sizes.empty() ? "" : fmt::format("({})", sizes), study_.data, rangeText(rows_),
                               rangeText(batches_), rangeText(steps));
    if (spec_.rules.run.seconds) study_.scope += fmt::format(", at most {:g} s of them each", *spec_.rules.run.seconds);
  }

  /// How large the networks are, and what `run` sets: parameters that are the same in all cells, `depth: 21, width:
  /// 64`.
  std::string sizesText() const {
    std::vector<std::string> texts;
    for (const syntax::ParamDecl& parameter : spec_.train->parameters) {
      const bool isGiven = std::any_of(spec_.base.begin(), spec_.base.end(),
                                       [&](const BindSpec& given) { return given.parameter == &parameter; });
      if (!isGiven && !isWholeNumber(parameter)) continue;
      std::set<std::string> values;
      for (const study::Cell& cell : study_.cells)
        for (const auto& [name, value] : cell.values)
          if (name == parameter.name.text) values.insert(value);
      if (values.size() == 1) texts.push_back(fmt::format("{}: {}", parameter.name.text, *values.begin()));
    }
    return fmt::format("{}", fmt::join(texts, ", "));
  }

  /// Needs: every cell was added, and the measures are known.
  void describeExamples() {
    for (study::Measure& measure : study_.measures)
      if (const auto rows = fewestRows_.find(measure.part); rows != fewestRows_.end()) measure.examples = rows->second;
  }

  /// Hash of what probes with a text compute in this cell; without such probes, nothing. Empty: reported.
  std::optional<std::string> seriesHash(const elaborate::TrainProgram& train) {
    elaborate::ProbeRequest request{elaborate::ProbeKind::Series, train.batch, {}};
    for (const probes::PeriodicProbe& probe : probes_)
      if (!probe.definition.isNative()) request.probes.push_back(probe.definition);
    if (request.probes.empty()) return "";
    const std::optional<elaborate::ProbeProgram> program = project_.probe(train, request);
    if (!program) return std::nullopt;
    for (const elaborate::ProbeColumns& series : program->series)
      if (std::find(series_.begin(), series_.end(), series.name) == series_.end()) series_.push_back(series.name);
    return " " + hexDigits(hashBytes(ir::print(program->module)));
  }

  /// The series of all probes, in their order. Needs: every cell was checked.
  void describeProbes() {
    for (std::size_t i = 0; i < probes_.size(); ++i) {
      const elaborate::ProbeDefinition& probe = probes_[i].definition;
      const syntax::ProbeClause& clause = *spec_.probes[i];
      std::string unit;
      for (const elaborate::NativeProbe& native : elaborate::nativeProbes())
        if (native.name == probe.name) unit = native.unit;
      const std::string text = clause.value ? project_.state().sources.lineText(clause.value->span) : "";
      for (const std::string& name : probe.isNative() ? elaborate::nativeSeries(probe.name) : series_)
        if (name == probe.name || name.starts_with(probe.name + ".")) study_.probes.push_back({name, text, unit});
    }
  }

  /// What the first cell says of all of them: metrics, classes.
  void describeFirst(const elaborate::TrainProgram& train, const DataFacts& data) {
    study_.data = train.data.name;
    for (const std::string& part : data.parts)
      for (const std::string& metric : train.metrics) metrics_.push_back(part + "." + metric);
    for (const std::string& part : data.parts) metrics_.push_back(part + ".loss");
    if (train.data.labelBounds.size() == 1) classes_ = train.data.labelBounds[0].second;
    for (const auto& [name, hash] : data.files) study_.provenance.emplace_back("data " + name, hash);
  }

  elaborate::Project& project_;
  Spec spec_;
  PlanFor purpose_;
  training::Progress progress_;
  CellList list_;
  std::vector<probes::PeriodicProbe> probes_;
  std::vector<std::string> series_;  // of probes with a text, of all cells
  study::Study study_;
  std::vector<CellRows> cellRows_;
  std::vector<std::string> metrics_;
  std::optional<std::int64_t> classes_;
  struct {
    bool init = false, data = false, noise = false;
  } draws_;                                         // streams of seeds that any cell draws by
  std::set<std::int64_t> rows_, batches_;           // of the cells
  std::map<std::string, std::int64_t> fewestRows_;  // of each part, in any cell
  DataRegister data_;
  std::mutex mutex_;
  std::map<std::pair<std::size_t, std::optional<double>>, std::weak_ptr<CellPrograms>> kept_;
};

}  // namespace

std::unique_ptr<ExperimentPlan> makePlan(elaborate::Project& project, const std::string& name,
                                         const std::vector<elaborate::Override>& overrides, PlanFor purpose,
                                         training::Progress progress) {
  std::optional<Spec> spec = readExperiment(project.state(), name, overrides);
  if (!spec) return nullptr;
  auto plan = std::make_unique<BuiltPlan>(project, std::move(*spec), purpose, progress);
  return plan->build() ? std::move(plan) : nullptr;
}

}  // namespace nnc::experiment
