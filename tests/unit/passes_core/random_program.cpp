#include "random_program.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <random>
#include <string>

#include "ir/builder.h"
#include "ir/evaluate.h"

namespace nnc::test {

using ir::DType;
using ir::Op;
using ir::Shape;
using ir::Type;
using ir::Value;

namespace {

constexpr std::int64_t kMaxElements = 200;

/// Grows a function node by node from a pool of values.
class Generator {
 public:
  Generator(ir::Builder& builder, std::mt19937_64& random, bool onlyF64)
      : b_(builder), random_(random), onlyF64_(onlyF64) {}

  void addParameters(const std::vector<Type>& types) {
    for (const Type& type : types) pool_.push_back(b_.addParameter(type, "p" + std::to_string(pool_.size())));
  }
  /// One more value, when the op that was drawn fits what was drawn for it.
  void step();
  const std::vector<Value>& pool() const { return pool_; }
  /// Often a recent one, so that ops meet what the op before made.
  Value any() {
    const auto size = static_cast<std::int64_t>(pool_.size());
    return pool_[oneIn(2) ? below(size) : size - 1 - below(std::min<std::int64_t>(size, 3))];
  }

 private:
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n)); }
  bool oneIn(std::int64_t n) { return below(n) == 0; }
  /// Not std::shuffle: its order differs between standard libraries.
  template <typename C>
  void shuffle(C& all) {
    for (std::size_t i = all.size(); i > 1; --i)
      std::swap(all[i - 1], all[static_cast<std::size_t>(below(static_cast<std::int64_t>(i)))]);
  }
  DType dtype(Value v) { return b_.type(v).dtype; }
  void keep(Value v) {
    if (b_.type(v).elementCount() <= kMaxElements && b_.type(v).rank() <= 4) pool_.push_back(v);
  }
  Value splatLike(Value like);
  Value denseLike(Value like);
  Value partner(Value x);
  std::optional<Value> anyFloat();

  void unary();
  void binary();
  void choose();
  void castSome();
  void moved();
  void cut();
  void padded();
  void joined();
  void windowed();
  void reduced();
  void contracted();
  void indexed();
  void drawn();
  void called();
  void scanned();

  ir::Builder& b_;
  std::mt19937_64& random_;
  const bool onlyF64_;
  std::vector<Value> pool_;
};

Value Generator::splatLike(Value like) {
  static constexpr double kNumbers[] = {0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, -4.0};
  double number = kNumbers[below(8)];
  if (dtype(like) == DType::U8) number = std::fabs(number);
  if (dtype(like) == DType::Bool) return b_.constantInt(b_.type(like), below(2));
  return b_.constant(b_.type(like), number);
}

Value Generator::denseLike(Value like) {
  const Type type = b_.type(like);
  ir::ConstAttributes c{.type = type, .isSplat = false, .reals = {}, .integers = {}};
  for (std::int64_t i = 0; i < type.elementCount(); ++i) {
    if (ir::isFloat(type.dtype))
      c.reals.push_back(static_cast<double>(below(9) - 4) / 2);
    else
      c.integers.push_back(type.dtype == DType::Bool ? below(2) : below(7) - (type.dtype == DType::U8 ? 0 : 3));
  }
  return b_.constantDense(std::move(c));
}

/// A value of the same type as x: from the pool, or a constant.
Value Generator::partner(Value x) {
  if (oneIn(3)) return oneIn(2) ? splatLike(x) : denseLike(x);
  std::vector<Value> fitting;
  for (const Value v : pool_)
    if (b_.type(v) == b_.type(x)) fitting.push_back(v);
  return fitting[below(static_cast<std::int64_t>(fitting.size()))];
}

std::optional<Value> Generator::anyFloat() {
  for (int attempt = 0; attempt < 10; ++attempt) {
    const Value v = any();
    if (ir::isFloat(dtype(v))) return v;
  }
  return std::nullopt;
}

void Generator::unary() {
  const std::optional<Value> x = anyFloat();
  if (!x) return;
  static constexpr Op kOps[] = {Op::Neg, Op::Neg, Op::Neg, Op::Tanh, Op::Sin, Op::Floor, Op::Sqrt, Op::StopGradient};
  keep(b_.appendOne(kOps[below(8)], {*x}));
}

