// The training step of one batch size: gradients of the loss, the optimizer on every parameter, states, metrics.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "diagnostics/kinds/project.h"
#include "elaborate/observation.h"
#include "elaborate/tensor_ops.h"
#include "elaborate/train.h"
#include "ir/gradient_flow.h"

namespace nnc::elaborate {

void orderParameters(ir::Function& function, const std::vector<ir::Value>& order) {
  std::vector<ir::Value> values = order;
  for (const ir::Value value : function.parameters)
    if (std::find(order.begin(), order.end(), value) == order.end()) values.push_back(value);
  std::vector<std::string> names;
  for (const ir::Value value : values)
    names.push_back(function.parameterNames[static_cast<std::size_t>(
        function.values[static_cast<std::size_t>(value.index)].resultIndex)]);
  for (std::size_t i = 0; i < values.size(); ++i)
    function.values[static_cast<std::size_t>(values[i].index)].resultIndex = static_cast<int>(i);
  function.parameters = std::move(values);
  function.parameterNames = std::move(names);
}

ir::Value meanOf(ir::Builder& builder, ir::Value value) {
  const ir::Type type = builder.type(value);
  if (type.shape.empty()) return value;
  const ir::Value sum = builder.reduceSum(value, {0});
  return builder.div(sum, builder.constantLike(sum, static_cast<double>(type.shape[0])));
}

Span placeOf(const Elaborator& elaborator, const SlotRecord& record) {
  if (!elaborator.isStdlib(record.slot.declared)) return record.slot.declared;
  for (const Label& call : record.declaredTrail)
    if (!elaborator.isStdlib(call.span)) return call.span;
  return record.slot.declared;
}

bool buildInit(Elaborator& elaborator, const std::vector<SlotRecord*>& records, ir::Module& module,
               ir::FunctionId& init) {
  init = module.addFunction("init");
  Trace trace(module, init, Mode::Train);
  trace.stream = "init";
  trace.seed = trace.builder.addParameter({ir::DType::I64, {}}, "seed");
  const Elaborator::Tracing tracing(elaborator, trace);
  for (const SlotRecord* record : records) {
    const std::optional<ir::Value> value = elaborator.initialise(*record);
    if (!value) return false;
    trace.builder.addResult(*value, record->slot.path);
  }
  return true;
}

namespace {

/// Builds one step. The loss is a function of its own, so that the gradient call names what it differentiates.
class StepBuilder {
 public:
  StepBuilder(Elaborator& elaborator, const TrainSpec& spec, const DataProgram& data, std::int64_t batch)
      : elaborator_(elaborator), spec_(spec), data_(data), batch_(batch) {}

  std::optional<StepParts> run() {
    if (!traceLoss() || !freeze()) return std::nullopt;
    finishLoss();
    findLabelBounds();
    if (!traceUpdate()) return std::nullopt;
    finishStep();
    parts_.totals = parts_.forward->trace.totals;
    parts_.program.module = std::move(module_);
    parts_.program.function = step_;
    parts_.program.batch = batch_;
    parts_.program.fields = parts_.forward->fields;
    return std::move(parts_);
  }

 private:
  bool traceLoss() {
    loss_ = module_.addFunction("loss");
    parts_.forward = std::make_unique<Forward>(module_, loss_, Mode::Train);
    if (!traceForward(elaborator_, spec_, data_, batch_, *parts_.forward)) return false;
    for (SlotRecord& record : parts_.forward->trace.slots)
      (record.slot.kind == SlotKind::Parameter ? parameters_ : states_).push_back(&record);
    return true;
  }

  bool freeze() {
    bool isFine = true;
    for (const auto& [path, where] : spec_.freeze) {
      bool isKnown = false;
      for (SlotRecord* record : parameters_) {
        if (!isInside(record->slot.path, path)) continue;
        record->slot.isTrained = false;
        isKnown = true;
      }
      if (isKnown) continue;
      std::vector<std::string> paths;
      for (const SlotRecord* record : parameters_) paths.push_back(record->slot.path);
      elaborator_.error<diag::FreezePath>(where, path).note(fmt::format("parameters: {}", fmt::join(paths, ", ")));
      isFine = false;
    }
    const bool hasTrained = std::any_of(parameters_.begin(), parameters_.end(),
                                        [](const SlotRecord* record) { return record->slot.isTrained; });
    if (isFine && !hasTrained)
      elaborator_.error<diag::NothingTrained>(
          spec_.network.span, spec_.block->name.text,
          parameters_.empty() ? "its network has no parameters" : "all parameters are frozen");
    return isFine && hasTrained;
  }

