#include "probes/program.h"

#include <cassert>
#include <cstring>
#include <utility>

namespace nnc::probes {

std::optional<Program> Program::make(ProbeSource& source, const elaborate::ProbeRequest& request,
                                     const engine::Options& options, Diagnostics& diagnostics) {
  std::optional<elaborate::ProbeProgram> program = source.probe(request);
  if (!program || !engine::lower(program->module, program->function, options, diagnostics)) return std::nullopt;
  std::optional<engine::Executable> executable =
      engine::Executable::compile(std::exchange(program->module, {}), program->function, options, diagnostics);
  if (!executable) return std::nullopt;
  return Program(std::move(*program), std::move(*executable));
}

/// Arguments are slots.., fields.., seed, step, inputs..: the counts of the last two say where the first ones end.
Program::Program(elaborate::ProbeProgram program, engine::Executable executable)
    : program_(std::move(program)), executable_(std::move(executable)) {
  const ir::Function& function = executable_.signature();
  assert(function.aliases.empty() && "a probe changes nothing");
  const auto isStep = [&](std::size_t i) { return function.parameterNames[i] == "step"; };
  std::size_t step = function.parameters.size() - 1;
  while (!isStep(step)) --step;
  slotCount_ = step - 1 - program_.fields.size();
  arguments_.assign(slotCount_, nullptr);
  const auto add = [&](std::vector<training::Buffer>& buffers, std::size_t parameter) {
    buffers.emplace_back(function.type(function.parameters[parameter]).byteCount());
    arguments_.push_back(buffers.back().data());
  };
  for (std::size_t i = slotCount_; i < step - 1; ++i) add(fields_, i);
  arguments_.push_back(seed_.data());
  arguments_.push_back(step_.data());
  for (std::size_t i = step + 1; i < function.parameters.size(); ++i) {
    add(inputs_, i);
    inputTypes_.push_back(function.type(function.parameters[i]));
  }
  for (const ir::Value value : function.results) {
    resultTypes_.push_back(function.type(value));
    results_.emplace_back(resultTypes_.back().byteCount());
    resultPointers_.push_back(results_.back().data());
  }
}

void Program::run(const elaborate::TrainProgram& train, Slots slots, const Examples& examples, std::int64_t begin,
                  std::int64_t step) {
  for (std::size_t i = 0; i < fields_.size(); ++i)
    examples.copy(program_.fields[i], begin, program_.batch, fields_[i].data());
  run(train, slots, step);
}

void Program::run(const elaborate::TrainProgram& train, Slots slots, std::int64_t step) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (train.slots[i].kind != elaborate::SlotKind::OptimizerState)
      arguments_[next++] = const_cast<std::byte*>(slots[i]);  // read only: no result aliases an argument
  assert(next == slotCount_ && "the slots of the train");
  std::memcpy(step_.data(), &step, sizeof step);
  executable_.run(arguments_.data(), resultPointers_.data());
}

}  // namespace nnc::probes