void Generator::binary() {
  const Value x = any(), y = partner(x);
  if (dtype(x) == DType::Bool) return keep(b_.appendOne(oneIn(2) ? Op::Mul : Op::Max, {x, y}));
  static constexpr Op kOps[] = {Op::Add, Op::Mul, Op::Mul, Op::Div, Op::Max, Op::Rem};
  const Op op = kOps[below(6)];
  if (!oneIn(3)) keep(b_.appendOne(op, {x, y}));
  if (!oneIn(3)) keep(b_.appendOne(op, {y, x}));
}

void Generator::choose() {
  const Value x = any(), y = partner(x);
  if (dtype(x) == DType::Bool) return;
  Value condition = b_.compare(static_cast<ir::Predicate>(below(6)), x, y);
  if (oneIn(4)) condition = splatLike(condition);
  keep(condition);
  keep(b_.select(condition, partner(x), oneIn(4) ? x : partner(x)));
}

void Generator::castSome() {
  static constexpr DType kTypes[] = {DType::F32, DType::F64, DType::BF16, DType::I8,
                                     DType::U8,  DType::I32, DType::I64,  DType::Bool};
  const DType dtype = kTypes[below(8)];
  keep(b_.cast(any(), onlyF64_ && ir::isFloat(dtype) ? DType::F64 : dtype));
}

void Generator::moved() {
  const Value x = any();
  const Type type = b_.type(x);
  switch (below(3)) {
    case 0: {
      Shape shape = type.shape;
      shuffle(shape);
      if (oneIn(2)) shape = {type.elementCount()};
      if (oneIn(3)) shape.push_back(1);
      return keep(b_.reshape(x, shape));
    }
    case 1: {
      std::vector<int> perm(type.shape.size());
      std::iota(perm.begin(), perm.end(), 0);
      shuffle(perm);
      return keep(b_.transpose(x, perm));
    }
    default: {
      Shape shape;
      std::vector<int> dims;
      for (const std::int64_t size : type.shape) {
        if (oneIn(3)) shape.push_back(1 + below(3));
        dims.push_back(static_cast<int>(shape.size()));
        shape.push_back(size);
      }
      if (oneIn(3)) shape.push_back(1 + below(3));
      return keep(b_.broadcast(x, shape, dims));
    }
  }
}

void Generator::cut() {
  const Value x = any();
  Shape lo, hi, step;
  for (const std::int64_t size : b_.type(x).shape) {
    const bool whole = oneIn(2);
    lo.push_back(whole ? 0 : below(size + 1));
    hi.push_back(whole ? size : lo.back() + below(size - lo.back() + 1));
    step.push_back(whole ? 1 : 1 + below(2));
    if (hi.back() == lo.back() && !oneIn(8)) lo.back() = 0, hi.back() = size;
  }
  keep(b_.slice(x, lo, hi, step));
}

void Generator::padded() {
  const Value x = any();
  if (dtype(x) == DType::Bool) return;
  Shape lo, hi, interior;
  for (std::size_t i = 0; i < b_.type(x).shape.size(); ++i) {
    lo.push_back(oneIn(2) ? below(3) : 0);
    hi.push_back(oneIn(2) ? below(3) : 0);
    interior.push_back(oneIn(3) ? below(2) : 0);
  }
  static constexpr double kFill[] = {0.0, -0.0, 1.0, 2.0};
  keep(b_.pad(x, lo, hi, interior, kFill[below(4)]));
}

void Generator::joined() {
  const Value x = any();
  const int rank = b_.type(x).rank();
  if (rank == 0) return;
  std::vector<Value> parts = {x};
  for (std::int64_t i = below(3); i > 0; --i) parts.push_back(partner(x));
  keep(b_.concat(parts, static_cast<int>(below(rank))));
}

void Generator::windowed() {
  const Value x = any();
  const Shape shape = b_.type(x).shape;
  if (shape.empty()) return;
  const int axis = static_cast<int>(below(static_cast<std::int64_t>(shape.size())));
  const ir::WindowDim dim{axis, 1 + below(3), 1 + below(2), 1 + below(2)};
  if (shape[axis] < (dim.size - 1) * dim.dilation + 1) return;
  const Value windows = b_.window(x, {dim});
  keep(windows);
  if (dtype(x) != DType::Bool && oneIn(2)) keep(b_.unwindow(windows, {dim}, shape));
}

void Generator::reduced() {
  const Value x = any();
  if (dtype(x) == DType::Bool) return;
  std::vector<int> axes;
  for (int axis = 0; axis < b_.type(x).rank(); ++axis)
    if (oneIn(2)) axes.push_back(axis);
  keep(oneIn(2) ? b_.reduceSum(x, axes) : b_.reduceMax(x, axes));
}

