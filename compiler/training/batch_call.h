// Calling a compiled batch program: its argument and result buffers, bound once.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "training/batches.h"
#include "training/programs.h"

namespace nnc::training {

/// The two scalars that every batch program takes after its fields.
struct Counters {
  Buffer seed{8}, step{8};
  void setSeed(std::int64_t value) { std::memcpy(seed.data(), &value, sizeof value); }
  void setStep(std::int64_t value) { std::memcpy(step.data(), &value, sizeof value); }
};

/// Arguments are slots.., fields.., seed, step. Results that alias a slot are left out: result 0 is the loss of a step
/// or of an evaluation. Allocates only when made.
class BatchCall {
 public:
  /// `slots` are the buffers of the slots that the program takes; `streamFields` names the fields of a Batch.
  BatchCall(const CompiledBatch& program, const std::vector<std::byte*>& slots,
            const std::vector<std::string>& streamFields, Counters& counters);

  void run(const Batch& batch);
  std::size_t resultCount() const { return results_.size(); }
  const ir::Type& type(std::size_t result) const { return types_[result]; }
  const std::byte* result(std::size_t result) const { return results_[result].data(); }
  const std::string& name(std::size_t result) const { return names_[result]; }
  /// Element `i` of a result as a double.
  double value(std::size_t result, std::int64_t i = 0) const {
    return realAt(types_[result].dtype, results_[result].data() + i * ir::dtypeBytes(types_[result].dtype));
  }

 private:
  const engine::Executable* executable_;
  std::size_t firstField_;
  std::vector<std::size_t> fieldIndices_;  // into Batch::fields
  std::vector<ir::Type> types_;
  std::vector<std::string> names_;
  std::vector<Buffer> results_;
  std::vector<void*> arguments_, resultPointers_;
};

}  // namespace nnc::training
