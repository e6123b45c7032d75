// What probes see of a network while it is traced: the tensors that they ask for, each with a place for its derivative.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "elaborate/elaborator.h"

namespace nnc::elaborate {

/// `outputs(net, act)`: which tensors of the network.
struct Watch {
  enum class Side { Outputs, Inputs } side = Side::Outputs;
  /// Callable: every application of `callable`. WeightLayer: of every layer that declares a trained parameter with two
  /// axes or more. Norm: of every layer of std.norms. Activation: of every function of std.activations, tanh, and every function that is a parameter of
  /// the train; what an activation is made of counts as its inside.
  enum class Kind { Callable, WeightLayer, Norm, Activation } kind = Kind::Callable;
  Value callable;
  std::string inside = "net";  // the part of the network, as a path
};

/// A tensor that was asked for. `value` is the tensor plus `delta`, zeros that are a parameter of the traced function:
/// the derivative by `delta` is that by the tensor, and all of them come from one reverse sweep.
struct Observed {
  std::string path;  // of the application: `net.h.dense`; with `_2` behind the second one of a path
  Value callable;    // what was applied
  ir::Value value, delta;
  ir::Type type;
  std::vector<std::size_t> watches;  // those that asked for it, by number, ascending
};

/// Set in a Trace while the network of a probe is traced in mode .train.
///
/// Noise is off: a layer that draws random numbers itself sees mode .eval. Which ones do shows when they are traced, so
/// that a network is traced until `hasNewNoise` says no.
class Observation {
 public:
  /// `activations`: what counts as one besides those of the stdlib. Without deltas a tensor is itself.
  Observation(Elaborator& elaborator, std::vector<Watch> watches, std::vector<Value> activations, bool hasDeltas)
      : elaborator_(elaborator),
        watches_(std::move(watches)),
        activations_(std::move(activations)),
        hasDeltas_(hasDeltas) {}

  /// One application while it goes on.
  class Application {
   public:
    /// May put the watched input in place of the first argument.
    Application(Observation* observation, const Callable& callable, std::vector<Argument>& arguments,
                const CallSite& site);
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;
    ~Application();
    /// The result, or what is put in its place. `instance`: what the application made or used; null: a pure function.
    Value finish(const Value& result, const Instance* instance);

   private:
    Observation* observation_;  // null: nothing is observed here
    const Callable& callable_;
    const CallSite& site_;
    bool isActivation_ = false;
    std::vector<std::size_t> outputs_;  // watches that may ask for the result
  };

  /// A layer that is being traced draws random numbers.
  void noteNoise(const syntax::CallableDecl* layer) { hasNewNoise_ |= noisy_.insert(layer).second; }
  bool isNoisy(const syntax::CallableDecl* layer) const { return noisy_.contains(layer); }
  /// Whether a layer turned out to draw that was traced as if it did not. Forgets the tensors of that trace.
  bool startsAgain();

  const std::deque<Observed>& tensors() const { return tensors_; }
  const std::vector<Watch>& watches() const { return watches_; }
  /// Whether an application that a watch asks for stood in a scan, where each step has a tensor of its own.
  bool isInScan(std::size_t watch) const { return inScan_.contains(watch); }

 private:
  bool asks(const Watch& watch, const Callable& applied, const Instance* instance) const;
  bool isActivation(const Callable& applied) const;
  std::string pathOf(const Callable& applied, const CallSite& site, const Instance* instance);
  Value replace(const Value& value, std::string path, const Callable& applied, const CallSite& site,
                std::vector<std::size_t> watches, Watch::Side side);

  Elaborator& elaborator_;
  std::vector<Watch> watches_;
  std::vector<Value> activations_;
  bool hasDeltas_;
  std::deque<Observed> tensors_;
  std::map<std::pair<Watch::Side, std::string>, int> counts_;  // applications of each path
  std::set<std::size_t> inScan_;
  std::set<const syntax::CallableDecl*> noisy_;  // membership only
  bool hasNewNoise_ = false;
  int activationDepth_ = 0;
};

/// `path` is `prefix` or lies inside it.
bool isInside(std::string_view path, std::string_view prefix);

}  // namespace nnc::elaborate