/// Matches axes of equal size at random; what is in one operand only goes to the result.
void Generator::contracted() {
  const std::optional<Value> a = anyFloat(), b = anyFloat();
  if (!a || !b || dtype(*a) != dtype(*b)) return;
  const Shape sa = b_.type(*a).shape, sb = b_.type(*b).shape;
  std::string la, lb, ly;
  for (std::size_t i = 0; i < sa.size(); ++i) la += static_cast<char>('a' + i);
  for (std::size_t j = 0; j < sb.size(); ++j) {
    char letter = static_cast<char>('n' + j);
    for (std::size_t i = 0; i < sa.size(); ++i)
      if (sa[i] == sb[j] && lb.find(la[i]) == std::string::npos && !oneIn(4)) letter = la[i];
    lb += letter;
  }
  for (const char letter : la)
    if (lb.find(letter) == std::string::npos || oneIn(3)) ly += letter;
  for (const char letter : lb)
    if (la.find(letter) == std::string::npos) ly += letter;
  shuffle(ly);
  if (ly.size() > 4) return;
  keep(b_.contract(*a, *b, la, lb, ly));
}

void Generator::indexed() {
  const Value x = any();
  const Type type = b_.type(x);
  if (type.shape.empty() || type.elementCount() == 0) return;
  const int axis = static_cast<int>(below(type.rank()));
  ir::ConstAttributes c{.type = {DType::I32, {1 + below(4)}}, .isSplat = false, .reals = {}, .integers = {}};
  for (std::int64_t i = 0; i < c.type.shape[0]; ++i) c.integers.push_back(below(type.shape[axis] + 2) - 1);
  const Value index = oneIn(3) ? b_.iota(c.type, 0) : b_.constantDense(c);
  const Value rows = b_.gather(x, index, axis);
  keep(rows);
  if (type.dtype == DType::Bool) return;
  const Value base = oneIn(2) ? splatLike(x) : x;
  keep(b_.scatter(base, index, rows, axis, oneIn(2) ? ir::ScatterMode::Add : ir::ScatterMode::Set));
}

void Generator::drawn() {
  const Value seed = b_.constantInt({DType::I64, {}}, 7), counter = b_.constantInt({DType::I64, {}}, below(2));
  keep(b_.random({!onlyF64_ && oneIn(2) ? DType::F32 : DType::F64, {2, 3}}, static_cast<std::uint64_t>(below(2)), seed,
                 counter));
}

/// A composite of two composites.
void Generator::called() {
  const std::optional<Value> x = anyFloat();
  if (!x) return;
  const Type type = b_.type(*x);
  ir::Module& module = b_.module();
  ir::Builder inner(module, module.addFunction("inner" + std::to_string(module.functions.size())));
  const Value p = inner.addParameter(type, "p");
  inner.addResult(inner.mul(p, inner.tanh(p)), "");
  ir::Builder outer(module, module.addFunction("outer" + std::to_string(module.functions.size())));
  const Value q = outer.addParameter(type, "q");
  const auto twice = [&](Value v) {
    return outer.call({.name = "inner", .body = inner.functionId(), .wrt = {}}, {v})[0];
  };
  outer.addResult(twice(outer.neg(twice(q))), "");
  outer.addResult(outer.exp(q), "");
  const std::vector<Value> results = b_.call({.name = "outer", .body = outer.functionId(), .wrt = {}}, {*x});
  for (const Value result : results) keep(result);
}

/// Carries, xs and outputs, some of which nobody may read.
void Generator::scanned() {
  const std::optional<Value> xs = anyFloat();
  if (!xs || b_.type(*xs).shape.empty()) return;
  const Type whole = b_.type(*xs);
  const Type row{whole.dtype, Shape(whole.shape.begin() + 1, whole.shape.end())};
  ir::Module& module = b_.module();
  ir::Builder step(module, module.addFunction("step" + std::to_string(module.functions.size())));
  const Value first = step.addParameter(row, "first"), second = step.addParameter(row, "second");
  const Value x = step.addParameter(row, "x"), w = step.addParameter(row, "w");
  step.addResult(step.add(step.mul(first, w), x), "");
  switch (below(3)) {
    case 0:
      step.addResult(step.add(second, w), "");
      break;
    case 1:
      step.addResult(step.max(second, first), "");
      break;
    default:
      step.addResult(step.mul(w, x), "");  // what entered is not read
  }
  step.addResult(oneIn(2) ? step.mul(second, x) : step.neg(x), "");
  step.addResult(step.mul(first, step.constantLike(first, 1.0)), "");
  const Value like = b_.constant(row, 0.5);
  const std::vector<Value> results =
      b_.scan({.body = step.functionId(), .carries = 2, .xs = 1, .length = whole.shape[0], .reverse = oneIn(2)},
              {splatLike(like), denseLike(like), *xs, splatLike(like)});
  for (const Value result : results)
    if (oneIn(2)) keep(result);
}

