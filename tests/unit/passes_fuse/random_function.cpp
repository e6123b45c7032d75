#include "random_function.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "ir/builder.h"

namespace nnc::tests {

using ir::DType;
using ir::Op;
using ir::Shape;
using ir::Type;
using ir::Value;

namespace {

constexpr std::int64_t kMaxElements = 1500;

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}
  RandomFunction run(int nodes);

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return below(100) < percent; }
  ir::Builder b() { return ir::Builder(module_, entry_); }
  const ir::Function& f() { return module_.function(entry_); }
  const Type& type(Value value) { return f().type(value); }
  Value any() {
    return values_[values_.size() - 1 -
                   static_cast<std::size_t>(below(std::min<int>(14, static_cast<int>(values_.size()))))];
  }
  Value anyFloat();
  Value partner(Value value);
  void keep(Value value);
  void step();
  void elementwise();
  void view();
  void data();
  void reduce();
  void contract();
  void scatter();
  void scan();
  void source();
  void results();

  std::mt19937_64 random_;
  ir::Module module_;
  ir::FunctionId entry_;
  std::vector<Value> values_;
  Value index_, seed_;
  std::uint64_t key_ = 1;
};

}  // namespace

void Generator::keep(Value value) {
  if (type(value).elementCount() <= kMaxElements && type(value).rank() <= 5) values_.push_back(value);
}

Value Generator::anyFloat() {
  const Value value = any();
  return ir::isFloat(type(value).dtype) ? value : b().cast(value, DType::F32);
}

/// Another value of the same type, or one that is spread or made to fit.
Value Generator::partner(Value value) {
  std::vector<Value> same;
  for (const Value other : values_)
    if (type(other) == type(value)) same.push_back(other);
  if (same.size() > 1 && chance(70)) return same[static_cast<std::size_t>(below(static_cast<int>(same.size())))];
  for (const Value other : values_)
    if (type(other).rank() == 1 && type(other).dtype == type(value).dtype && chance(50))
      for (int axis = 0; axis < type(value).rank(); ++axis)
        if (type(value).shape[axis] == type(other).shape[0]) return b().broadcast(other, type(value).shape, {axis});
  return b().constantLike(value, below(5) - 2);
}

void Generator::elementwise() {
  const Value x = anyFloat();
  ir::Builder builder = b();
  const auto y = [&] { return partner(x); };
  switch (below(16)) {
    case 0:
      return keep(builder.neg(x));
    case 1:
      return keep(builder.exp(builder.tanh(x)));
    case 2:
      return keep(builder.tanh(x));
    case 3:
      return keep(builder.sin(x));
    case 4:
      return keep(builder.floor(x));
    case 5:
      return keep(builder.sqrt(builder.mul(x, x)));
    case 6:
      return keep(builder.log(builder.add(builder.mul(x, x), builder.constantLike(x, 1.0))));
    case 7:
      return keep(builder.div(x, y()));
    case 8:
      return keep(builder.cast(builder.cast(x, DType::I32), DType::F32));
    case 9:
      return keep(builder.max(x, y()));
    case 10:
      return keep(builder.rem(x, y()));
    case 11: {
      const Value other = y();
      return keep(builder.select(builder.compare(ir::Predicate::Gt, x, other), other, partner(x)));
    }
    case 12:
      return keep(builder.stopGradient(x));
    case 13:
      return keep(builder.mul(x, y()));
    default:
      return keep(builder.add(x, y()));
  }
}

