// The network of a train with its loss as one function, traced the way that probes see it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "elaborate/observation.h"
#include "elaborate/probe.h"

namespace nnc::elaborate {

/// Traces once; then the caller adds results, and functions that call it.
class ProbeNetwork {
 public:
  ProbeNetwork(Elaborator& elaborator, const ProbedTrain& train) : elaborator_(elaborator), train_(train) {}

  /// function(): (parameters and network states.., fields.., seed, step, one delta for each tensor), no results yet.
  [[nodiscard]] bool trace(const std::vector<Watch>& watches, bool hasDeltas = true);

  ir::Module& module() { return program_.module; }
  ir::FunctionId function() const { return function_; }
  ir::Builder& builder() { return forward_->trace.builder; }
  const Forward& forward() const { return *forward_; }
  const Observation& observation() const { return *observation_; }
  /// Mean over the batch.
  ir::Value loss() const { return loss_; }

  /// A slot that is trained: its number among the parameters of the function, and its record; null: of no layer that
  /// was traced.
  struct Trained {
    int parameter = 0;
    const Slot* slot = nullptr;
    const SlotRecord* record = nullptr;
  };
  std::vector<Trained> trained() const;

  /// Makes `caller` a function of the module with the parameters of function() but the deltas, and calls function() for
  /// its results and the derivatives of the first one by trained() and then by the deltas. Needs: results are there.
  struct Gradients {
    std::vector<ir::Value> results, trained, tensors;
  };
  Gradients callGradients(ir::Builder& caller);

  /// The program, with `function` as its entry.
  ProbeProgram finish(ir::FunctionId function);

 private:
  Elaborator& elaborator_;
  const ProbedTrain& train_;
  ProbeProgram program_;
  ir::FunctionId function_;
  std::unique_ptr<Observation> observation_;
  std::unique_ptr<Forward> forward_;
  ir::Value loss_;
};

}  // namespace nnc::elaborate
