#include "elaborate/probe_network.h"

#include <utility>

#include "elaborate/scope.h"

namespace nnc::elaborate {

/// Functions that are parameters of the train: what the user calls an activation.
static std::vector<Value> functionParameters(const TrainSpec& spec) {
  std::vector<Value> functions;
  for (const syntax::ParamDecl& parameter : spec.block->parameters) {
    const auto* const type = std::get_if<syntax::NamedType>(&parameter.type->node);
    const Name* const name = spec.parameters->findHere(parameter.name.text);
    const bool isFunction = type != nullptr && type->name.text == "fn";
    if (isFunction && name != nullptr && asCallable(name->value) != nullptr) functions.push_back(name->value);
  }
  return functions;
}

bool ProbeNetwork::trace(const std::vector<Watch>& watches, bool hasDeltas) {
  observation_ = std::make_unique<Observation>(elaborator_, watches, functionParameters(train_.spec), hasDeltas);
  do {
    program_.module = {};
    function_ = program_.module.addFunction("network");
    forward_ = std::make_unique<Forward>(program_.module, function_, Mode::Train);
    forward_->trace.observation = observation_.get();
    if (!traceForward(elaborator_, train_.spec, train_.data, train_.batch, *forward_)) return false;
  } while (observation_->startsAgain());
  builder().setLocation(train_.spec.loss.span, {});
  loss_ = meanOf(builder(), forward_->loss);
  std::vector<ir::Value> order;
  if (!matchSlots(elaborator_, forward_->trace, train_.slots, order)) return false;
  orderParameters(builder().function(), order);
  return true;
}

std::vector<ProbeNetwork::Trained> ProbeNetwork::trained() const {
  std::vector<Trained> trained;
  int parameter = 0;
  for (const Slot& slot : train_.slots) {
    if (slot.kind == SlotKind::OptimizerState) continue;
    if (slot.kind == SlotKind::Parameter && slot.isTrained)
      trained.push_back({parameter, &slot, forward_->trace.findSlot(slot.path)});
    ++parameter;
  }
  return trained;
}

ProbeNetwork::Gradients ProbeNetwork::callGradients(ir::Builder& caller) {
  const ir::Function network = module().function(function_);  // a copy: the caller's nodes move functions
  const std::size_t tensors = observation_->tensors().size();
  ir::CallAttributes call;
  call.name = network.name;
  call.body = function_;
  call.kind = ir::CallKind::Gradient;
  for (const Trained& each : trained()) call.wrt.push_back(each.parameter);
  const std::size_t trainedCount = call.wrt.size();
  std::vector<ir::Value> arguments;
  for (std::size_t i = 0; i < network.parameters.size(); ++i) {
    const ir::Type& type = network.type(network.parameters[i]);
    const bool isDelta = i + tensors >= network.parameters.size();
    if (isDelta) call.wrt.push_back(static_cast<int>(i));
    arguments.push_back(isDelta ? caller.constant(type, 0.0) : caller.addParameter(type, network.parameterNames[i]));
  }
  std::vector<ir::Value> all = caller.call(call, arguments);
  Gradients made;
  const auto first = all.begin() + static_cast<std::ptrdiff_t>(network.results.size());
  const auto second = first + static_cast<std::ptrdiff_t>(trainedCount);
  made.results.assign(all.begin(), first);
  made.trained.assign(first, second);
  made.tensors.assign(second, all.end());
  return made;
}

ProbeProgram ProbeNetwork::finish(ir::FunctionId function) {
  program_.function = function;
  program_.batch = train_.batch;
  program_.fields = forward_->fields;
  program_.outputs = program_.module.function(function).resultNames;
  return std::move(program_);
}

}  // namespace nnc::elaborate