  /// Parameters: parameters, states, fields, seed, step. Results: the mean loss, next states, mean metrics.
  void finishLoss() {
    Forward& forward = *parts_.forward;
    ir::Builder& builder = forward.trace.builder;
    builder.setLocation(spec_.loss.span, {});
    builder.addResult(meanOf(builder, forward.loss), "loss");
    for (const SlotRecord* record : states_)
      builder.addResult(record->updated.value_or(record->current), record->slot.path);
    for (std::size_t i = 0; i < forward.metrics.size(); ++i)
      builder.addResult(meanOf(builder, forward.metrics[i]), spec_.metrics[i].name);
    std::vector<ir::Value> order;
    for (const SlotRecord* record : parameters_) order.push_back(record->current);
    for (const SlotRecord* record : states_) order.push_back(record->current);
    orderParameters(builder.function(), order);
  }

  /// What labels index with must lie in range: follows each such index to the data field that it is.
  void findLabelBounds() {
    const ir::Function& function = module_.function(loss_);
    std::map<std::size_t, std::int64_t> bounds;
    for (const LabelUse& use : parts_.forward->trace.labelUses) {
      ir::Value value = use.value;
      while (const ir::Node* const node = function.definition(value)) {
        const bool isSameNumber = node->op == ir::Op::Cast || node->op == ir::Op::Reshape ||
                                  node->op == ir::Op::Broadcast || node->op == ir::Op::Transpose ||
                                  node->op == ir::Op::StopGradient;
        if (!isSameNumber) break;
        value = node->operands[0];
      }
      const std::vector<ir::Value>& fields = parts_.forward->fieldValues;
      const auto field = std::find(fields.begin(), fields.end(), value);
      if (field == fields.end()) continue;
      const auto [known, isNew] = bounds.emplace(static_cast<std::size_t>(field - fields.begin()), use.bound);
      if (!isNew) known->second = std::min(known->second, use.bound);
    }
    for (const auto& [field, bound] : bounds) parts_.labelBounds.emplace_back(parts_.forward->fields[field], bound);
  }

  /// The gradient call, then the optimizer on each trained parameter.
  bool traceUpdate() {
    step_ = module_.addFunction("step");
    parts_.update = std::make_unique<Trace>(module_, step_, Mode::Train);
    ir::Builder& builder = parts_.update->builder;
    const ir::Function& loss = module_.function(loss_);
    std::vector<ir::Type> types;
    for (const ir::Value value : loss.parameters) types.push_back(loss.type(value));
    const std::vector<std::string> names = loss.parameterNames;
    for (std::size_t i = 0; i < types.size(); ++i) arguments_.push_back(builder.addParameter(types[i], names[i]));
    parts_.update->seed = arguments_[arguments_.size() - 2];
    parts_.update->step = arguments_.back();

    ir::CallAttributes call;
    call.name = "loss";
    call.body = loss_;
    call.kind = ir::CallKind::Gradient;
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      if (parameters_[i]->slot.isTrained) call.wrt.push_back(static_cast<int>(i));
    warnAboutGradients(call);
    builder.setLocation(spec_.loss.span, {});
    results_ = builder.call(call, arguments_);
    gradients_.assign(results_.end() - static_cast<std::ptrdiff_t>(call.wrt.size()), results_.end());
    if (spec_.clipNorm) clip(builder);
    return updateParameters(call.wrt);
  }

  void warnAboutGradients(const ir::CallAttributes& call) {
    const std::vector<bool> reaches = ir::reachesLoss(module_, call);
    for (std::size_t i = 0; i < reaches.size(); ++i) {
      if (reaches[i]) continue;
      const SlotRecord& record = *parameters_[static_cast<std::size_t>(call.wrt[i])];
      elaborator_.error<diag::NoGradient>(placeOf(elaborator_, record), record.slot.path);
    }
  }