void Generator::view() {
  const Value x = any();
  const Shape shape = type(x).shape;
  ir::Builder builder = b();
  switch (below(6)) {
    case 0: {
      std::vector<int> perm(shape.size());
      std::iota(perm.begin(), perm.end(), 0);
      std::shuffle(perm.begin(), perm.end(), random_);
      return keep(builder.transpose(x, perm));
    }
    case 1:
      return keep(builder.reshape(x, {type(x).elementCount()}));
    case 2: {  // split an axis, or add one of size one
      if (shape.empty()) return keep(builder.reshape(x, {1, 1}));
      Shape to = shape;
      const std::size_t axis = static_cast<std::size_t>(below(static_cast<int>(shape.size())));
      const std::int64_t factor = to[axis] % 2 == 0 ? 2 : to[axis] % 3 == 0 ? 3 : 1;
      to[axis] /= factor;
      to.insert(to.begin() + static_cast<std::ptrdiff_t>(axis), factor);
      return keep(builder.reshape(x, to));
    }
    case 3: {
      Shape to = shape;
      const int axis = below(static_cast<int>(shape.size()) + 1);
      to.insert(to.begin() + axis, 2 + below(3));
      std::vector<int> dims;
      for (int i = 0; i < static_cast<int>(shape.size()); ++i) dims.push_back(i < axis ? i : i + 1);
      return keep(builder.broadcast(x, to, dims));
    }
    case 4: {
      Shape lo, hi, steps;
      for (const std::int64_t dim : shape) {
        lo.push_back(dim > 1 ? below(2) : 0);
        hi.push_back(dim);
        steps.push_back(1 + below(2));
      }
      return keep(builder.slice(x, lo, hi, steps));
    }
    default: {
      if (shape.empty()) return;
      const int axis = below(static_cast<int>(shape.size()));
      if (shape[axis] < 2) return;
      const std::vector<ir::WindowDim> dims{{axis, 2, 1 + below(2), 1}};
      const Value windowed = builder.window(x, dims);
      if (ir::isFloat(type(x).dtype) && chance(30)) return keep(builder.unwindow(windowed, dims, shape));
      return keep(windowed);
    }
  }
}

void Generator::data() {
  const Value x = any();
  const Shape shape = type(x).shape;
  if (shape.empty()) return;
  ir::Builder builder = b();
  const int axis = below(static_cast<int>(shape.size()));
  switch (below(3)) {
    case 0: {
      Shape lo, hi, interior;
      for (std::size_t i = 0; i < shape.size(); ++i) {
        lo.push_back(below(2));
        hi.push_back(below(2));
        interior.push_back(below(2));
      }
      return keep(builder.pad(x, lo, hi, interior, 1.0));
    }
    case 1:
      return keep(builder.concat({x, partner(x)}, axis));
    default:
      return keep(builder.gather(x, index_, axis));
  }
}

void Generator::reduce() {
  const Value x = anyFloat();
  std::vector<int> axes;
  for (int axis = 0; axis < type(x).rank(); ++axis)
    if (chance(50)) axes.push_back(axis);
  if (axes.empty()) return;
  if (chance(30)) return keep(b().reduceMax(x, axes));
  keep(b().reduceSum(x, axes));
}

void Generator::contract() {
  const Value x = anyFloat();
  const std::string letters = std::string("abcde").substr(0, static_cast<std::size_t>(type(x).rank()));
  std::string other, result;
  Shape shape;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const int fate = below(3);  // batch, summed, only in x
    if (fate < 2) {
      other += letters[i];
      shape.push_back(type(x).shape[i]);
    }
    if (fate != 1) result += letters[i];
  }
  if (chance(70)) {
    other += 'n';
    shape.push_back(3);
    result += 'n';
  }
  std::vector<std::size_t> order(other.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), random_);
  std::string shuffled;
  Shape shuffledShape;
  for (const std::size_t i : order) {
    shuffled += other[i];
    shuffledShape.push_back(shape[i]);
  }
  std::shuffle(result.begin(), result.end(), random_);
  const Type wanted{type(x).dtype, shuffledShape};
  Value y;
  for (const Value value : values_)
    if (type(value) == wanted) y = value;
  ir::Builder builder = b();
  if (!y.isValid()) {
    y = builder.random({wanted.dtype, shuffledShape}, key_++, seed_, seed_);
    if (type(y).elementCount() > kMaxElements) return;
  }
  keep(chance(50) ? builder.contract(x, y, letters, shuffled, result)
                  : builder.contract(y, x, shuffled, letters, result));
}

void Generator::scatter() {
  const Value x = anyFloat();
  if (type(x).rank() == 0) return;
  const int axis = below(type(x).rank());
  ir::Builder builder = b();
  const Value update = builder.gather(partner(x), index_, axis);
  const ir::ScatterMode mode = chance(50) ? ir::ScatterMode::Add : ir::ScatterMode::Set;
  keep(builder.scatter(chance(30) ? builder.constantLike(x, 0.0) : x, index_, update, axis, mode));
}

