// What a `train` block says, evaluated; and the programs that are made of it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "elaborate/data.h"
#include "elaborate/elaborator.h"
#include "elaborate/overrides.h"
#include "elaborate/program.h"

namespace nnc::elaborate {

/// The network, the loss, a metric or the optimizer: a function and the place that names it.
struct Role {
  std::string name;  // of a metric: what results are called
  Value function;
  Span span;
};

/// `valid.loss`, as a setting names it.
struct ResultName {
  std::string part, metric;
  Span span;
  std::string text() const { return part + "." + metric; }
};

struct TrainSpec {
  const syntax::BlockDecl* block = nullptr;
  const SourceModule* home = nullptr;
  const Scope* parameters = nullptr;                        // holds them; the elaborator's
  std::vector<std::pair<std::string, std::string>> values;  // its parameters as text
  Role network, loss, optimizer;
  std::vector<Role> metrics;
  DataUse data;
  std::int64_t batch = 0;
  std::optional<std::int64_t> epochs, steps;
  std::optional<double> clipNorm;
  Span clipSpan;
  std::vector<std::pair<std::string, Span>> freeze;  // paths
  std::optional<std::int64_t> patience;
  std::optional<ResultName> patienceResult, targetResult;
  std::optional<Target> target;
  CheckpointPeriod checkpoint;
  ir::DType precision = ir::DType::F32;
};

/// Errors  settings E0105-E0109, and those of the expressions.
[[nodiscard]] std::optional<TrainSpec> readTrain(Elaborator& elaborator, const syntax::BlockDecl& block,
                                                 const SourceModule& home,
                                                 const std::vector<ParsedOverride>& overrides);

/// The network of a function that is being traced, with its loss and its metrics.
struct Forward {
  Forward(ir::Module& module, ir::FunctionId function, Mode mode) : trace(module, function, mode) {}

  Trace trace;
  std::vector<std::string> fields;  // the data fields that are parameters of the function, in order of the data block
  std::vector<ir::Value> fieldValues;
  std::vector<std::pair<std::string, ir::Value>> outputs;
  ir::Value loss;  // [batch], or a scalar when the loss is one number
  std::vector<ir::Value> metrics;
};

/// Appends network, loss and metrics for one batch size. Fields, seed and step become parameters first, slots when they
/// are declared: `orderParameters` puts them into the order of the contract.
///
/// Errors  E0806-E0810, and those of the code.
[[nodiscard]] bool traceForward(Elaborator& elaborator, const TrainSpec& spec, const DataProgram& data,
                                std::int64_t batch, Forward& forward);

/// What the network of a train takes: fields of the data under the names of its arguments, for one example.
[[nodiscard]] std::optional<std::vector<Field>> networkInputs(Elaborator& elaborator, const TrainSpec& spec,
                                                              const DataProgram& data);

/// A step with the records of its slots, which live as long as this does.
struct StepParts {
  BatchProgram program;
  std::vector<Slot> slots;           // parameters, network states, optimizer states
  std::vector<SlotRecord*> records;  // one per slot
  std::vector<BatchTotal> totals;    // of the metrics
  std::vector<std::pair<std::string, std::int64_t>> labelBounds;
  std::unique_ptr<Forward> forward;  // owns the records of parameters and network states
  std::unique_ptr<Trace> update;     // and those of the optimizer's; the functions that they built are in `program`
};
[[nodiscard]] std::optional<StepParts> buildStep(Elaborator& elaborator, const TrainSpec& spec, const DataProgram& data,
                                                 std::int64_t batch);

/// What a step for another batch size would have: parameters and network states in the order of StepParts::slots.
struct NetworkTensors {
  std::vector<Slot> slots;
  std::vector<BatchTotal> totals;
};
[[nodiscard]] std::optional<NetworkTensors> networkTensors(Elaborator& elaborator, const TrainSpec& spec,
                                                           const DataProgram& data, std::int64_t batch);

/// Whether the totals of two batch sizes have the same shapes. Errors  E0811.
[[nodiscard]] bool checkTotals(Elaborator& elaborator, const std::vector<BatchTotal>& totals,
                               const std::vector<ir::Type>& others);

/// Loss, metrics and outputs per example; parameters and network states as `slots` lists them, then `totals`.
[[nodiscard]] std::optional<BatchProgram> buildEvaluation(Elaborator& elaborator, const TrainSpec& spec,
                                                          const DataProgram& data, const std::vector<Slot>& slots,
                                                          const std::vector<ir::Type>& totals, std::int64_t batch);

/// The parameters of an evaluating function for `slots` but the optimizer's, in their order; what the function does not
/// use becomes a parameter all the same.
///
/// Errors  E0816 the function has a slot that is not listed.
[[nodiscard]] bool matchSlots(Elaborator& elaborator, Trace& trace, const std::vector<Slot>& slots,
                              std::vector<ir::Value>& order);

/// Mean over the batch of what is one number per example; a number for the whole batch as it is.
ir::Value meanOf(ir::Builder& builder, ir::Value value);

/// The place to blame for a slot: where it is declared, or the user's line that led to it when that is in the stdlib.
Span placeOf(const Elaborator& elaborator, const SlotRecord& record);

/// A function (seed: i64) -> one tensor per record.
[[nodiscard]] bool buildInit(Elaborator& elaborator, const std::vector<SlotRecord*>& records, ir::Module& module,
                             ir::FunctionId& init);

/// Puts the parameters of a function into this order; those not listed keep theirs behind. Needs: all are parameters.
void orderParameters(ir::Function& function, const std::vector<ir::Value>& order);

}  // namespace nnc::elaborate
