#include "ir/builder.h"

#include <fmt/format.h>

#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "ir/tensor.h"

namespace nnc::ir {

/// A wrong node is a mistake of the compiler: say which, and stop.
[[noreturn]] static void stopOnWrongNode(Op op, const std::vector<Type>& operands, const std::string& error) {
  std::string types;
  for (const Type& type : operands) types += (types.empty() ? "" : ", ") + toString(type);
  fmt::print(stderr, "nnc: internal error: {}({}): {}\n", opInfo(op).name, types, error);
  std::abort();
}

Value Builder::addParameter(Type type, std::string name) {
  Function& f = function();
  ValueInfo info;
  info.type = std::move(type);
  info.resultIndex = static_cast<int>(f.parameters.size());
  f.values.push_back(std::move(info));
  const Value value(f.values.size() - 1);
  f.parameters.push_back(value);
  f.parameterNames.push_back(std::move(name));
  return value;
}

void Builder::addResult(Value value, std::string name) {
  function().results.push_back(value);
  function().resultNames.push_back(std::move(name));
}

std::vector<Value> Builder::append(Op op, std::vector<Value> operands, Attributes attributes) {
  std::vector<Type> types;
  types.reserve(operands.size());
  for (const Value operand : operands) {
    assert(operand.isValid() && "an operand that is no value");
    types.push_back(type(operand));
  }
  InferredTypes inferred = inferTypes(module_, op, types, attributes);
  if (!inferred.error.empty()) stopOnWrongNode(op, types, inferred.error);
  Function& f = function();
  const NodeId id(f.nodes.size());
  Node node;
  node.op = op;
  node.attributes = std::move(attributes);
  node.operands = std::move(operands);
  node.span = span_;
  node.scope = scope_;
  for (std::size_t i = 0; i < inferred.types.size(); ++i) {
    node.results.push_back(Value(f.values.size()));
    f.values.push_back({std::move(inferred.types[i]), id, static_cast<int>(i)});
  }
  std::vector<Value> results = node.results;
  f.nodes.push_back(std::move(node));
  f.body.push_back(id);
  f.plan.reset();
  return results;
}

Value Builder::appendOne(Op op, std::vector<Value> operands, Attributes attributes) {
  const std::vector<Value> results = append(op, std::move(operands), std::move(attributes));
  assert(results.size() == 1 && "an op of one result");
  return results[0];
}

Value Builder::constant(Type type, double splat) {
  if (!isFloat(type.dtype)) return constantInt(std::move(type), static_cast<std::int64_t>(splat));
  ConstAttributes attributes;
  attributes.type = std::move(type);
  attributes.isSplat = true;
  if (attributes.type.dtype == DType::F32) splat = static_cast<float>(splat);
  if (attributes.type.dtype == DType::BF16) splat = bf16ToFloat(floatToBf16(static_cast<float>(splat)));
  attributes.reals = {splat};
  return constantDense(std::move(attributes));
}

Value Builder::constantInt(Type type, std::int64_t splat) {
  if (isFloat(type.dtype)) return constant(std::move(type), static_cast<double>(splat));
  ConstAttributes attributes;
  attributes.type = std::move(type);
  attributes.isSplat = true;
  attributes.integers = {splat};
  return constantDense(std::move(attributes));
}

Value Builder::constantDense(ConstAttributes attributes) { return appendOne(Op::Const, {}, std::move(attributes)); }
Value Builder::iota(Type type, int axis) { return appendOne(Op::Iota, {}, IotaAttributes{std::move(type), axis}); }
Value Builder::random(Type type, std::uint64_t key, Value seed, Value counter) {
  return appendOne(Op::Random, {seed, counter}, RandomAttributes{std::move(type), key});
}

Value Builder::transpose(Value x, std::vector<int> perm) {
  std::vector<int> identity(perm.size());
  std::iota(identity.begin(), identity.end(), 0);
  return perm == identity ? x : appendOne(Op::Transpose, {x}, TransposeAttributes{std::move(perm)});
}

Value Builder::broadcast(Value x, Shape shape, std::vector<int> dims) {
  return type(x).shape == shape ? x
                                : appendOne(Op::Broadcast, {x}, BroadcastAttributes{std::move(shape), std::move(dims)});
}

Value Builder::slice(Value x, Shape lo, Shape hi, Shape step) {
  return appendOne(Op::Slice, {x}, SliceAttributes{std::move(lo), std::move(hi), std::move(step)});
}

// Bodies of one line stand here and not in the class: what copies and destroys attributes would be compiled once a
// file.
Value Builder::constantLike(Value like, double splat) { return constant(type(like), splat); }
Value Builder::neg(Value x) { return appendOne(Op::Neg, {x}); }
Value Builder::exp(Value x) { return appendOne(Op::Exp, {x}); }
Value Builder::log(Value x) { return appendOne(Op::Log, {x}); }
Value Builder::sqrt(Value x) { return appendOne(Op::Sqrt, {x}); }
Value Builder::sin(Value x) { return appendOne(Op::Sin, {x}); }
Value Builder::tanh(Value x) { return appendOne(Op::Tanh, {x}); }
Value Builder::floor(Value x) { return appendOne(Op::Floor, {x}); }
Value Builder::cast(Value x, DType dtype) {
  return type(x).dtype == dtype ? x : appendOne(Op::Cast, {x}, CastAttributes{dtype});
}
Value Builder::add(Value a, Value b) { return appendOne(Op::Add, {a, b}); }
Value Builder::sub(Value a, Value b) { return add(a, neg(b)); }
Value Builder::mul(Value a, Value b) { return appendOne(Op::Mul, {a, b}); }
Value Builder::div(Value a, Value b) { return appendOne(Op::Div, {a, b}); }
Value Builder::max(Value a, Value b) { return appendOne(Op::Max, {a, b}); }
Value Builder::rem(Value a, Value b) { return appendOne(Op::Rem, {a, b}); }
Value Builder::compare(Predicate predicate, Value a, Value b) {
  return appendOne(Op::Compare, {a, b}, CompareAttributes{predicate});
}
Value Builder::select(Value condition, Value a, Value b) { return appendOne(Op::Select, {condition, a, b}); }
Value Builder::reshape(Value x, Shape shape) {
  return type(x).shape == shape ? x : appendOne(Op::Reshape, {x}, ReshapeAttributes{std::move(shape)});
}
Value Builder::splat(Value scalar, Shape shape) { return broadcast(scalar, std::move(shape), {}); }
Value Builder::pad(Value x, Shape lo, Shape hi, Shape interior, double value) {
  return appendOne(Op::Pad, {x}, PadAttributes{std::move(lo), std::move(hi), std::move(interior), value});
}
Value Builder::concat(std::vector<Value> operands, int axis) {
  return appendOne(Op::Concat, std::move(operands), ConcatAttributes{axis});
}
Value Builder::window(Value x, std::vector<WindowDim> dims) {
  return appendOne(Op::Window, {x}, WindowAttributes{std::move(dims)});
}
Value Builder::unwindow(Value x, std::vector<WindowDim> dims, Shape shape) {
  return appendOne(Op::Unwindow, {x}, UnwindowAttributes{std::move(dims), std::move(shape)});
}
Value Builder::reduceSum(Value x, std::vector<int> axes) {
  return axes.empty() ? x : appendOne(Op::ReduceSum, {x}, ReduceAttributes{std::move(axes)});
}
Value Builder::reduceMax(Value x, std::vector<int> axes) {
  return axes.empty() ? x : appendOne(Op::ReduceMax, {x}, ReduceAttributes{std::move(axes)});
}
Value Builder::contract(Value a, Value b, std::string la, std::string lb, std::string ly) {
  return appendOne(Op::Contract, {a, b}, ContractAttributes{std::move(la), std::move(lb), std::move(ly)});
}
Value Builder::gather(Value x, Value index, int axis) {
  return appendOne(Op::Gather, {x, index}, GatherAttributes{axis});
}
Value Builder::scatter(Value base, Value index, Value update, int axis, ScatterMode mode) {
  return appendOne(Op::Scatter, {base, index, update}, ScatterAttributes{axis, mode});
}
Value Builder::stopGradient(Value x) { return appendOne(Op::StopGradient, {x}); }
std::vector<Value> Builder::scan(ScanAttributes attributes, std::vector<Value> operands) {
  return append(Op::Scan, std::move(operands), attributes);
}
std::vector<Value> Builder::call(CallAttributes attributes, std::vector<Value> operands) {
  return append(Op::Call, std::move(operands), std::move(attributes));
}

std::vector<Value> Builder::inlineCall(FunctionId callee, const std::vector<Value>& arguments) {
  // A copy: appending may move the functions of the module.
  const Function body = module_.function(callee);
  assert(body.parameters.size() == arguments.size() && "one argument per parameter");
  std::vector<Value> map(body.values.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) map[body.parameters[i].index] = arguments[i];
  const Span outerSpan = span_;
  const ScopeId outerScope = scope_;
  for (const NodeId id : body.body) {
    const Node& node = body.node(id);
    std::vector<Value> operands;
    for (const Value operand : node.operands) operands.push_back(map[operand.index]);
    setLocation(node.span ? node.span : outerSpan, node.scope.isValid() ? node.scope : outerScope);
    const std::vector<Value> results = append(node.op, std::move(operands), node.attributes);
    for (std::size_t i = 0; i < results.size(); ++i) map[node.results[i].index] = results[i];
  }
  setLocation(outerSpan, outerScope);
  std::vector<Value> results;
  for (const Value result : body.results) results.push_back(map[result.index]);
  return results;
}

}  // namespace nnc::ir
