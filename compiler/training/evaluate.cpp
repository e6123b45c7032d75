#include "training/evaluate.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>

#include "training/evaluate_part.h"
#include "training/predict.h"
#include "training/project_source.h"
#include "training/run_folder.h"
#include "training/session.h"
#include "training/weights.h"

namespace nnc::training {

namespace {

int choosePart(const DataSet& data, const std::string& wanted, Diagnostics& messages) {
  if (!wanted.empty()) return data.requirePart(wanted, messages);
  for (const char* const name : {"test", "valid"})
    if (data.findPart(name) >= 0) return data.findPart(name);
  return data.requirePart("train", messages);
}

/// Collects the network's outputs, row after row.
class Outputs {
 public:
  explicit Outputs(std::size_t firstResult) : firstResult_(firstResult) {}

  void add(const BatchCall& call, const Batch& batch) {
    for (std::size_t i = firstResult_; i < call.resultCount(); ++i) {
      if (arrays_.size() + firstResult_ == i) start(call, i);
      runtime::Array& array = arrays_[i - firstResult_].array;
      array.shape[0] += batch.count;
      array.bytes.insert(array.bytes.end(), call.result(i), call.result(i) + call.type(i).byteCount());
    }
  }
  const std::vector<runtime::NamedArray>& arrays() const { return arrays_; }

 private:
  void start(const BatchCall& call, std::size_t result) {
    runtime::NamedArray& array = arrays_.emplace_back();
    array.name = call.name(result);
    array.array.element = elementOf(call.type(result).dtype);
    array.array.shape = call.type(result).shape;
    array.array.shape[0] = 0;
  }

  std::size_t firstResult_;
  std::vector<runtime::NamedArray> arrays_;
};

using OnBatch = std::function<bool(const BatchCall&, const Batch&)>;

std::optional<EvaluateResult> evaluateWith(ProgramSource& programs, const elaborate::TrainProgram& train,
                                           const EvaluateOptions& options, const OnBatch& onBatch,
                                           Diagnostics& diagnostics) {
  const auto begun = std::chrono::steady_clock::now();
  RunCache cache;
  SessionOptions sessionOptions;
  sessionOptions.engine = options.engine;
  sessionOptions.assemblesAhead = options.threads > 1;
  Session session(programs, train, sessionOptions, cache, diagnostics);
  Diagnostics& messages = session.messages();
  const std::optional<std::string> file = findWeights(options.weights, messages);
  if (!file || !session.locate()) return std::nullopt;
  const int index = choosePart(session.data(), options.split, messages);
  if (index < 0) return std::nullopt;
  const Part& part = session.data().parts()[static_cast<std::size_t>(index)];
  session.start(/*withStep=*/false);
  if (part.size() >= train.batch) session.programs().request(ProgramKind::Evaluation, train.batch);
  if (part.size() % train.batch != 0) session.programs().request(ProgramKind::Evaluation, part.size() % train.batch);

  // Optimizer slots take part in nothing here, and every other slot comes from the file: no initialiser has to run.
  std::vector<ir::Tensor> tensors;
  for (const elaborate::Slot& slot : train.slots) tensors.emplace_back(slot.type);
  if (!loadWeights(*file, train.slots, MatchWeights::All, tensors, messages)) return std::nullopt;
  session.setSlots(tensors);
  if (!session.finishLoading()) return std::nullopt;
  session.counters().setSeed(options.seed);

  const Pass pass{index, 0, false, false, 0, part.size()};
  BatchStream& stream = session.openStream(std::make_unique<SinglePass>(pass), options.seed);
  EvaluateResult result;
  if (!evaluatePart(session, stream, train, pass, result.metrics, onBatch)) return std::nullopt;
  result.name = train.name;
  result.split = part.name;
  result.weightsFile = *file;
  result.examples = part.size();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return result;
}

}  // namespace

std::optional<EvaluateResult> evaluate(ProgramSource& programs, const elaborate::TrainProgram& train,
                                       const EvaluateOptions& options, Diagnostics& diagnostics) {
  return evaluateWith(programs, train, options, {}, diagnostics);
}

std::optional<EvaluateResult> predict(ProgramSource& programs, const elaborate::TrainProgram& train,
                                      const EvaluateOptions& options, const std::string& out,
                                      Diagnostics& diagnostics) {
  Outputs outputs(1 + train.metrics.size());
  const OnBatch collect = [&outputs](const BatchCall& call, const Batch& batch) {
    outputs.add(call, batch);
    return true;
  };
  std::optional<EvaluateResult> result = evaluateWith(programs, train, options, collect, diagnostics);
  if (!result || !writeOutputs(out, {outputs.arrays(), {}}, diagnostics)) return std::nullopt;
  return result;
}

std::optional<EvaluateResult> evaluate(elaborate::Project& project, const elaborate::TrainProgram& train,
                                       const EvaluateOptions& options, Diagnostics& diagnostics) {
  ProjectSource source(project, train);
  return evaluate(source, train, options, diagnostics);
}

std::optional<EvaluateResult> predict(elaborate::Project& project, const elaborate::TrainProgram& train,
                                      const EvaluateOptions& options, const std::string& out,
                                      Diagnostics& diagnostics) {
  ProjectSource source(project, train);
  return predict(source, train, options, out, diagnostics);
}

}  // namespace nnc::training
