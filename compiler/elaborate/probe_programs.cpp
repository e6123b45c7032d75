// The programs that native probes are made of.
#include <fmt/format.h>

#include "diagnostics/kinds/probes.h"
#include "elaborate/derivative.h"
#include "elaborate/outline.h"
#include "elaborate/probe_network.h"
#include "elaborate/scope.h"

namespace nnc::elaborate {

std::optional<ProbeProgram> buildLoss(Elaborator& elaborator, const ProbedTrain& train) {
  ProbeNetwork network(elaborator, train);
  if (!network.trace({})) return std::nullopt;
  network.builder().addResult(network.loss(), "loss");
  return network.finish(network.function());
}

/// `lr` of the optimizer as a function of the step that follows. Empty: the optimizer has none.
static std::optional<ir::Value> learningRate(Elaborator& elaborator, const TrainSpec& spec, Trace& trace) {
  const std::optional<Value> optimizer = elaborator.completed(spec.optimizer.function, spec.optimizer.span);
  const DeclaredCallable* const declared = optimizer ? asCallable(*optimizer)->declared() : nullptr;
  const Name* const rate =
      declared != nullptr && declared->bound != nullptr ? declared->bound->findHere("lr") : nullptr;
  if (rate == nullptr) return std::nullopt;
  if (const std::optional<double> number = asReal(rate->value))
    return trace.builder.constant({ir::DType::F32, {}}, *number);
  const Elaborator::Tracing tracing(elaborator, trace);
  const Span where = spec.optimizer.span;
  const Value step = elaborator.traced(trace.builder.cast(*trace.step, ir::DType::F32), where);
  const std::optional<Value> value = elaborator.apply(rate->value, {{"", step, where}}, CallSite{where, ""});
  const std::optional<ir::Value> scalar = value ? elaborator.toTensor(*value, where) : std::nullopt;
  if (!scalar || trace.builder.type(*scalar) != ir::Type{ir::DType::F32, {}}) return std::nullopt;
  return scalar;
}

std::optional<ProbeProgram> buildGradients(Elaborator& elaborator, const ProbedTrain& train) {
  ProbeNetwork network(elaborator, train);
  if (!network.trace({})) return std::nullopt;
  network.builder().addResult(network.loss(), "loss");
  const ir::FunctionId gradients = network.module().addFunction("gradients");
  Trace trace(network.module(), gradients, Mode::Train);
  ir::Builder& builder = trace.builder;
  const ProbeNetwork::Gradients made = network.callGradients(builder);
  builder.addResult(made.results[0], "loss");
  const std::vector<ProbeNetwork::Trained> trained = network.trained();
  for (std::size_t i = 0; i < trained.size(); ++i) builder.addResult(made.trained[i], trained[i].slot->path);
  trace.step = builder.function().parameters.back();
  if (const std::optional<ir::Value> rate = learningRate(elaborator, train.spec, trace)) builder.addResult(*rate, "lr");
  return network.finish(gradients);
}

/// The sum of the products of two tensors of one shape.
static ir::Value dot(ir::Builder& builder, ir::Value a, ir::Value b) {
  std::vector<int> axes;
  for (int axis = 0; axis < builder.type(a).rank(); ++axis) axes.push_back(axis);
  return builder.reduceSum(builder.mul(a, b), std::move(axes));
}

std::optional<ProbeProgram> buildInputGradient(Elaborator& elaborator, const ProbedTrain& train) {
  ProbeNetwork network(elaborator, train);
  if (!network.trace({})) return std::nullopt;
  const Forward& forward = network.forward();
  ir::Builder& builder = network.builder();
  const ir::Value input = forward.fieldValues[0], output = forward.outputs[0].second;
  if (!ir::isFloat(builder.type(input).dtype)) {
    elaborator.error<diag::ProbeInput>(train.spec.network.span, "grad_shatter", forward.fields[0],
                                       ir::toString(builder.type(input)));
    return std::nullopt;
  }
  const ir::Value weights = builder.addParameter(builder.type(output), "dy");
  const std::optional<ir::Value> gradient = derivative(builder, dot(builder, output, weights), {input, weights});
  builder.addResult(gradient ? *gradient : builder.constantLike(input, 0.0), forward.fields[0]);
  builder.addResult(output, "output");
  return network.finish(network.function());
}

std::optional<ProbeProgram> buildLayerJacobians(Elaborator& elaborator, const ProbedTrain& train) {
  ProbeNetwork network(elaborator, train);
  if (!network.trace({Watch{.kind = Watch::Kind::WeightLayer, .callable = {}}}, /*hasDeltas=*/false))
    return std::nullopt;
  ir::Builder& builder = network.builder();
  const std::deque<Observed>& layers = network.observation().tensors();
  // J^T v is the derivative of <z, v>; J u is that of <J^T v, u> by v, whatever v is, for J^T v is linear in it.
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    const Observed &from = layers[i], &to = layers[i + 1];
    if (!dependsOn(builder.function(), {from.value}, 0)[static_cast<std::size_t>(to.value.index)]) continue;
    const ir::Value v = builder.addParameter(to.type, "v/" + from.path);
    const ir::Value u = builder.addParameter(from.type, "u/" + from.path);
    const auto transposed = [&](ir::Value weights) {
      return derivative(builder, dot(builder, to.value, weights), {from.value, weights});
    };
    const ir::Value back = *transposed(v);
    const ir::Value forth = *derivative(builder, dot(builder, back, u), {v, u});
    builder.addResult(back, from.path);
    builder.addResult(*transposed(forth), from.path);
  }
  return network.finish(network.function());
}

}  // namespace nnc::elaborate
