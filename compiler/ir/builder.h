// Appends nodes to a function. Types are inferred; a wrong operand is a programming error and stops the program, so
// callers that handle user input check with inferTypes first.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "ir/module.h"

namespace nnc::ir {

class Builder {
 public:
  /// Appends to `function`. The module may grow while the builder lives: functions are looked up by id.
  Builder(Module& module, FunctionId function) : module_(module), function_(function) {}

  Module& module() { return module_; }
  FunctionId functionId() const { return function_; }
  Function& function() { return module_.function(function_); }
  const Type& type(Value value) { return function().type(value); }

  /// Nodes made from here on carry this place and path.
  void setLocation(Span span, ScopeId scope) {
    span_ = span;
    scope_ = scope;
  }
  Span span() const { return span_; }
  ScopeId scope() const { return scope_; }

  Value addParameter(Type type, std::string name);
  void addResult(Value value, std::string name);
  /// Any op; `results` of the new node.
  std::vector<Value> append(Op op, std::vector<Value> operands, Attributes attributes = NoAttributes{});
  Value appendOne(Op op, std::vector<Value> operands, Attributes attributes = NoAttributes{});

  Value constant(Type type, double splat);           // any dtype; the splat is converted
  Value constantInt(Type type, std::int64_t splat);  // integers and bool
  Value constantLike(Value like, double splat) { return constant(type(like), splat); }
  Value constantDense(ConstAttributes attributes);
  Value iota(Type type, int axis);
  Value random(Type type, std::uint64_t key, Value seed, Value counter);

  Value neg(Value x) { return appendOne(Op::Neg, {x}); }
  Value exp(Value x) { return appendOne(Op::Exp, {x}); }
  Value log(Value x) { return appendOne(Op::Log, {x}); }
  Value sqrt(Value x) { return appendOne(Op::Sqrt, {x}); }
  Value sin(Value x) { return appendOne(Op::Sin, {x}); }
  Value tanh(Value x) { return appendOne(Op::Tanh, {x}); }
  Value floor(Value x) { return appendOne(Op::Floor, {x}); }
  Value cast(Value x, DType dtype) {
    return type(x).dtype == dtype ? x : appendOne(Op::Cast, {x}, CastAttributes{dtype});
  }
  Value add(Value a, Value b) { return appendOne(Op::Add, {a, b}); }
  Value sub(Value a, Value b) { return add(a, neg(b)); }
  Value mul(Value a, Value b) { return appendOne(Op::Mul, {a, b}); }
  Value div(Value a, Value b) { return appendOne(Op::Div, {a, b}); }
  Value max(Value a, Value b) { return appendOne(Op::Max, {a, b}); }
  Value rem(Value a, Value b) { return appendOne(Op::Rem, {a, b}); }
  Value compare(Predicate predicate, Value a, Value b) {
    return appendOne(Op::Compare, {a, b}, CompareAttributes{predicate});
  }
  Value select(Value condition, Value a, Value b) { return appendOne(Op::Select, {condition, a, b}); }
  Value reshape(Value x, Shape shape) {
    return type(x).shape == shape ? x : appendOne(Op::Reshape, {x}, ReshapeAttributes{std::move(shape)});
  }
  /// Identity permutations and full-shape broadcasts return `x`.
  Value transpose(Value x, std::vector<int> perm);
  Value broadcast(Value x, Shape shape, std::vector<int> dims);
  /// A scalar spread over `shape`.
  Value splat(Value scalar, Shape shape) { return broadcast(scalar, std::move(shape), {}); }
  Value slice(Value x, Shape lo, Shape hi, Shape step);
  Value pad(Value x, Shape lo, Shape hi, Shape interior, double value) {
    return appendOne(Op::Pad, {x}, PadAttributes{std::move(lo), std::move(hi), std::move(interior), value});
  }
  Value concat(std::vector<Value> operands, int axis) {
    return appendOne(Op::Concat, std::move(operands), ConcatAttributes{axis});
  }
  Value window(Value x, std::vector<WindowDim> dims) {
    return appendOne(Op::Window, {x}, WindowAttributes{std::move(dims)});
  }
  Value unwindow(Value x, std::vector<WindowDim> dims, Shape shape) {
    return appendOne(Op::Unwindow, {x}, UnwindowAttributes{std::move(dims), std::move(shape)});
  }
  /// No axes: `x` itself.
  Value reduceSum(Value x, std::vector<int> axes) {
    return axes.empty() ? x : appendOne(Op::ReduceSum, {x}, ReduceAttributes{std::move(axes)});
  }
  Value reduceMax(Value x, std::vector<int> axes) {
    return axes.empty() ? x : appendOne(Op::ReduceMax, {x}, ReduceAttributes{std::move(axes)});
  }
  Value contract(Value a, Value b, std::string la, std::string lb, std::string ly) {
    return appendOne(Op::Contract, {a, b}, ContractAttributes{std::move(la), std::move(lb), std::move(ly)});
  }
  Value gather(Value x, Value index, int axis) { return appendOne(Op::Gather, {x, index}, GatherAttributes{axis}); }
  Value scatter(Value base, Value index, Value update, int axis, ScatterMode mode) {
    return appendOne(Op::Scatter, {base, index, update}, ScatterAttributes{axis, mode});
  }
  Value stopGradient(Value x) { return appendOne(Op::StopGradient, {x}); }
  std::vector<Value> scan(ScanAttributes attributes, std::vector<Value> operands) {
    return append(Op::Scan, std::move(operands), attributes);
  }
  std::vector<Value> call(CallAttributes attributes, std::vector<Value> operands) {
    return append(Op::Call, std::move(operands), std::move(attributes));
  }

  /// Copies the body of `callee` here with `arguments` for its parameters; returns its results.
  std::vector<Value> inlineCall(FunctionId callee, const std::vector<Value>& arguments);

 private:
  Module& module_;
  FunctionId function_;
  Span span_;
  ScopeId scope_;
};

}  // namespace nnc::ir
