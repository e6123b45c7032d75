#include "training/batch_call.h"

#include <algorithm>
#include <cassert>

namespace nnc::training {

BatchCall::BatchCall(const CompiledBatch& program, const std::vector<std::byte*>& slots,
                     const std::vector<std::string>& streamFields, Counters& counters)
    : executable_(&program.executable), firstField_(slots.size()) {
  const ir::Function& function = program.executable.signature();
  assert(function.parameters.size() == slots.size() + program.fields.size() + 2 && "slots, fields, seed, step");
  arguments_.assign(slots.begin(), slots.end());
  for (const std::string& field : program.fields) {
    const auto found = std::find(streamFields.begin(), streamFields.end(), field);
    assert(found != streamFields.end() && "the stream has the fields of all programs");
    fieldIndices_.push_back(static_cast<std::size_t>(found - streamFields.begin()));
    arguments_.push_back(nullptr);
  }
  arguments_.push_back(counters.seed.data());
  arguments_.push_back(counters.step.data());

  resultPointers_.assign(function.results.size(), nullptr);
  for (const ir::Alias& alias : function.aliases)
    resultPointers_[static_cast<std::size_t>(alias.result)] = arguments_[static_cast<std::size_t>(alias.parameter)];
  for (std::size_t i = 0; i < function.results.size(); ++i) {
    if (resultPointers_[i] != nullptr) continue;
    types_.push_back(function.type(function.results[i]));
    names_.push_back(function.resultNames[i]);
    results_.emplace_back(types_.back().byteCount());
    resultPointers_[i] = results_.back().data();
  }
}

void BatchCall::run(const Batch& batch) {
  for (std::size_t i = 0; i < fieldIndices_.size(); ++i)
    arguments_[firstField_ + i] =
        const_cast<std::byte*>(batch.fields[fieldIndices_[i]].data());  // read only by contract
  executable_->run(arguments_.data(), resultPointers_.data());
}

}  // namespace nnc::training