  /// Scales all gradients by min(1, limit / norm), the norm taken over all of them. Pascanu, Mikolov and Bengio 2013.
  void clip(ir::Builder& builder) {
    builder.setLocation(spec_.clipSpan, {});
    std::optional<ir::Value> sum;
    for (const ir::Value gradient : gradients_) {
      std::vector<int> axes;
      for (int axis = 0; axis < builder.type(gradient).rank(); ++axis) axes.push_back(axis);
      const ir::Value square = builder.reduceSum(builder.mul(gradient, gradient), axes);
      sum = sum ? builder.add(*sum, square) : square;
    }
    const ir::Value norm = builder.sqrt(*sum), limit = literal(builder, builder.type(norm), *spec_.clipNorm);
    // limit / max(norm, limit) is 1 up to the limit, and has no division by 0.
    const ir::Value factor = builder.div(limit, builder.max(norm, limit));
    for (ir::Value& gradient : gradients_)
      gradient = builder.mul(gradient, builder.splat(factor, builder.type(gradient).shape));
  }

  bool updateParameters(const std::vector<int>& trained) {
    const Elaborator::Tracing tracing(elaborator_, *parts_.update);
    parts_.update->across.emplace();
    for (std::size_t i = 0; i < parameters_.size(); ++i) updated_.push_back(arguments_[i]);
    for (std::size_t k = 0; k < trained.size(); ++k) {
      const auto i = static_cast<std::size_t>(trained[k]);
      const std::optional<ir::Value> next = updateParameter(*parameters_[i], arguments_[i], gradients_[k]);
      if (!next) return false;
      updated_[i] = *next;
    }
    const ir::Replacements sums = parts_.update->across->finish(parts_.update->builder);
    sums.applyTo(updated_);
    for (SlotRecord& record : parts_.update->slots)
      if (record.updated) record.updated = sums[*record.updated];
    return true;
  }

  std::optional<ir::Value> updateParameter(SlotRecord& record, ir::Value parameter, ir::Value gradient) {
    const Span where = spec_.optimizer.span;
    std::vector<Argument> arguments = {{"", elaborator_.traced(parameter, where, &record), where},
                                       {"", elaborator_.traced(gradient, where), where}};
    std::optional<Value> next =
        elaborator_.instantiate(spec_.optimizer.function, record.slot.path, '/', std::move(arguments), where);
    if (!next || !isLike(*next, record.slot, spec_.optimizer)) return std::nullopt;
    if (record.project) {
      const Role project{"project", *record.project, record.projectSpan};
      next = elaborator_.apply(*record.project, {{"", *next, record.projectSpan}}, CallSite{record.projectSpan, ""});
      if (!next || !isLike(*next, record.slot, project)) return std::nullopt;
    }
    return asTraced(*next)->value;
  }

  bool isLike(const Value& value, const Slot& slot, const Role& role) {
    const Traced* const tensor = asTraced(value);
    if (tensor != nullptr && tensor->labels.empty() && tensor->type == slot.type) return true;
    elaborator_.error<diag::OptimizerResult>(
        role.span, role.name, fmt::format("{}: {}", slot.path, ir::toString(slot.type)), describe(value));
    return false;
  }

  /// Slots in the order of the contract, as parameters and as results.
  void finishStep() {
    ir::Builder& builder = parts_.update->builder;
    std::vector<ir::Value> order;
    const auto add = [&](SlotRecord& record, ir::Value current, ir::Value next) {
      ir::Function& function = builder.function();
      function.aliases.push_back({static_cast<int>(function.results.size()), static_cast<int>(order.size())});
      order.push_back(current);
      builder.addResult(next, record.slot.path);
      parts_.slots.push_back(record.slot);
      parts_.records.push_back(&record);
    };
    for (std::size_t i = 0; i < parameters_.size(); ++i) add(*parameters_[i], arguments_[i], updated_[i]);
    for (std::size_t i = 0; i < states_.size(); ++i)
      add(*states_[i], arguments_[parameters_.size() + i], results_[1 + i]);
    for (SlotRecord& record : parts_.update->slots) {
      record.slot.kind = SlotKind::OptimizerState;
      add(record, record.current, record.updated.value_or(record.current));
    }
    builder.addResult(results_[0], "loss");
    for (std::size_t i = 0; i < spec_.metrics.size(); ++i)
      builder.addResult(results_[1 + states_.size() + i], spec_.metrics[i].name);
    orderParameters(builder.function(), order);
  }