void Generator::scan() {
  const Value xs = anyFloat();
  if (type(xs).rank() == 0 || type(xs).shape[0] > 6) return;
  const Type row{type(xs).dtype, Shape(type(xs).shape.begin() + 1, type(xs).shape.end())};
  const ir::FunctionId body = module_.addFunction("body" + std::to_string(key_++));
  ir::Builder inner(module_, body);
  const Value first = inner.addParameter(row, "a"), second = inner.addParameter(row, "b");
  const Value x = inner.addParameter(row, "x"), k = inner.addParameter(row, "k");
  const Value next = inner.add(inner.mul(first, k), inner.tanh(x));
  // Carries that swap, stay or are new; an output that is also a carry, or the slice as it came.
  const bool swaps = chance(50);
  inner.addResult(swaps ? second : next, "");
  inner.addResult(swaps ? next : second, "");
  inner.addResult(chance(50) ? next : x, "");
  ir::Builder builder = b();
  const Value start = builder.constant(row, 1.0);
  const Value constant = builder.reduceSum(xs, {0});
  const std::vector<Value> outputs =
      builder.scan({body, 2, 1, type(xs).shape[0], chance(50)}, {start, chance(50) ? start : constant, xs, constant});
  for (const Value output : outputs) keep(output);
}

void Generator::source() {
  ir::Builder builder = b();
  switch (below(3)) {
    case 0:
      return keep(builder.random({DType::F32, {4, 6}}, key_++, seed_, seed_));
    case 1:
      return keep(builder.cast(builder.iota({DType::I32, {4, 6}}, below(2)), DType::F32));
    default: {
      ir::ConstAttributes dense;
      dense.type = {DType::F32, {6}};
      for (int i = 0; i < 6; ++i) dense.reals.push_back(below(9) - 4);
      return keep(builder.constantDense(dense));
    }
  }
}

void Generator::step() {
  const int kind = below(100);
  if (kind < 45) return elementwise();
  if (kind < 62) return view();
  if (kind < 70) return data();
  if (kind < 82) return reduce();
  if (kind < 90) return contract();
  if (kind < 93) return scatter();
  if (kind < 95) return scan();
  source();
}

void Generator::results() {
  ir::Builder builder = b();
  const int count = 2 + below(5);
  for (int i = 0; i < count; ++i) {
    const Value value = chance(8) ? f().parameters[static_cast<std::size_t>(below(4))] : any();
    builder.addResult(value, "r" + std::to_string(i));
    if (chance(10)) builder.addResult(value, "twice" + std::to_string(i));
  }
  // Any result may update any parameter of its type.
  ir::Function& function = module_.function(entry_);
  std::set<int> taken;
  for (int result = 0; result < static_cast<int>(function.results.size()); ++result)
    for (int parameter = 0; parameter < static_cast<int>(function.parameters.size()); ++parameter) {
      if (function.type(function.results[result]) != function.type(function.parameters[parameter])) continue;
      if (taken.contains(parameter) || chance(30)) continue;
      taken.insert(parameter);
      function.aliases.push_back({result, parameter});
      break;
    }
}

RandomFunction Generator::run(int nodes) {
  entry_ = module_.addFunction("main");
  ir::Builder builder = b();
  for (const Shape& shape : {Shape{4, 6}, Shape{4, 6}, Shape{6}, Shape{4, 6}, Shape{2, 3, 4}, Shape{}, Shape{4}})
    values_.push_back(builder.addParameter({DType::F32, shape}, ""));
  index_ = builder.addParameter({DType::I32, {3}}, "index");
  seed_ = builder.addParameter({DType::I64, {}}, "seed");
  while (static_cast<int>(f().body.size()) < nodes) step();
  results();
  return {std::move(module_), entry_};
}

RandomFunction randomFunction(std::uint64_t seed, int nodes) { return Generator(seed).run(nodes); }

std::vector<ir::Tensor> randomArguments(const ir::Function& function, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<ir::Tensor> arguments;
  for (const Value parameter : function.parameters) {
    ir::Tensor tensor(function.type(parameter));
    for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i) {
      if (ir::isFloat(tensor.type.dtype))
        tensor.setReal(i, static_cast<double>(static_cast<int>(random() % 17) - 8) / 4.0);
      else
        tensor.setInteger(i, static_cast<std::int64_t>(random() % 5));
    }
    arguments.push_back(std::move(tensor));
  }
  return arguments;
}

}  // namespace nnc::tests
