// Rules of the ops that run functions: scan and call.
//
// The reverse of a scan runs its steps backwards. A step of the reverse needs what its forward step read, so the
// forward scan is made to emit the carries that entered each step; everything else of the step is computed again.
#include <cassert>
#include <utility>

#include "autodiff/backpropagate.h"
#include "autodiff/rules.h"
#include "ir/call_graph.h"
#include "ir/edit.h"
#include "ir/gradient_flow.h"

namespace nnc::autodiff::rules {

using ir::FunctionId;
using ir::ScanAttributes;
using ir::Shape;
using ir::Type;
using ir::Value;

/// A composite with a vjp of its own: vjp(operands.., cotangents..) gives a cotangent per operand. Composites without
/// one have been expanded by copyForward.
void Call(Vjp& v) {
  const auto& call = std::get<ir::CallAttributes>(v.node.attributes);
  assert(call.kind == ir::CallKind::Composite && call.vjp && "calls without a vjp are expanded before the sweep");
  std::vector<Value> operands = v.node.operands;
  for (std::size_t i = 0; i < v.cotangents.size(); ++i) {
    const Value g = v.cotangents[i];
    operands.push_back(g.isValid() ? g : v.b.constantLike(v.node.results[i], 0.0));
  }
  const std::vector<Value> results =
      v.b.call({.name = call.name + "_vjp", .body = *call.vjp, .wrt = {}}, std::move(operands));
  for (std::size_t i = 0; i < v.node.operands.size(); ++i) v.give(static_cast<int>(i), results[i]);
}

namespace {

/// The reverse of one scan. Members named `...Of` hold positions: of carries, xs, consts or results of the forward
/// body.
class ReverseScan {
 public:
  explicit ReverseScan(Vjp& v);
  void run();

 private:
  /// A parameter of the reverse body with what the reverse scan passes for it.
  struct Argument {
    Value parameter;
    Value operand;
  };

  void buildBody();
  void addParameters(ir::Builder& body, std::vector<Value>& forwardArguments, std::vector<Seed>& seeds);
  void addResults(ir::Builder& body, const std::vector<Value>& wrt, const std::vector<Value>& cotangents);
  void dropUnused(std::vector<Argument>& arguments);
  void emitEnteringCarries();
  Value cotangentOf(int result);
  Value zeros(const Type& type) { return v_.b.constant(type, 0.0); }