  Elaborator& elaborator_;
  const TrainSpec& spec_;
  const DataProgram& data_;
  std::int64_t batch_;
  ir::Module module_;
  ir::FunctionId loss_, step_;
  StepParts parts_;
  std::vector<SlotRecord*> parameters_, states_;
  std::vector<ir::Value> arguments_;  // of the step: what the loss takes, in its order
  std::vector<ir::Value> results_, gradients_;
  std::vector<ir::Value> updated_;  // one per parameter
};

}  // namespace

std::optional<StepParts> buildStep(Elaborator& elaborator, const TrainSpec& spec, const DataProgram& data,
                                   std::int64_t batch) {
  return StepBuilder(elaborator, spec, data, batch).run();
}

std::optional<NetworkTensors> networkTensors(Elaborator& elaborator, const TrainSpec& spec, const DataProgram& data,
                                             std::int64_t batch) {
  ir::Module module;
  Forward forward(module, module.addFunction("loss"), Mode::Train);
  if (!traceForward(elaborator, spec, data, batch, forward)) return std::nullopt;
  NetworkTensors tensors;
  for (const bool isParameter : {true, false})
    for (const SlotRecord& record : forward.trace.slots)
      if ((record.slot.kind == SlotKind::Parameter) == isParameter) tensors.slots.push_back(record.slot);
  tensors.totals = std::move(forward.trace.totals);
  return tensors;
}

bool checkTotals(Elaborator& elaborator, const std::vector<BatchTotal>& totals, const std::vector<ir::Type>& others) {
  for (std::size_t i = 0; i < totals.size() && i < others.size(); ++i) {
    if (totals[i].type.shape == others[i].shape) continue;
    elaborator.error<diag::BatchTotal>(
        totals[i].span,
        fmt::format("the shape of what is summed depends on the batch: it is {} for one size and {} for another",
                    ir::toString(totals[i].type), ir::toString(others[i])));
    return false;
  }
  return true;
}

std::optional<BatchProgram> buildEvaluation(Elaborator& elaborator, const TrainSpec& spec, const DataProgram& data,
                                            const std::vector<Slot>& slots, const std::vector<ir::Type>& totals,
                                            std::int64_t batch) {
  BatchProgram program;
  program.batch = batch;
  program.function = program.module.addFunction("evaluate");
  Forward forward(program.module, program.function, Mode::Eval);
  if (!traceForward(elaborator, spec, data, batch, forward)) return std::nullopt;
  if (!checkTotals(elaborator, forward.trace.totals, totals)) return std::nullopt;
  ir::Builder& builder = forward.trace.builder;
  builder.setLocation(spec.loss.span, {});
  const auto perExample = [&](ir::Value value) {
    return builder.broadcast(value, {batch},
                             builder.type(value).shape.empty() ? std::vector<int>{} : std::vector<int>{0});
  };
  builder.addResult(perExample(forward.loss), "loss");
  for (std::size_t i = 0; i < forward.metrics.size(); ++i) {
    const std::string& name = spec.metrics[i].name;
    const bool isTotal = std::any_of(forward.trace.totals.begin(), forward.trace.totals.end(),
                                     [&](const BatchTotal& total) { return total.metric == name; });
    builder.addResult(isTotal ? forward.metrics[i] : perExample(forward.metrics[i]), name);
  }
  for (const auto& [name, value] : forward.outputs) {
    builder.addResult(value, name);
    program.outputs.push_back(name);
  }
  std::vector<ir::Value> order;
  if (!matchSlots(elaborator, forward.trace, slots, order)) return std::nullopt;
  ir::Function& function = builder.function();
  for (const BatchTotal& total : forward.trace.totals) {
    function.aliases.push_back({static_cast<int>(function.results.size()), static_cast<int>(order.size())});
    builder.addResult(total.after, function.parameterNames[static_cast<std::size_t>(
                                       function.values[static_cast<std::size_t>(total.before.index)].resultIndex)]);
    order.push_back(total.before);
  }
  orderParameters(function, order);
  program.fields = forward.fields;
  return program;
}

bool matchSlots(Elaborator& elaborator, Trace& trace, const std::vector<Slot>& slots, std::vector<ir::Value>& order) {
  for (const Slot& slot : slots) {
    if (slot.kind == SlotKind::OptimizerState) continue;
    const SlotRecord* const record = trace.findSlot(slot.path);
    order.push_back(record != nullptr ? record->current : trace.builder.addParameter(slot.type, slot.path));
  }
  for (const SlotRecord& record : trace.slots) {
    if (record.slot.kind == SlotKind::SessionState) continue;
    const bool isKnown =
        std::any_of(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.path == record.slot.path; });
    if (isKnown) continue;
    elaborator.error<diag::SlotOfOneMode>(placeOf(elaborator, record), record.slot.path);
    return false;
  }
  return true;
}

}  // namespace nnc::elaborate
