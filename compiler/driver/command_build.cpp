// nnc build: an object file and a C header, from a train's network or an export, with weights inside or passed by the
// caller.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "diagnostics/kinds/data.h"
#include "diagnostics/kinds/driver.h"
#include "diagnostics/kinds/engine.h"
#include "driver/parameters.h"
#include "driver/session.h"
#include "driver/stages.h"
#include "engine/memory.h"
#include "nnc/files.h"
#include "support/hash.h"
#include "training/weights.h"

namespace nnc::driver {

namespace {

/// What is built, and under which C prefix.
struct BuildSubject {
  elaborate::ExportProgram program;
  std::string prefix;
  std::vector<elaborate::ExportedConstant> constants;
};

std::optional<BuildSubject> exportSubject(elaborate::Project& project, const std::string& name) {
  std::optional<elaborate::ExportProgram> program = project.exported(name);
  if (!program) return std::nullopt;
  return BuildSubject{std::move(*program), name, {}};
}

/// Batches of one example, for latency, and of as many as the train takes at once.
std::vector<std::int64_t> batchesFor(const Options& options, std::int64_t batchOfTrain) {
  const std::int64_t largest = std::max<std::int64_t>(options.batch.value_or(batchOfTrain), 1);
  return largest == 1 ? std::vector<std::int64_t>{1} : std::vector<std::int64_t>{1, largest};
}

std::optional<BuildSubject> trainSubject(elaborate::Project& project, Context& context) {
  if (!settleParameters(context, project)) return std::nullopt;
  const std::optional<elaborate::TrainProgram> train = project.train(context.line.name(), context.line.overrides);
  if (!train) return std::nullopt;
  std::optional<elaborate::ExportProgram> program =
      project.network(*train, batchesFor(context.line.options, train->batch));
  if (!program) return std::nullopt;
  return BuildSubject{std::move(*program), std::filesystem::path(context.line.file()).stem().string(), {}};
}

std::optional<BuildSubject> openSubject(elaborate::Project& project, Context& context) {
  ScopedTimer timer(&context.timings, "elaborate");
  const bool hasWeights = context.line.options.weights.has_value();
  const std::optional<std::string> exported = namedExport(project, context.line.name(), /*prefersTrain=*/hasWeights);
  if (exported && !checkOptions(context, project, Subject::Export, *exported)) return std::nullopt;
  std::optional<BuildSubject> subject = exported ? exportSubject(project, *exported) : trainSubject(project, context);
  std::optional<std::vector<elaborate::ExportedConstant>> constants = project.exportedConstants();
  if (!subject || !constants) return std::nullopt;
  subject->constants = std::move(*constants);
  return subject;
}

/// The weights of the slots; without --weights only their names and types, the caller of the object passes them.
std::optional<std::vector<codegen::ApiWeight>> weightsOf(const elaborate::ExportProgram& program, Context& context) {
  std::int64_t slotBytes = 0;
  for (const elaborate::Slot& slot : program.slots) slotBytes += slot.type.byteCount();
  const std::vector<engine::MemoryPart> parts = {{slotBytes, "the parameters"},
                                                 {slotBytes, "their place in the object file"}};
  const std::int64_t limit = engine::memoryLimitBytes(context.line.options.maxMemory.value_or(0));
  if (auto refused = engine::refuseMemory(program.span, parts, limit, context.diagnostics)) {
    refused->help("use a smaller network");
    return std::nullopt;
  }
  std::vector<ir::Tensor> tensors;
  for (const elaborate::Slot& slot : program.slots) tensors.emplace_back(slot.type);
  if (context.line.options.weights) {
    const std::optional<std::string> file = training::findWeights(*context.line.options.weights, context.diagnostics);
    if (!file ||
        !training::loadWeights(*file, program.slots, training::MatchWeights::All, tensors, context.diagnostics))
      return std::nullopt;
  }
  std::vector<codegen::ApiWeight> weights;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto* bytes = reinterpret_cast<const char*>(tensors[i].bytes.data());
    weights.push_back({program.slots[i].path, tensors[i].type, std::string(bytes, tensors[i].bytes.size())});
  }
  return weights;
}

/// One tensor per field, with its type in every entry. Whole types when the model has no argument B.
std::vector<codegen::ApiTensor> tensorsOf(const elaborate::ExportProgram& program, bool hasBatch,
                                          std::vector<elaborate::Field> elaborate::ExportEntry::* fields) {
  std::vector<codegen::ApiTensor> tensors;
  for (const elaborate::ExportEntry& entry : program.entries) {
    const std::vector<elaborate::Field>& list = entry.*fields;
    tensors.resize(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
      ir::Type type = list[i].type;
      if (program.hasBatch && !hasBatch) type.shape.insert(type.shape.begin(), entry.batch);
      tensors[i].name = list[i].name;
      tensors[i].types.push_back(std::move(type));
    }
  }
  return tensors;
}

/// Lowers every entry and describes the whole to the code generator. The entries' modules live in `program`.
std::optional<codegen::ModelApi> describeApi(BuildSubject& subject, const engine::Options& options, Context& context) {
  elaborate::ExportProgram& program = subject.program;
  std::optional<std::vector<codegen::ApiWeight>> weights = weightsOf(program, context);
  if (!weights) return std::nullopt;
  codegen::ModelApi api;
  api.prefix = subject.prefix;
  api.sourceName = std::filesystem::path(context.line.file()).filename().string();
  const std::optional<FileId> file = context.sources.find(context.line.file());
  api.sourceHash = hexDigits(hashBytes(file ? context.sources.text(*file) : std::string_view()));
  api.compiler = fmt::format("nnc {}", NNC_VERSION);
  // A session belongs to one batch.
  api.hasBatch = program.hasBatch && program.session.empty();
  api.inputs = tensorsOf(program, api.hasBatch, &elaborate::ExportEntry::inputs);
  api.outputs = tensorsOf(program, api.hasBatch, &elaborate::ExportEntry::results);
  api.drawsRandom = program.drawsRandom;
  api.dims = program.dims;
  for (const elaborate::SessionState& state : program.session)
    api.session.push_back({state.path, state.type, state.initial});
  api.weights = std::move(*weights);
  api.weightsEmbedded = context.line.options.weights.has_value() || program.slots.empty();
  for (const elaborate::ExportedConstant& constant : subject.constants)
    api.constants.push_back({constant.name, constant.value});
  for (elaborate::ExportEntry& entry : program.entries) {
    if (!engine::lower(entry.module, entry.function, options, context.diagnostics) ||
        !engine::checkMemory(entry.module, entry.function, options.maxMemoryBytes, context.diagnostics))
      return std::nullopt;
    codegen::ApiEntry described{&entry.module, entry.function, entry.batch, entry.sizes, nullptr, {}};
    if (entry.overrun) {
      if (!engine::lower(entry.overrunModule, *entry.overrun, options, context.diagnostics)) return std::nullopt;
      described.overrunModule = &entry.overrunModule;
      described.overrun = *entry.overrun;
    }
    api.entries.push_back(std::move(described));
  }
  return api;
}

/// Both files or none.
bool writeFiles(const codegen::ModelObject& object, const std::string& directory, const std::string& prefix,
                Context& context) {
  const std::filesystem::path folder = directory;
  const std::string objectPath = (folder / (prefix + ".o")).string(), headerPath = (folder / (prefix + ".h")).string();
  runtime::Failure failure;
  bool fine =
      runtime::makeDirectories(directory, failure) && runtime::writeFileAtomically(objectPath, object.object, failure);
  if (fine && !runtime::writeFileAtomically(headerPath, object.header, failure)) {
    std::error_code ignored;
    std::filesystem::remove(objectPath, ignored);
    fine = false;
  }
  if (!fine) {
    context.diagnostics.emit<diag::CannotWriteFile>({}, failure.path.empty() ? directory : failure.path,
                                                    failure.message);
    return false;
  }
  if (context.line.options.json) {
    const nlohmann::ordered_json result = {
        {"object", objectPath}, {"header", headerPath}, {"bytes", object.object.size()}};
    writeResult(result.dump() + "\n");
  } else {
    writeResult(fmt::format("{} ({} bytes)\n{}\n", objectPath, object.object.size(), headerPath));
  }
  return true;
}

}  // namespace

int buildCommand(Context& context) {
  const std::string stage = context.line.options.emit.value_or("");
  if (stage == "ast") return printTree(context);
  const std::unique_ptr<elaborate::Project> project = loadProject(context);
  if (project == nullptr) return 1;
  std::optional<BuildSubject> subject = openSubject(*project, context);
  if (!subject) return 1;
  // The largest entry, in place of the files.
  if (!stage.empty()) return printStage(context, subject->program.entries.back(), stage);
  const engine::Options options = engineOptions(context);
  const std::optional<codegen::ModelApi> api = describeApi(*subject, options, context);
  if (!api) return 1;
  codegen::Backend* backend = engine::backend(context.diagnostics);
  if (backend == nullptr) return 4;
  std::string error;
  const std::optional<codegen::ModelObject> object = backend->object(*api, options.codegen, error);
  if (!object) {
    context.diagnostics.emit<diag::CodegenFailed>({}, subject->prefix, error);
    return 1;
  }
  return writeFiles(*object, context.line.options.out.value_or("."), subject->prefix, context) ? 0 : 3;
}

}  // namespace nnc::driver
