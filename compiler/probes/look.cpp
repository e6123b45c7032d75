#include "probes/look.h"

#include <algorithm>

#include "diagnostics/kinds/probes.h"
#include "elaborate/native_probes.h"
#include "training/source_store.h"
#include "training/weights.h"

namespace nnc::probes {

namespace {

/// Initial values, or the file's; states of the optimizer are never looked at.
std::optional<SlotCopy> loadSlots(const elaborate::TrainProgram& train, const LookOptions& options, LookResult& result,
                                  Diagnostics& diagnostics) {
  std::vector<ir::Tensor> tensors = training::initialTensors(train.initModule, train.init, options.seed);
  if (!options.weights.empty()) {
    const std::optional<std::string> file = training::findWeights(options.weights, diagnostics);
    if (!file || !training::loadWeights(*file, train.slots, training::MatchWeights::All, tensors, diagnostics))
      return std::nullopt;
    result.weightsFile = *file;
  }
  std::vector<const std::byte*> pointers;
  for (const ir::Tensor& tensor : tensors) pointers.push_back(tensor.bytes.data());
  return SlotCopy(train, pointers);
}

/// Measures one probe; a probe that the user did not name may be left out.
bool measure(const elaborate::Project& project, Bench& bench, const std::string& name, const Moment& moment,
             Rows& rows) {
  if (looksAtStep(name)) {
    bench.diagnostics().emit<diag::ProbeStep>({}, name);
    return false;
  }
  const std::optional<elaborate::ProbeDefinition> definition = project.findProbe(name);
  if (!definition) return false;
  if (definition->isNative()) return measureNative(name, bench, moment, rows);
  Program* const program = bench.series({*definition});
  if (program == nullptr) return false;
  program->run(bench.train(), moment.slots, *bench.probeSet(), 0, moment.step + 1);
  for (Row& row : rowsOf(*program)) rows.push_back(std::move(row));
  return true;
}

/// All series of the stdlib in one program.
bool measureStandard(const elaborate::Project& project, Bench& bench, const std::vector<std::string>& names,
                     const Moment& moment, Rows& rows) {
  std::vector<elaborate::ProbeDefinition> definitions;
  for (const std::string& name : names)
    if (!elaborate::isNativeProbe(name)) definitions.push_back(project.standardProbe(name));
  Program* const program = bench.series(definitions);
  if (program == nullptr) return false;
  program->run(bench.train(), moment.slots, *bench.probeSet(), 0, moment.step + 1);
  rows = rowsOf(*program);
  return true;
}

/// Every probe; native ones that do not fit the train are left out.
bool measureAll(elaborate::Project& project, ProbeSource& source, Bench& bench, const training::DataSet& data,
                const Moment& moment, LookResult& result) {
  const std::vector<std::string> names = project.standardProbes();
  Diagnostics& diagnostics = bench.diagnostics();
  if (!measureStandard(project, bench, names, moment, result.rows)) return false;
  for (const std::string& name : names) {
    if (!elaborate::isNativeProbe(name)) continue;
    Diagnostics scratch;
    bench.attend(source, bench.train(), data, scratch);
    if (!measure(project, bench, name, moment, result.rows))
      result.leftOut.emplace_back(name,
                                  scratch.all().empty() ? "it does not fit the network" : scratch.all()[0].message);
    bench.attend(source, bench.train(), data, diagnostics);
  }
  return true;
}

}  // namespace

std::optional<LookResult> look(elaborate::Project& project, const elaborate::TrainProgram& train,
                               const LookOptions& options, Diagnostics& diagnostics) {
  LookResult result;
  result.train = train.name;
  result.seed = options.seed;
  training::SourceStore store;
  std::optional<training::DataSet> data = training::DataSet::locate(train.data, store, diagnostics);
  if (!data || !data->read(diagnostics)) return std::nullopt;
  const std::optional<SlotCopy> slots = loadSlots(train, options, result, diagnostics);
  if (!slots) return std::nullopt;
  ProjectProbes source(project, train);
  Bench bench(options.engine);
  bench.attend(source, train, *data, diagnostics);
  const Moment moment{slots->view(), 0, nullptr};
  const Examples* const examples = bench.probeSet();
  if (examples == nullptr) return std::nullopt;
  result.examples = examples->count();
  if (options.probes.empty())
    return measureAll(project, source, bench, *data, moment, result) ? std::optional(std::move(result)) : std::nullopt;
  for (const std::string& name : options.probes)
    if (!measure(project, bench, name, moment, result.rows)) return std::nullopt;
  return result;
}

}  // namespace nnc::probes
