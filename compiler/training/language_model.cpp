#include "training/language_model.h"

#include <algorithm>
#include <cstring>

#include "support/philox.h"
#include "training/weights.h"

namespace nnc::training {

std::optional<LanguageModel> LanguageModel::open(elaborate::Project& project, const elaborate::TrainProgram& train,
                                                 const std::string& weightsFile, std::int64_t seed,
                                                 const engine::Options& options, Diagnostics& diagnostics) {
  std::optional<elaborate::ExportProgram> exported = project.serving(train);
  if (!exported) return std::nullopt;
  std::vector<ir::Tensor> weights;
  for (const elaborate::Slot& slot : exported->slots) weights.emplace_back(slot.type);
  if (!loadWeights(weightsFile, exported->slots, MatchWeights::All, weights, diagnostics)) return std::nullopt;
  LanguageModel model;
  model.seed_ = seed;
  model.allocate(*exported, weights);
  if (!model.compile(*exported, options, diagnostics)) return std::nullopt;
  model.reset();
  return model;
}

bool LanguageModel::compile(elaborate::ExportProgram& exported, const engine::Options& options,
                            Diagnostics& diagnostics) {
  const auto build = [&](ir::Module& module, ir::FunctionId function) -> std::optional<engine::Executable> {
    if (!engine::lower(module, function, options, diagnostics)) return std::nullopt;
    return engine::Executable::compile(std::move(module), function, options, diagnostics);
  };
  for (elaborate::ExportEntry& entry : exported.entries) {
    std::optional<engine::Executable> overrun;
    if (entry.overrun && !(overrun = build(entry.overrunModule, *entry.overrun))) return false;
    std::optional<engine::Executable> predict = build(entry.module, entry.function);
    if (!predict) return false;
    programs_.push_back({entry.inputs[0].type.shape[0], std::move(*predict), std::move(overrun)});
  }
  return true;
}

void LanguageModel::allocate(const elaborate::ExportProgram& exported, const std::vector<ir::Tensor>& weights) {
  for (const ir::Tensor& tensor : weights) {
    weights_.emplace_back(tensor.type.byteCount());
    if (!tensor.bytes.empty()) std::memcpy(weights_.back().data(), tensor.bytes.data(), tensor.bytes.size());
  }
  for (const elaborate::SessionState& state : exported.session) {
    states_.emplace_back(state.type.byteCount());
    stateTypes_.push_back(state.type);
    initial_.push_back(state.initial);
  }
  const elaborate::ExportEntry& longest = exported.entries.back();
  const ir::Type& output = longest.results[0].type;
  tokens_ = Buffer(longest.inputs[0].type.byteCount());
  output_ = Buffer(output.byteCount());
  outputType_ = output.dtype;
  logits_.resize(static_cast<std::size_t>(output.shape[1]));
}

void LanguageModel::reset() {
  window_.clear();
  for (std::size_t i = 0; i < states_.size(); ++i) {
    ir::Tensor fresh(stateTypes_[i]);
    const std::int64_t count = fresh.type.elementCount();
    for (std::int64_t k = 0; k < count; ++k) {
      if (ir::isFloat(fresh.type.dtype))
        fresh.setReal(k, initial_[i]);
      else
        fresh.setInteger(k, static_cast<std::int64_t>(initial_[i]));
    }
    if (!fresh.bytes.empty()) std::memcpy(states_[i].data(), fresh.bytes.data(), fresh.bytes.size());
  }
}

/// Runs a program on as many tokens as it takes. The logits are those of `lastToken`.
bool LanguageModel::call(Program& program, std::span<const std::int32_t> tokens, std::int64_t lastToken) {
  std::memcpy(tokens_.data(), tokens.data(), tokens.size_bytes());
  std::vector<void*> arguments, results = {output_.data()};
  for (Buffer& weight : weights_) arguments.push_back(weight.data());
  arguments.push_back(tokens_.data());
  // Calls differ in nothing else: the programs count no steps.
  auto seed = static_cast<std::int64_t>(philoxKey(static_cast<std::uint64_t>(calls_++), seed_));
  arguments.push_back(&seed);
  for (Buffer& state : states_) {
    arguments.push_back(state.data());
    results.push_back(state.data());
  }
  if (program.overrun) {
    bool isOver = false;
    void* const answer = &isOver;
    program.overrun->run(arguments.data(), &answer);
    if (isOver) return false;
  }
  program.predict.run(arguments.data(), results.data());
  const std::int64_t width = ir::dtypeBytes(outputType_);
  const std::byte* const row = output_.data() + lastToken * vocabulary() * width;
  for (std::int64_t v = 0; v < vocabulary(); ++v)
    logits_[static_cast<std::size_t>(v)] = realAt(outputType_, row + v * width);
  return true;
}

bool LanguageModel::feed(std::span<const std::int32_t> tokens) {
  if (!hasSession()) {
    Program& program = programs_.back();
    window_.insert(window_.end(), tokens.begin(), tokens.end());
    const auto count = static_cast<std::int64_t>(window_.size());
    if (count > program.length) return false;
    // What stands behind the last token does not reach its logits in a network that predicts the next token.
    std::vector<std::int32_t> padded = window_;
    padded.resize(static_cast<std::size_t>(program.length));
    return call(program, padded, count - 1);
  }
  while (!tokens.empty()) {
    const auto fits = [&](const Program& program) {
      return program.length <= static_cast<std::int64_t>(tokens.size());
    };
    Program& program = *std::find_if(programs_.rbegin(), programs_.rend(), fits);
    const auto count = static_cast<std::size_t>(program.length);
    if (!call(program, tokens.first(count), program.length - 1)) return false;
    tokens = tokens.subspan(count);
  }
  return true;
}

}  // namespace nnc::training
