// Whether the hidden layers of a network are a plain chain, found in what was traced and not in names.
#include <algorithm>

#include "elaborate/probe_network.h"

namespace nnc::elaborate {

namespace {

/// By number, as they are traced.
enum Watched : std::size_t { Layers, Activations, ActivationInputs, NormInputs, Norms };

std::vector<Watch> watches() {
  const auto watch = [](Watch::Side side, Watch::Kind kind) {
    return Watch{.side = side, .kind = kind, .callable = {}};
  };
  return {watch(Watch::Side::Outputs, Watch::Kind::WeightLayer), watch(Watch::Side::Outputs, Watch::Kind::Activation),
          watch(Watch::Side::Inputs, Watch::Kind::Activation), watch(Watch::Side::Inputs, Watch::Kind::Norm),
          watch(Watch::Side::Outputs, Watch::Kind::Norm)};
}

/// The weight of `z = a W`, with a bias added or not; empty: z is something else.
std::string weightBetween(const ir::Function& function, ir::Value a, ir::Value z) {
  const auto definition = [&](ir::Value value) -> const ir::Node* {
    const ir::NodeId id = function.values[static_cast<std::size_t>(value.index)].definition;
    return id.isValid() ? &function.nodes[static_cast<std::size_t>(id.index)] : nullptr;
  };
  const ir::Node* node = definition(z);
  if (node != nullptr && node->op == ir::Op::Add) node = definition(node->operands[0]);
  if (node == nullptr || node->op != ir::Op::Contract || node->operands[0] != a) return "";
  const auto parameter = std::find(function.parameters.begin(), function.parameters.end(), node->operands[1]);
  if (parameter == function.parameters.end()) return "";
  return function.parameterNames[static_cast<std::size_t>(parameter - function.parameters.begin())];
}

/// The name of a function of the stdlib, or of a built-in one.
std::string standardName(const Value& value) {
  const Callable& callable = *asCallable(value);
  const DeclaredCallable* const declared = callable.declared();
  const bool isStandard =
      declared != nullptr ? declared->home->isStdlib : std::holds_alternative<BuiltinCallable>(callable.node);
  return isStandard ? callable.name() : "";
}

class ChainFinder {
 public:
  explicit ChainFinder(ProbeNetwork& network) : function_(network.builder().function()) {
    for (const Observed& tensor : network.observation().tensors())
      for (const std::size_t watch : tensor.watches) tensors_[watch].push_back(&tensor);
  }

  std::optional<LayerChain> find() const {
    const std::vector<const Observed*>& layers = tensors_[Layers];
    LayerChain chain;
    for (std::size_t i = 0; i + 2 < layers.size(); ++i) {
      // The last layer is the output; the hidden ones in front of it are compared where they are as large as its input.
      if (layers[i]->type != layers[layers.size() - 2]->type) continue;
      if (!addStep(*layers[i], *layers[i + 1], chain)) return std::nullopt;
    }
    return chain.weights.empty() ? std::nullopt : std::optional(chain);
  }

 private:
  /// What the application that takes `input` gives; null: none of these does. They do not nest, so that each one's
  /// result comes before the next one's input.
  const Observed* appliedTo(ir::Value input, Watched inputs, Watched outputs) const {
    if (tensors_[inputs].size() != tensors_[outputs].size()) return nullptr;
    for (std::size_t i = 0; i < tensors_[inputs].size(); ++i)
      if (tensors_[inputs][i]->value == input) return tensors_[outputs][i];
    return nullptr;
  }

  bool addStep(const Observed& from, const Observed& to, LayerChain& chain) const {
    if (from.type != to.type) return false;
    const Observed* const norm = appliedTo(from.value, NormInputs, Norms);
    if (norm != nullptr && standardName(norm->callable) != "batch_norm") return false;
    const Observed* const activation =
        appliedTo(norm != nullptr ? norm->value : from.value, ActivationInputs, Activations);
    if (activation == nullptr) return false;
    const std::string weight = weightBetween(function_, activation->value, to.value);
    const std::string name = standardName(activation->callable);
    if (weight.empty() || name.empty()) return false;
    if (!chain.weights.empty() && (chain.activation != name || chain.isNormed != (norm != nullptr))) return false;
    chain.activation = name;
    chain.isNormed = norm != nullptr;
    chain.weights.push_back(weight);
    return true;
  }

  const ir::Function& function_;
  std::vector<const Observed*> tensors_[Norms + 1];
};

}  // namespace

std::optional<ProbeProgram> buildLayerChain(Elaborator& elaborator, const ProbedTrain& train) {
  ProbeNetwork network(elaborator, train);
  if (!network.trace(watches(), /*hasDeltas=*/false)) return std::nullopt;
  std::optional<LayerChain> chain = ChainFinder(network).find();
  network.builder().addResult(network.loss(), "loss");
  ProbeProgram program = network.finish(network.function());
  program.chain = std::move(chain);
  return program;
}

}  // namespace nnc::elaborate