void Generator::step() {
  using Maker = void (Generator::*)();
  static constexpr Maker kMakers[] = {
      &Generator::unary,   &Generator::unary,    &Generator::binary,     &Generator::binary,     &Generator::binary,
      &Generator::choose,  &Generator::castSome, &Generator::castSome,   &Generator::moved,      &Generator::moved,
      &Generator::moved,   &Generator::cut,      &Generator::padded,     &Generator::joined,     &Generator::windowed,
      &Generator::reduced, &Generator::reduced,  &Generator::contracted, &Generator::contracted, &Generator::indexed,
      &Generator::drawn,   &Generator::called,   &Generator::scanned};
  (this->*kMakers[below(static_cast<std::int64_t>(std::size(kMakers)))])();
}

}  // namespace

static ir::Tensor randomTensor(const Type& type, std::mt19937_64& random) {
  ir::Tensor tensor(type);
  for (std::int64_t i = 0; i < type.elementCount(); ++i) {
    if (ir::isFloat(type.dtype))
      tensor.setReal(i, static_cast<double>(random() % 4001) / 1000 - 2);
    else
      tensor.setInteger(i, static_cast<std::int64_t>(random() % (type.dtype == DType::Bool ? 2 : 9)));
  }
  return tensor;
}

/// Float values of all dtypes as one f64 scalar.
static Value scalarOf(ir::Builder& b, const std::vector<Value>& values) {
  Value sum = b.constant({DType::F64, {}}, 0.0);
  for (const Value value : values) {
    if (!ir::isFloat(b.type(value).dtype)) continue;
    std::vector<int> axes(b.type(value).shape.size());
    std::iota(axes.begin(), axes.end(), 0);
    sum = b.add(sum, b.reduceSum(b.tanh(b.cast(value, DType::F64)), axes));
  }
  return sum;
}

RandomProgram randomProgram(std::uint64_t seed, const ProgramOptions& options) {
  std::mt19937_64 random(seed);
  RandomProgram program;
  const DType real = options.onlyF64 ? DType::F64 : DType::F32;
  const std::vector<Type> types = {
      {real, {2, 3}}, {real, {3}}, {DType::F64, {3, 2}}, {DType::I32, {2, 3}}, {DType::Bool, {3}}};
  ir::Builder b(program.module, program.module.addFunction(options.withGradient ? "loss" : "main"));
  Generator generator(b, random, options.onlyF64);
  generator.addParameters(types);
  for (int i = 0; i < options.nodes; ++i) generator.step();
  std::vector<Value> results;
  for (int i = 0; i < 4; ++i) results.push_back(generator.any());
  results.push_back(generator.pool().back());
  if (options.withGradient) b.addResult(scalarOf(b, results), "loss");
  for (const Value result : results) b.addResult(result, "");
  program.main = b.functionId();

  if (options.withGradient) {
    ir::Builder main(program.module, program.module.addFunction("main"));
    std::vector<Value> parameters;
    for (const Type& type : types) parameters.push_back(main.addParameter(type, ""));
    for (const Value result : main.call(
             {.name = "loss", .body = b.functionId(), .kind = ir::CallKind::Gradient, .wrt = {0, 1, 2}}, parameters))
      main.addResult(result, "");
    program.main = main.functionId();
  }
  for (const Type& type : types) program.arguments.push_back(randomTensor(type, random));
  return program;
}

std::vector<ir::Tensor> evaluateMain(const RandomProgram& program) {
  return ir::evaluate(program.module, program.main, program.arguments);
}

bool haveSameBits(const std::vector<ir::Tensor>& a, const std::vector<ir::Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i].type == b[i].type)) return false;
    const auto width = static_cast<std::size_t>(ir::dtypeBytes(a[i].type.dtype));
    for (std::int64_t k = 0; k < a[i].type.elementCount(); ++k) {
      const std::size_t at = static_cast<std::size_t>(k) * width;
      if (std::memcmp(a[i].bytes.data() + at, b[i].bytes.data() + at, width) == 0) continue;
      if (!ir::isFloat(a[i].type.dtype) || !std::isnan(a[i].real(k)) || !std::isnan(b[i].real(k))) return false;
    }
  }
  return true;
}

}  // namespace nnc::test