  Vjp& v_;
  const ScanAttributes scan_;
  int consts_ = 0;              // how many
  std::vector<int> carriesOf_;  // carries whose cotangent travels backwards
  std::vector<int> xsOf_;       // wanted xs, counted from 0
  std::vector<int> constsOf_;   // wanted consts, counted from 0
  std::vector<int> xsGiven_;    // of xsOf_: those whose cotangent is not zero
  FunctionId body_;
  std::vector<Argument> entering_;  // xs of the reverse scan: entering carry i of entersOf_[i] ..
  std::vector<int> entersOf_;
  std::vector<Argument> others_;     // .. then xs and cotangents of ys,
  std::vector<Argument> constants_;  // and its consts
};

ReverseScan::ReverseScan(Vjp& v)
    : v_(v),
      scan_(std::get<ScanAttributes>(v.node.attributes)),
      consts_(static_cast<int>(v.node.operands.size()) - scan_.carries - scan_.xs) {
  const ir::Module& module = v.b.module();
  std::vector<bool> operands;
  for (std::size_t i = 0; i < v.node.operands.size(); ++i) operands.push_back(v.wants(static_cast<int>(i)));
  std::vector<bool> results;
  for (const Value g : v.cotangents) results.push_back(g.isValid());
  const std::vector<bool> active = ir::activeScanParameters(module, scan_, operands);
  const std::vector<bool> useful =
      ir::usefulParameters(module, scan_.body, ir::usefulScanResults(module, scan_, std::move(results)));
  for (int i = 0; i < scan_.carries; ++i)
    if (active[i] && (useful[i] || v.cotangents[i].isValid())) carriesOf_.push_back(i);
  for (int i = 0; i < scan_.xs; ++i)
    if (operands[scan_.carries + i] && useful[scan_.carries + i]) xsOf_.push_back(i);
  for (int i = 0; i < consts_; ++i)
    if (operands[scan_.carries + scan_.xs + i] && useful[scan_.carries + scan_.xs + i]) constsOf_.push_back(i);
}

Value ReverseScan::cotangentOf(int result) {
  const Value g = v_.cotangents[result];
  return g.isValid() ? g : v_.b.constantLike(v_.node.results[result], 0.0);
}

/// (cotangents of carries, sums of consts, | entering carries, xs, cotangents of ys, | consts)
void ReverseScan::addParameters(ir::Builder& body, std::vector<Value>& forwardArguments, std::vector<Seed>& seeds) {
  const ir::Module& module = v_.b.module();
  const auto forwardParameter = [&](int i) {
    const ir::Function& forward = module.function(scan_.body);
    return std::pair(forward.type(forward.parameters[i]), forward.parameterNames[i]);
  };
  const auto forwardResult = [&](int i) { return module.function(scan_.body).results[i]; };
  const auto forwardResultType = [&](int i) { return module.function(scan_.body).type(forwardResult(i)); };

  for (const int carry : carriesOf_)
    seeds.push_back({Value(std::size_t(carry)), body.addParameter(forwardResultType(carry), "")});
  for (const int i : constsOf_) body.addParameter(forwardParameter(scan_.carries + scan_.xs + i).first, "");
  for (int i = 0; i < scan_.carries; ++i) {
    const auto [type, name] = forwardParameter(i);
    forwardArguments.push_back(body.addParameter(type, name));
    entering_.push_back({forwardArguments.back(), Value()});
    entersOf_.push_back(i);
  }
  for (int i = 0; i < scan_.xs; ++i) {
    const auto [type, name] = forwardParameter(scan_.carries + i);
    forwardArguments.push_back(body.addParameter(type, name));
    others_.push_back({forwardArguments.back(), v_.operand(scan_.carries + i)});
  }
  for (int i = scan_.carries; i < static_cast<int>(v_.cotangents.size()); ++i) {
    if (!v_.cotangents[i].isValid()) continue;
    const Value g = body.addParameter(forwardResultType(i), "");
    seeds.push_back({Value(std::size_t(i)), g});
    others_.push_back({g, v_.cotangents[i]});
  }
  for (int i = 0; i < consts_; ++i) {
    const auto [type, name] = forwardParameter(scan_.carries + scan_.xs + i);
    forwardArguments.push_back(body.addParameter(type, name));
    constants_.push_back({forwardArguments.back(), v_.operand(scan_.carries + scan_.xs + i)});
  }
}

/// (cotangents of carries, sums of consts, cotangents of xs)
void ReverseScan::addResults(ir::Builder& body, const std::vector<Value>& wrt, const std::vector<Value>& cotangents) {
  const std::size_t carries = carriesOf_.size(), consts = constsOf_.size();
  for (std::size_t i = 0; i < carries; ++i)
    body.addResult(cotangents[i].isValid() ? cotangents[i] : body.constantLike(wrt[i], 0.0), "");
  for (std::size_t i = 0; i < consts; ++i) {
    const Value sum = body.function().parameters[carries + i];
    const Value more = cotangents[carries + i];
    body.addResult(more.isValid() ? body.add(sum, more) : sum, "");
  }
  for (std::size_t i = 0; i < xsOf_.size(); ++i) {
    const Value g = cotangents[carries + consts + i];
    if (!g.isValid()) continue;
    xsGiven_.push_back(xsOf_[i]);
    body.addResult(g, "");
  }
}

void ReverseScan::buildBody() {
  ir::Module& module = v_.b.module();
  const std::string name = module.function(scan_.body).name + "_vjp";
  body_ = module.addFunction(ir::freshFunctionName(module, name));
  ir::Builder body(module, body_);
  body.setLocation(v_.b.span(), v_.b.scope());
  std::vector<Value> arguments;
  std::vector<Seed> seeds;  // first with positions of results, which are known after the copy
  addParameters(body, arguments, seeds);

  const Forward forward = copyForward(body, scan_.body, arguments);
  for (Seed& seed : seeds) seed.value = forward.results[seed.value.index];
  std::vector<Value> wrt;
  for (const int i : carriesOf_) wrt.push_back(arguments[i]);
  for (const int i : constsOf_) wrt.push_back(arguments[scan_.carries + scan_.xs + i]);
  for (const int i : xsOf_) wrt.push_back(arguments[scan_.carries + i]);
  addResults(body, wrt, backpropagate(body, forward.nodes, seeds, wrt));
}

/// Forgets the arguments that the reverse body does not read.
void ReverseScan::dropUnused(std::vector<Argument>& arguments) {
  const ir::Function& body = v_.b.module().function(body_);
  std::vector<bool> used(body.values.size(), false);
  for (const ir::NodeId id : body.body)
    for (const Value operand : body.node(id).operands) used[operand.index] = true;
  for (const Value result : body.results) used[result.index] = true;
  const bool areEntering = &arguments == &entering_;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!used[arguments[i].parameter.index]) continue;
    if (areEntering) entersOf_[kept] = entersOf_[i];
    arguments[kept++] = arguments[i];
  }
  arguments.resize(kept);
  if (areEntering) entersOf_.resize(kept);
}

