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
  Value constantLike(Value like, double splat);
  Value constantDense(ConstAttributes attributes);
  Value iota(Type type, int axis);
  Value random(Type type, std::uint64_t key, Value seed, Value counter);

  Value neg(Value x);
  Value exp(Value x);
  Value log(Value x);
  Value sqrt(Value x);
  Value sin(Value x);
  Value tanh(Value x);
  Value floor(Value x);
  Value cast(Value x, DType dtype);
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value div(Value a, Value b);
  Value max(Value a, Value b);
  Value rem(Value a, Value b);
  Value compare(Predicate predicate, Value a, Value b);
  Value select(Value condition, Value a, Value b);
  Value reshape(Value x, Shape shape);
  /// Identity permutations and full-shape broadcasts return `x`.
  Value transpose(Value x, std::vector<int> perm);
  Value broadcast(Value x, Shape shape, std::vector<int> dims);
  /// A scalar spread over `shape`.
  Value splat(Value scalar, Shape shape);
  Value slice(Value x, Shape lo, Shape hi, Shape step);
  Value pad(Value x, Shape lo, Shape hi, Shape interior, double value);
  Value concat(std::vector<Value> operands, int axis);
  Value window(Value x, std::vector<WindowDim> dims);
  Value unwindow(Value x, std::vector<WindowDim> dims, Shape shape);
  /// No axes: `x` itself.
  Value reduceSum(Value x, std::vector<int> axes);
  Value reduceMax(Value x, std::vector<int> axes);
  Value contract(Value a, Value b, std::string la, std::string lb, std::string ly);
  Value gather(Value x, Value index, int axis);
  Value scatter(Value base, Value index, Value update, int axis, ScatterMode mode);
  Value stopGradient(Value x);
  std::vector<Value> scan(ScanAttributes attributes, std::vector<Value> operands);
  std::vector<Value> call(CallAttributes attributes, std::vector<Value> operands);

  /// Copies the body of `callee` here with `arguments` for its parameters; returns its results.
  std::vector<Value> inlineCall(FunctionId callee, const std::vector<Value>& arguments);

 private:
  Module& module_;
  FunctionId function_;
  Span span_;
  ScopeId scope_;
};

}  // namespace nnc::ir
