// The function that is being built, and what elaboration collects beside it: slots, random draws, uses of labels.
#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "elaborate/across_params.h"
#include "elaborate/program.h"
#include "elaborate/value.h"
#include "ir/builder.h"

namespace nnc::elaborate {

class Observation;

enum class Mode : std::uint8_t { Train, Eval, Serve };

/// A tensor that lives from step to step, and what its declaration says about it.
struct SlotRecord {
  Slot slot;
  ir::Value current;  // its value in the function being built: a parameter of that function
  Value init;         // a number, or a function of (shape, key)
  Span initSpan;
  std::optional<std::int64_t> fanIn, fanOut;  // attributes of `param`; absent: the rule of the stdlib
  std::optional<Value> project;               // a function of the parameter, applied after each step of the optimizer
  Span projectSpan;
  std::optional<ir::Value> updated;  // states: the value for the next step
  Span updateSpan;
  std::vector<Label> updateTrail;                               // the calls that led to the update
  std::vector<std::pair<std::string_view, std::int64_t>> dims;  // of its type, by the names of its declaration
  std::vector<Label> declaredTrail;
  bool isRead = false;  // attributes and initial value: by the first application that reaches the declaration
};

/// One application of a recipe, or a `sub`: what owns slots and instances.
struct Instance {
  std::string path;      // `net.h.dense`
  char separator = '.';  // before the names of its slots; '/' for an optimizer on a parameter
  const Callable* recipe = nullptr;
  bool isApplied = false;  // for a `sub`: slots exist
  Span created;
  int draws = 0;  // random draws without a key
  std::map<std::string, SlotRecord*, std::less<>> slots;
  std::map<std::string, Value, std::less<>> subs;
  ir::ScopeId scope;  // of `path` in the module; made when first needed
};

/// A traced integer that indexed an axis of `bound` entries, or was compared with an index of that extent.
struct LabelUse {
  ir::Value value;
  std::int64_t bound = 0;
  Span span;
};

/// A derivative that the program has already: what `grad(loss, by)` gives in a probe.
struct KnownGradient {
  ir::Value loss, by, gradient;
};

/// `over_batches(x)` of a metric: a sum that runs from batch to batch of an evaluation.
struct BatchTotal {
  ir::Type type;
  std::string metric;
  Span span;
  ir::Value before, after;  // of mode .eval: a parameter, and that with this batch
};

/// Everything that one function of the program collects. A parameter of the function appears when its slot is first
/// declared, in that order; the caller puts parameters into their final order.
struct Trace {
  Trace(ir::Module& module, ir::FunctionId function, Mode m) : builder(module, function), mode(m) {}
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  ir::Builder builder;
  Mode mode;
  std::string stream = "noise";                           // of draws without a key
  std::optional<ir::Value> seed;                          // i64 scalar; a draw without it is a programming error
  std::optional<ir::Value> step;                          // counts from 1; absent: the seed alone tells draws apart
  bool drawsRandom = false;                               // something read the seed
  std::vector<std::pair<ir::Value, std::int64_t>> times;  // `t` of the scans around, outermost first, and its bound
  std::deque<SlotRecord> slots;                           // in order of elaboration
  std::deque<Instance> instances;
  std::vector<LabelUse> labelUses;
  std::vector<ir::Value> overruns;                      // bool scalars: a `write` goes outside its state
  std::optional<AcrossParams> across;                   // while an optimizer runs on one parameter after the other
  std::map<std::string, Instance*, std::less<>> paths;  // all instances
  std::string metric;                                   // the one that is being traced; empty: none
  std::vector<BatchTotal> totals;                       // of all metrics, in order
  Observation* observation = nullptr;                   // of a probe, while its network is traced
  /// What the value of a probe may ask about its tensors.
  std::vector<KnownGradient> knownGradients;
  struct Applied {
    ir::Value tensor;
    Value function;
  } applied;  // `tensor.function`; for the tensor of the moment

  SlotRecord* findSlot(std::string_view path);
};

}  // namespace nnc::elaborate