/// Gives the forward scan one more result for each carry in `entersOf_`: the values that entered its steps.
void ReverseScan::emitEnteringCarries() {
  if (entersOf_.empty()) return;
  ir::Module& module = v_.b.module();
  ir::Function copy = module.function(scan_.body);
  for (const int carry : entersOf_) {
    copy.results.push_back(copy.parameters[carry]);
    copy.resultNames.push_back("");
  }
  const std::string name = ir::freshFunctionName(module, copy.name + "_saving");
  const FunctionId saving = module.addFunction(name);
  copy.name = name;
  module.function(saving) = std::move(copy);

  ir::Function& function = v_.b.function();
  ir::Node& node = function.node(v_.id);
  std::get<ScanAttributes>(node.attributes).body = saving;
  for (std::size_t i = 0; i < entersOf_.size(); ++i) {
    Type type = function.type(node.operands[entersOf_[i]]);
    type.shape.insert(type.shape.begin(), scan_.length);
    const Value result(function.values.size());
    function.values.push_back({std::move(type), v_.id, static_cast<int>(node.results.size())});
    node.results.push_back(result);
    entering_[i].operand = result;
  }
}

void ReverseScan::run() {
  if (carriesOf_.empty() && xsOf_.empty() && constsOf_.empty()) return;
  buildBody();
  ir::Module& module = v_.b.module();
  ir::dropDeadNodes(module.function(body_));
  for (auto* arguments : {&entering_, &others_, &constants_}) dropUnused(*arguments);
  emitEnteringCarries();

  const std::size_t carries = carriesOf_.size() + constsOf_.size();
  std::vector<Value> operands;
  std::vector<bool> keep(module.function(body_).parameters.size(), false);
  for (const int i : carriesOf_) operands.push_back(cotangentOf(i));
  for (const int i : constsOf_) operands.push_back(zeros(v_.operandType(scan_.carries + scan_.xs + i)));
  for (std::size_t i = 0; i < carries; ++i) keep[i] = true;
  for (const auto* arguments : {&entering_, &others_, &constants_}) {
    for (const Argument& argument : *arguments) {
      keep[module.function(body_).values[argument.parameter.index].resultIndex] = true;
      operands.push_back(argument.operand);
    }
  }
  ir::keepParameters(module.function(body_), keep);

  const ScanAttributes reverse{.body = body_,
                               .carries = static_cast<int>(carries),
                               .xs = static_cast<int>(entering_.size() + others_.size()),
                               .length = scan_.length,
                               .reverse = !scan_.reverse};
  const std::vector<Value> results = v_.b.scan(reverse, std::move(operands));
  std::size_t next = 0;
  for (const int i : carriesOf_) v_.give(i, results[next++]);
  for (const int i : constsOf_) v_.give(scan_.carries + scan_.xs + i, results[next++]);
  for (const int i : xsGiven_) v_.give(scan_.carries + i, results[next++]);
}

}  // namespace

void Scan(Vjp& v) { ReverseScan(v).run(); }

}  // namespace nnc::autodiff::rules
