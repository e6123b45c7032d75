#include "elaborate/observation.h"

#include <fmt/format.h>

#include <algorithm>

#include "elaborate/builtins.h"

namespace nnc::elaborate {

bool isInside(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) &&
         (path.size() == prefix.size() || path[prefix.size()] == '.' || path[prefix.size()] == '[');
}

/// A recipe of two lists whose first one is open stands for all of its kind: `dense` for `dense(10)`.
static bool isSame(const Value& wanted, const Callable& applied) {
  const Callable& callable = *asCallable(wanted);
  const DeclaredCallable* const a = callable.declared();
  const DeclaredCallable* const b = applied.declared();
  if (a != nullptr && b != nullptr && a->bound == nullptr) return a->decl == b->decl;
  return equalValues(&callable, &applied);
}

static bool hasWeight(const Instance& instance) {
  return std::any_of(instance.slots.begin(), instance.slots.end(), [](const auto& named) {
    return named.second->slot.kind == SlotKind::Parameter && named.second->slot.type.rank() >= 2;
  });
}

bool Observation::isActivation(const Callable& applied) const {
  if (std::any_of(activations_.begin(), activations_.end(), [&](const Value& value) { return isSame(value, applied); }))
    return true;
  if (const auto* builtin = std::get_if<BuiltinCallable>(&applied.node)) return builtin->builtin->name == "tanh";
  const DeclaredCallable* const declared = applied.declared();
  return declared != nullptr && declared->home->path == "<stdlib>/activations.nn" &&
         declared->decl->name.text != "identity";
}

bool Observation::asks(const Watch& watch, const Callable& applied, const Instance* instance) const {
  switch (watch.kind) {
    case Watch::Kind::Callable:
      return isSame(watch.callable, applied);
    case Watch::Kind::WeightLayer:
      return instance != nullptr && hasWeight(*instance);
    case Watch::Kind::Norm:
      return applied.declared() != nullptr && applied.declared()->home->path == "<stdlib>/norms.nn" &&
             applied.declared()->decl->kind == syntax::CallableKind::Layer;
    case Watch::Kind::Activation:
      return activationDepth_ == 1 && isActivation(applied);
  }
  return false;
}

/// The path of the instance; for a pure function, the place where it is applied and its name.
std::string Observation::pathOf(const Callable& applied, const CallSite& site, const Instance* instance) {
  std::string path;
  if (instance != nullptr) {
    path = instance->path;
  } else {
    const Frame& frame = elaborator_.frame();
    path = frame.instance != nullptr ? frame.instance->path : "net";
    if (!frame.binding.empty()) path += "." + frame.binding;
    const bool hasName = applied.declared() != nullptr || std::holds_alternative<BuiltinCallable>(applied.node);
    path += "." + (hasName || site.name.empty() ? applied.name() : std::string(site.name));
    path += frame.repeatSuffix;
  }
  return path;
}

Value Observation::replace(const Value& value, std::string path, const Callable& applied, const CallSite& site,
                           std::vector<std::size_t> watches, Watch::Side side) {
  const Traced& tensor = *asTraced(value);
  // What goes into an application and what comes out of it have one path.
  if (const int count = ++counts_[{side, path}]; count > 1) path += fmt::format("_{}", count);
  Observed observed{path, &applied, tensor.value, {}, tensor.type, std::move(watches)};
  if (!hasDeltas_) {
    tensors_.push_back(std::move(observed));
    return value;
  }
  ir::Builder& builder = elaborator_.at(site.span);
  observed.delta = builder.addParameter(tensor.type, (side == Watch::Side::Inputs ? "delta/in/" : "delta/") + path);
  observed.value = builder.add(tensor.value, observed.delta);
  Traced made = tensor;
  made.value = observed.value;
  made.slot = nullptr;
  tensors_.push_back(std::move(observed));
  return elaborator_.keep(std::move(made));
}

bool Observation::startsAgain() {
  if (!hasNewNoise_) return false;
  hasNewNoise_ = false;
  tensors_.clear();
  counts_.clear();
  inScan_.clear();
  return true;
}

static bool isFloatTensor(const Value& value) {
  const Traced* const tensor = asTraced(value);
  return tensor != nullptr && ir::isFloat(tensor->type.dtype);
}

Observation::Application::Application(Observation* observation, const Callable& callable,
                                      std::vector<Argument>& arguments, const CallSite& site)
    : observation_(observation), callable_(callable), site_(site) {
  if (observation_ == nullptr) return;
  Observation& all = *observation_;
  isActivation_ = all.isActivation(callable);
  if (isActivation_) ++all.activationDepth_;
  std::vector<std::size_t> inputs;
  for (std::size_t i = 0; i < all.watches_.size(); ++i) {
    const Watch& watch = all.watches_[i];
    if (watch.side == Watch::Side::Outputs)
      outputs_.push_back(i);
    else if (!arguments.empty() && isFloatTensor(arguments[0].value) && all.asks(watch, callable, nullptr))
      inputs.push_back(i);
  }
  if (inputs.empty()) return;
  if (all.elaborator_.frame().insideScan) {
    all.inScan_.insert(inputs.begin(), inputs.end());
    return;
  }
  const std::string path = all.pathOf(callable, site, nullptr);
  std::erase_if(inputs, [&](std::size_t i) { return !isInside(path, all.watches_[i].inside); });
  if (!inputs.empty())
    arguments[0].value = all.replace(arguments[0].value, path, callable, site, std::move(inputs), Watch::Side::Inputs);
}

Observation::Application::~Application() {
  if (isActivation_) --observation_->activationDepth_;
}

Value Observation::Application::finish(const Value& result, const Instance* instance) {
  if (observation_ == nullptr || outputs_.empty() || !isFloatTensor(result)) return result;
  Observation& all = *observation_;
  std::erase_if(outputs_, [&](std::size_t i) { return !all.asks(all.watches_[i], callable_, instance); });
  if (outputs_.empty()) return result;
  if (all.elaborator_.frame().insideScan) {
    all.inScan_.insert(outputs_.begin(), outputs_.end());
    return result;
  }
  const std::string path = all.pathOf(callable_, site_, instance);
  std::erase_if(outputs_, [&](std::size_t i) { return !isInside(path, all.watches_[i].inside); });
  return outputs_.empty() ? result
                          : all.replace(result, path, callable_, site_, std::move(outputs_), Watch::Side::Outputs);
}

}  // namespace nnc::elaborate
