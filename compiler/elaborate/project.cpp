#include "elaborate/project.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "diagnostics/kinds/project.h"
#include "elaborate/check_definitions.h"
#include "elaborate/native_probes.h"
#include "elaborate/probe.h"
#include "ir/convert_precision.h"
#include "ir/round_products.h"
#include "support/suggest.h"

namespace nnc::elaborate {

Elaboration::Elaboration(ProjectState& project)
    : diagnostics_(project.diagnostics), elaborator_(*project.modules, project.sources, messages_) {}

// --------------------------------------------------------------------------- finding

std::vector<const syntax::Decl*> ProjectState::trains() const {
  std::vector<const syntax::Decl*> found;
  for (const syntax::Decl& decl : file().declarations) {
    const auto* block = std::get_if<syntax::BlockDecl>(&decl.node);
    if (block != nullptr && block->kind == syntax::BlockKind::Train) found.push_back(&decl);
  }
  return found;
}

static const syntax::BlockDecl& blockOf(const syntax::Decl& decl) { return std::get<syntax::BlockDecl>(decl.node); }

std::vector<std::string> ProjectState::experiments() const {
  std::vector<std::string> names;
  for (const syntax::Decl& decl : file().declarations)
    if (const auto* experiment = std::get_if<syntax::ExperimentDecl>(&decl.node))
      names.push_back(experiment->name.text);
  return names;
}

/// What else could have been meant where no train is.
static void noteOthers(DiagnosticBuilder& message, const ProjectState& state) {
  if (const std::vector<std::string> others = state.experiments(); !others.empty())
    message.note(fmt::format("experiments: {}", fmt::join(others, ", ")));
  std::vector<std::string> exports;
  for (const ExportedName& exported : exportsOf(state.file())) exports.push_back(exported.name->text);
  if (!exports.empty()) message.note(fmt::format("exports: {}", fmt::join(exports, ", ")));
}

const syntax::BlockDecl* ProjectState::findTrain(const std::string& name) {
  const std::vector<const syntax::Decl*> all = trains();
  std::vector<std::string> names;
  for (const syntax::Decl* decl : all) names.push_back(blockOf(*decl).name.text);
  if (all.empty()) {
    DiagnosticBuilder message = diagnostics.emit<diag::NoTrain>({}, modules->root().path);
    noteOthers(message, *this);
    return nullptr;
  }
  if (name.empty() && all.size() == 1) return &blockOf(*all[0]);
  for (const syntax::Decl* decl : all)
    if (blockOf(*decl).name.text == name) return &blockOf(*decl);
  DiagnosticBuilder message = name.empty() ? diagnostics.emit<diag::SeveralTrains>({}, modules->root().path, all.size())
                                           : diagnostics.emit<diag::UnknownTrain>({}, modules->root().path, name);
  message.note(fmt::format("trains: {}", fmt::join(names, ", ")));
  noteOthers(message, *this);
  if (const auto close = closestName(name, names); close && !name.empty())
    message.help(fmt::format("did you mean `{}`?", *close));
  return nullptr;
}

std::optional<ExportedName> ProjectState::findExport(const std::string& name) {
  std::vector<std::string> names;
  for (const ExportedName& exported : exportsOf(file())) {
    if (exported.name->text == name) return exported;
    names.push_back(exported.name->text);
  }
  DiagnosticBuilder message = diagnostics.emit<diag::UnknownExport>({}, modules->root().path, name);
  message.note(names.empty() ? "it has none" : fmt::format("exports: {}", fmt::join(names, ", ")));
  if (const auto close = closestName(name, names)) message.help(fmt::format("did you mean `{}`?", *close));
  return std::nullopt;
}

// --------------------------------------------------------------------------- precision

/// What the numbers of a program are kept in: f32 with `precision: .bf16`, too.
static ir::DType storedIn(ir::DType precision) { return precision == ir::DType::BF16 ? ir::DType::F32 : precision; }

/// A program in f32, its constants rounded; or in f64: the constants as written, the same random numbers, every f32 of
/// it computed in f64. For checking.
static void setPrecision(ir::DType precision, ir::Module& module) {
  module = ir::convertPrecision(module, ir::DType::F32, storedIn(precision));
}

/// The same for what a network computes: with bf16, its matrix products take operands that are rounded to bf16.
static void setNetworkPrecision(ir::DType precision, ir::Module& module) {
  setPrecision(precision, module);
  if (precision == ir::DType::BF16) ir::roundProducts(module);
}

static void setPrecision(ir::DType precision, ir::Type& type) {
  if (type.dtype == ir::DType::F32) type.dtype = storedIn(precision);
}

/// A function that casts the raw fields which are f32 and goes on as `inner` does.
static ir::FunctionId castingRawFields(ir::DType precision, DataProgram& data, ir::FunctionId inner, const char* name) {
  const ir::FunctionId function = data.module.addFunction(name);
  ir::Builder builder(data.module, function);
  std::vector<ir::Value> arguments;
  for (const Field& field : data.raw) {
    const ir::Value value = builder.addParameter(field.type, field.name);
    arguments.push_back(field.type.dtype == ir::DType::F32 ? builder.cast(value, precision) : value);
  }
  for (std::size_t i = data.raw.size(); i < data.module.function(inner).parameters.size(); ++i) {
    const ir::Function& original = data.module.function(inner);
    const ir::Type type = original.type(original.parameters[i]);
    const std::string parameter = original.parameterNames[i];
    arguments.push_back(builder.addParameter(type, parameter));
  }
  const std::vector<ir::Value> results = builder.inlineCall(inner, arguments);
  for (std::size_t i = 0; i < results.size(); ++i) builder.addResult(results[i], data.fields[i].name);
  return function;
}

/// The files keep their element types: what they hold as f32 is cast first.
static void setPrecision(ir::DType precision, DataProgram& data) {
  setPrecision(precision, data.module);
  if (storedIn(precision) == ir::DType::F32) return;
  for (Field& field : data.fields) setPrecision(precision, field.type);
  data.map = castingRawFields(precision, data, data.map, "map");
  if (data.augmentedMap) data.augmentedMap = castingRawFields(precision, data, *data.augmentedMap, "augmented_map");
}

static void setPrecision(ir::DType precision, ExportProgram& program) {
  setPrecision(precision, program.initModule);
  for (ExportEntry& entry : program.entries) {
    setNetworkPrecision(precision, entry.module);
    if (entry.overrun) setPrecision(precision, entry.overrunModule);
    for (std::vector<Field>* fields : {&entry.inputs, &entry.results})
      for (Field& field : *fields) setPrecision(precision, field.type);
  }
  for (Slot& slot : program.slots) setPrecision(precision, slot.type);
  for (SessionState& state : program.session) setPrecision(precision, state.type);
}

/// Slots as they are elaborated, before the precision is set.
static std::vector<Slot> slotsInF32(const TrainProgram& train) {
  std::vector<Slot> slots = train.slots;
  if (storedIn(train.precision) == ir::DType::F32) return slots;
  for (Slot& slot : slots)
    if (slot.type.dtype == train.precision) slot.type.dtype = ir::DType::F32;
  return slots;
}

// --------------------------------------------------------------------------- a train

/// No parameter or state may depend on the batch: a step for another size must have the same slots.
static bool checkOtherBatch(Elaboration& elaboration, const TrainSpec& spec, const DataProgram& data,
                            const StepParts& step) {
  const Diagnostics before = elaboration.messages();
  const std::optional<NetworkTensors> twice = networkTensors(*elaboration, spec, data, 2 * spec.batch);
  elaboration.setMessages(before);
  if (!twice) return true;  // what another batch size breaks is reported when one is needed
  for (std::size_t i = 0; i < step.slots.size() && i < twice->slots.size(); ++i) {
    const Slot &slot = step.slots[i], &other = twice->slots[i];
    if (slot.path != other.path || slot.type == other.type) continue;
    elaboration->error<diag::BatchDim>(
        placeOf(*elaboration, *step.records[i]),
        fmt::format("`{}` depends on the batch: it is {} for a batch of {} and {} for one of {}", slot.path,
                    ir::toString(slot.type), spec.batch, ir::toString(other.type), 2 * spec.batch));
    return false;
  }
  std::vector<ir::Type> totals;
  for (const BatchTotal& total : twice->totals) totals.push_back(total.type);
  return checkTotals(*elaboration, step.totals, totals);
}

namespace {

/// A train's block and its data, evaluated.
struct Opened {
  TrainSpec spec;
  DataProgram data;
};

}  // namespace

static std::optional<Opened> open(Elaboration& elaboration, const ProjectState::Session& session) {
  std::optional<TrainSpec> spec = readTrain(*elaboration, *session.block, *session.home, session.overrides);
  std::optional<DataProgram> data = spec ? buildData(*elaboration, spec->data) : std::nullopt;
  if (!data) return std::nullopt;
  return Opened{std::move(*spec), std::move(*data)};
}

/// The part of a result that a setting asks for exists.
static bool checkPart(Elaboration& elaboration, const std::optional<ResultName>& result, const DataProgram& data) {
  const std::vector<std::string> parts = partNames(data);
  if (!result || std::find(parts.begin(), parts.end(), result->part) != parts.end()) return true;
  elaboration
      ->error<diag::NoSuchPart>(result->span, result->text(), result->part, data.name,
                                fmt::format("{}", fmt::join(parts, ", ")))
      .also(data.span, "the data");
  return false;
}

std::optional<TrainProgram> ProjectState::elaborateTrain(const syntax::BlockDecl& block, const SourceModule& home,
                                                         std::vector<ParsedOverride> overrides) {
  const std::size_t index = sessions.size();
  const Session& session = sessions.emplace_back(Session{block.name.text, &block, &home, std::move(overrides)});
  Elaboration elaboration(*this);
  std::optional<Opened> opened = open(elaboration, session);
  if (!opened || !checkPart(elaboration, opened->spec.patienceResult, opened->data) ||
      !checkPart(elaboration, opened->spec.targetResult, opened->data))
    return std::nullopt;
  const TrainSpec* const spec = &opened->spec;
  DataProgram* const data = &opened->data;
  std::optional<StepParts> step = buildStep(*elaboration, *spec, *data, spec->batch);
  if (!step || !checkOtherBatch(elaboration, *spec, *data, *step)) return std::nullopt;

  TrainProgram train;
  if (!buildInit(*elaboration, step->records, train.initModule, train.init)) return std::nullopt;
  train.name = session.name;
  train.session = index;
  train.values = spec->values;
  for (const ParsedOverride& override : session.overrides)
    train.setOnCommandLine.push_back(override.parameter->name.text);
  train.data = std::move(*data);
  train.data.labelBounds = step->labelBounds;
  train.slots = step->slots;
  for (const Role& metric : spec->metrics) train.metrics.push_back(metric.name);
  for (const BatchTotal& total : step->totals) setPrecision(spec->precision, train.totals.emplace_back(total.type));
  train.batch = spec->batch;
  train.epochs = spec->epochs;
  train.steps = spec->steps;
  train.patience = spec->patience;
  train.checkpoint = spec->checkpoint;
  if (spec->patienceResult) train.patienceMetric = spec->patienceResult->text();
  train.target = spec->target;
  train.precision = spec->precision;
  train.span = session.block->name.span;
  setPrecision(spec->precision, train.initModule);
  setPrecision(spec->precision, train.data);
  for (Slot& slot : train.slots) setPrecision(spec->precision, slot.type);
  setNetworkPrecision(spec->precision, step->program.module);
  freshStep = {index, std::move(step->program)};
  return train;
}

void ProjectState::forget(const TrainProgram& train) {
  if (train.session + 1 != sessions.size()) return;
  sessions.pop_back();
  freshStep.reset();  // it names its session by number, and that is free again
}

// --------------------------------------------------------------------------- Project

struct Project::Implementation : ProjectState {
  using ProjectState::ProjectState;
};

Project::Project() = default;
Project::~Project() = default;

std::unique_ptr<Project> Project::load(const std::string& path, SourceManager& sources, Diagnostics& diagnostics) {
  std::unique_ptr<Project> project(new Project());
  project->implementation_ = std::make_unique<Implementation>(sources, diagnostics);
  project->implementation_->modules = Modules::load(path, sources, diagnostics);
  return project->implementation_->modules ? std::move(project) : nullptr;
}

std::vector<TrainSummary> Project::trains() const {
  std::vector<TrainSummary> summaries;
  for (const syntax::Decl* decl : implementation_->trains()) {
    const syntax::BlockDecl& block = blockOf(*decl);
    TrainSummary summary{block.name.text, decl->doc, {}, {}, {}, block.name.span};
    for (const syntax::ParamDecl& parameter : block.parameters) {
      summary.parameters.push_back(parameterText(parameter, implementation_->sources));
      summary.parameterNames.push_back(parameter.name.text);
      const auto* type = std::get_if<syntax::NamedType>(&parameter.type->node);
      if (type != nullptr && type->name.text == "real" && !type->shape) summary.reals.push_back(parameter.name.text);
    }
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

std::vector<std::string> Project::exports() const {
  std::vector<std::string> names;
  for (const ExportedName& exported : exportsOf(implementation_->file())) names.push_back(exported.name->text);
  return names;
}

std::vector<std::string> Project::experiments() const { return implementation_->experiments(); }

std::vector<std::string> Project::parametersOfExperiment(const std::string& name) const {
  std::vector<std::string> names;
  for (const syntax::Decl& decl : implementation_->file().declarations) {
    const auto* const experiment = std::get_if<syntax::ExperimentDecl>(&decl.node);
    if (experiment == nullptr || experiment->name.text != name) continue;
    for (const syntax::ParamDecl& parameter : experiment->parameters) names.push_back(parameter.name.text);
  }
  return names;
}

std::vector<std::string> Project::experimentsWithDefaults() const {
  std::vector<std::string> names;
  for (const syntax::Decl& decl : implementation_->file().declarations) {
    const auto* experiment = std::get_if<syntax::ExperimentDecl>(&decl.node);
    if (experiment != nullptr && hasDefaults(experiment->parameters)) names.push_back(experiment->name.text);
  }
  return names;
}

ProjectState& Project::state() { return *implementation_; }

bool Project::check() {
  checkProject(*this, *implementation_);
  return !implementation_->diagnostics.hasErrors();
}

std::vector<DerivativeProgram> Project::derivatives() { return derivativePrograms(*implementation_); }

std::optional<TrainProgram> Project::train(const std::string& name, const std::vector<Override>& overrides) {
  const syntax::BlockDecl* const block = implementation_->findTrain(name);
  if (block == nullptr) return std::nullopt;
  std::optional<std::vector<ParsedOverride>> parsed =
      parseOverrides(ownerOf(*block), implementation_->modules->root(), overrides, *implementation_->modules,
                     implementation_->sources, implementation_->diagnostics);
  if (!parsed) return std::nullopt;
  std::optional<TrainProgram> train =
      implementation_->elaborateTrain(*block, implementation_->modules->root(), std::move(*parsed));
  if (!train || hasSilentMistake(*implementation_)) return std::nullopt;
  return train;
}

std::optional<BatchProgram> Project::step(const TrainProgram& train, std::int64_t batch) {
  std::optional<ProjectState::FreshStep>& fresh = implementation_->freshStep;
  if (fresh && fresh->session == train.session && fresh->program.batch == batch)
    return std::move(std::exchange(fresh, std::nullopt)->program);
  const ProjectState::Session& session = implementation_->sessionOf(train);
  Elaboration elaboration(*implementation_);
  const std::optional<Opened> opened = open(elaboration, session);
  std::optional<StepParts> step = opened ? buildStep(*elaboration, opened->spec, opened->data, batch) : std::nullopt;
  if (!step) return std::nullopt;
  setNetworkPrecision(train.precision, step->program.module);
  return std::move(step->program);
}

std::optional<BatchProgram> Project::evaluation(const TrainProgram& train, std::int64_t batch) {
  const ProjectState::Session& session = implementation_->sessionOf(train);
  Elaboration elaboration(*implementation_);
  const std::optional<Opened> opened = open(elaboration, session);
  std::optional<BatchProgram> program =
      opened ? buildEvaluation(*elaboration, opened->spec, opened->data, slotsInF32(train), train.totals, batch)
             : std::nullopt;
  if (program) setNetworkPrecision(train.precision, program->module);
  return program;
}

std::optional<ProbeProgram> Project::probe(const TrainProgram& train, const ProbeRequest& request) {
  const ProjectState::Session& session = implementation_->sessionOf(train);
  Elaboration elaboration(*implementation_);
  const std::optional<Opened> opened = open(elaboration, session);
  if (!opened) return std::nullopt;
  const std::vector<Slot> slots = slotsInF32(train);
  std::optional<ProbeProgram> program =
      buildProbe(*elaboration, {opened->spec, opened->data, slots, request.batch}, request);
  if (program) setNetworkPrecision(train.precision, program->module);
  return program;
}

std::optional<ProbeDefinition> Project::findProbe(const std::string& name) const {
  return elaborate::findProbe(name, {}, implementation_->modules->root(), *implementation_->modules,
                              implementation_->diagnostics);
}

static const SourceModule kNoFile;

ProbeDefinition Project::standardProbe(const std::string& name) const {
  return *elaborate::findProbe(name, {}, kNoFile, *implementation_->modules, implementation_->diagnostics);
}

std::vector<std::string> Project::standardProbes() const {
  std::vector<std::string> names = implementation_->modules->probeNames(kNoFile);
  for (const NativeProbe& native : nativeProbes()) names.emplace_back(native.name);
  return names;
}

std::optional<ExportProgram> Project::network(const TrainProgram& train, std::vector<std::int64_t> batches) {
  const ProjectState::Session& session = implementation_->sessionOf(train);
  Elaboration elaboration(*implementation_);
  const std::optional<Opened> opened = open(elaboration, session);
  std::optional<std::vector<Field>> inputs =
      opened ? networkInputs(*elaboration, opened->spec, opened->data) : std::nullopt;
  if (!inputs) return std::nullopt;
  std::sort(batches.begin(), batches.end());
  batches.erase(std::unique(batches.begin(), batches.end()), batches.end());
  ExportSpec exported;
  exported.name = train.name;
  exported.network = opened->spec.network;
  for (const std::int64_t batch : batches) exported.shapes.push_back({batch, {}, *inputs});
  exported.mode = Mode::Eval;  // whole examples: a session begins with `export`
  exported.span = opened->spec.network.span;
  // Parameters and states are those of training.
  const std::optional<StepParts> step = buildStep(*elaboration, opened->spec, opened->data, opened->spec.batch);
  std::optional<ExportProgram> program = step ? buildExport(*elaboration, exported, &step->slots) : std::nullopt;
  if (!program) return std::nullopt;
  std::vector<SlotRecord*> records;
  for (SlotRecord* record : step->records)
    if (record->slot.kind != SlotKind::OptimizerState) records.push_back(record);
  if (!buildInit(*elaboration, records, program->initModule, program->init)) return std::nullopt;
  setPrecision(train.precision, *program);
  return program;
}

/// Why the network of a train cannot generate text; empty: it can.
static std::string whyNoLanguageModel(const std::vector<Field>& inputs, const ExportProgram* program) {
  if (inputs.size() != 1 || inputs[0].type.dtype != ir::DType::I32 || inputs[0].type.rank() != 1)
    return inputs.size() != 1 ? fmt::format("its network takes {} tensors", inputs.size())
                              : fmt::format("an example of `{}` is {}", inputs[0].name, ir::toString(inputs[0].type));
  if (program == nullptr) return {};
  const ExportEntry& entry = program->entries.back();
  const bool isFine = entry.results.size() == 1 && ir::isFloat(entry.results[0].type.dtype) &&
                      entry.results[0].type.rank() == 2 &&
                      entry.results[0].type.shape[0] == entry.inputs[0].type.shape[0];
  if (isFine) return {};
  return entry.results.size() != 1 ? fmt::format("its network gives {} tensors", entry.results.size())
                                   : fmt::format("of {} it makes {}", ir::toString(entry.inputs[0].type),
                                                 ir::toString(entry.results[0].type));
}

std::optional<ExportProgram> Project::serving(const TrainProgram& train) {
  constexpr std::int64_t kManyTokens = 64;  // of a prompt, at a time
  const ProjectState::Session& session = implementation_->sessionOf(train);
  Elaboration elaboration(*implementation_);
  const std::optional<Opened> opened = open(elaboration, session);
  const std::optional<std::vector<Field>> inputs =
      opened ? networkInputs(*elaboration, opened->spec, opened->data) : std::nullopt;
  if (!inputs) return std::nullopt;
  const auto refuse = [&](const std::string& reason) {
    elaboration->error<diag::NotALanguageModel>(opened->spec.network.span, train.name, reason);
    return std::nullopt;
  };
  if (const std::string reason = whyNoLanguageModel(*inputs, nullptr); !reason.empty()) return refuse(reason);
  ExportSpec served;
  served.name = train.name;
  served.network = opened->spec.network;
  served.span = opened->spec.network.span;
  served.dims = {"T"};
  const auto addLength = [&](std::int64_t length) {
    Field input = (*inputs)[0];
    input.type.shape = {length};
    served.shapes.push_back({1, {length}, {std::move(input)}});
  };
  const std::int64_t whole = (*inputs)[0].type.shape[0];
  addLength(1);
  if (whole > 1) addLength(std::min(whole, kManyTokens));
  const std::vector<Slot> slots = slotsInF32(train);
  std::optional<ExportProgram> program = buildExport(*elaboration, served, &slots);
  if (program && program->session.empty()) {
    served.shapes.clear();
    addLength(whole);
    served.mode = Mode::Eval;
    program = buildExport(*elaboration, served, &slots);
  }
  if (!program) return std::nullopt;
  if (const std::string reason = whyNoLanguageModel(*inputs, &*program); !reason.empty()) return refuse(reason);
  setPrecision(train.precision, *program);
  return program;
}

std::optional<std::vector<ExportedConstant>> Project::exportedConstants() {
  Elaboration elaboration(*implementation_);
  return readExportedConstants(*elaboration, implementation_->modules->root());
}

std::optional<ExportProgram> Project::exported(const std::string& name) {
  const std::optional<ExportedName> named = implementation_->findExport(name);
  if (!named) return std::nullopt;
  Elaboration elaboration(*implementation_);
  const std::optional<ExportSpec> spec = readExport(*elaboration, *named, implementation_->modules->root());
  std::optional<ExportProgram> program = spec ? buildExport(*elaboration, *spec, nullptr) : std::nullopt;
  if (!program || hasSilentMistake(*implementation_)) return std::nullopt;
  setPrecision(ir::DType::F32, *program);
  return program;
}

}  // namespace nnc::elaborate
