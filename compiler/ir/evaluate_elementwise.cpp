// The evaluator's elementwise ops and constants: plain loops in the dtype of the operands.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <type_traits>

#include "ir/evaluate_ops.h"
#include "support/checked.h"
#include "support/philox.h"

namespace nnc::ir::evaluation {

namespace {

/// Calls `f` with a value of the C++ type that computes a float dtype: float for f32 and bf16.
template <typename F>
void withFloat(DType dtype, F f) {
  if (dtype == DType::F64)
    f(double{});
  else
    f(float{});
}

/// Reads and writes elements of a float tensor as T; bf16 is rounded when stored.
template <typename T>
struct FloatElements {
  explicit FloatElements(const Tensor& tensor) : tensor_(tensor) {}
  T operator[](std::int64_t i) const {
    if constexpr (std::is_same_v<T, float>)
      if (tensor_.type.dtype == DType::BF16) return bf16ToFloat(tensor_.data<std::uint16_t>()[i]);
    return tensor_.data<T>()[i];
  }
  const Tensor& tensor_;
};
template <typename T>
void storeFloat(Tensor& tensor, std::int64_t i, T value) {
  if constexpr (std::is_same_v<T, float>) {
    if (tensor.type.dtype == DType::BF16) {
      tensor.data<std::uint16_t>()[i] = floatToBf16(value);
      return;
    }
  }
  tensor.data<T>()[i] = value;
}

template <typename F>
Tensor mapFloat(const Operation& o, F f) {
  Tensor y(o.type);
  const std::int64_t count = o.type.elementCount();
  withFloat(o.type.dtype, [&](auto zero) {
    using T = decltype(zero);
    const FloatElements<T> x(o.operand(0));
    for (std::int64_t i = 0; i < count; ++i) storeFloat<T>(y, i, f(x[i]));
  });
  return y;
}
template <typename F>
void mapFloats(const Operation& o, Tensor& y, F f) {
  const std::int64_t count = o.type.elementCount();
  withFloat(o.operand(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    const FloatElements<T> a(o.operand(0)), b(o.operand(1));
    for (std::int64_t i = 0; i < count; ++i) storeFloat<T>(y, i, f(a[i], b[i]));
  });
}

/// Calls `f` with a zero of the C++ type of an integer dtype or bool.
template <typename F>
void withInteger(DType dtype, F f) {
  switch (dtype) {
    case DType::I8:
      return f(std::int8_t{});
    case DType::U8:
      return f(std::uint8_t{});
    case DType::I32:
      return f(std::int32_t{});
    case DType::I64:
      return f(std::int64_t{});
    case DType::Bool:
      return f(std::uint8_t{});
    case DType::F32:
    case DType::F64:
    case DType::BF16:
      assert(false && "no integer dtype");
  }
}
/// `f` works on int64 (uint64 arithmetic wraps); the result is cut to the dtype.
template <typename F>
void mapIntegers(const Operation& o, Tensor& y, F f) {
  const std::int64_t count = o.type.elementCount();
  withInteger(o.operand(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* a = o.operand(0).data<T>();
    const T* b = o.operand(1).data<T>();
    for (std::int64_t i = 0; i < count; ++i)
      y.data<T>()[i] = static_cast<T>(f(static_cast<std::int64_t>(a[i]), static_cast<std::int64_t>(b[i])));
  });
}

template <typename F, typename G>
Tensor mapBinary(const Operation& o, F onFloats, G onIntegers) {
  Tensor y(o.type);
  if (isFloat(o.operand(0).type.dtype))
    mapFloats(o, y, onFloats);
  else
    mapIntegers(o, y, onIntegers);
  return y;
}

std::int64_t wrapAdd(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t wrapMul(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}
/// Floor division; 0 for b = 0; the least integer over -1 wraps to itself.
std::int64_t divide(std::int64_t a, std::int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return wrapMul(a, -1);
  return floorDiv(a, b);
}
std::int64_t remainder(std::int64_t a, std::int64_t b) { return b == 0 || b == -1 ? 0 : floorMod(a, b); }

template <typename T>
bool holds(Predicate predicate, T a, T b) {
  switch (predicate) {
    case Predicate::Eq:
      return a == b;
    case Predicate::Ne:
      return a != b;
    case Predicate::Lt:
      return a < b;
    case Predicate::Le:
      return a <= b;
    case Predicate::Gt:
      return a > b;
    case Predicate::Ge:
      return a >= b;
  }
  return false;
}

}  // namespace

Tensor evaluateConst(const Operation& o) { return materialise(o.as<ConstAttributes>()); }

Tensor evaluateIota(const Operation& o) {
  Tensor y(o.type);
  const int axis = o.as<IotaAttributes>().axis;
  const std::int64_t stride = denseStrides(o.type.shape)[axis];
  const std::int64_t count = o.type.elementCount();
  for (std::int64_t i = 0; i < count; ++i) y.setInteger(i, i / stride % o.type.shape[axis]);
  return y;
}

Tensor evaluateRandom(const Operation& o) {
  Tensor y(o.type);
  const std::uint64_t key = philoxKey(o.as<RandomAttributes>().key, o.operand(0).integer(0));
  const std::int64_t counter = o.operand(1).integer(0), count = o.type.elementCount();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint32_t bits = randomBits(key, counter, static_cast<std::uint64_t>(i));
    if (o.type.dtype == DType::I32)
      y.data<std::uint32_t>()[i] = bits;
    else
      y.setReal(i, uniformFromBits(bits));
  }
  return y;
}

Tensor evaluateNeg(const Operation& o) {
  if (isFloat(o.type.dtype)) return mapFloat(o, [](auto x) { return -x; });
  Tensor y(o.type);
  const std::int64_t count = o.type.elementCount();
  for (std::int64_t i = 0; i < count; ++i) y.setInteger(i, wrapMul(o.operand(0).integer(i), -1));
  return y;
}
Tensor evaluateExp(const Operation& o) {
  return mapFloat(o, [](auto x) { return std::exp(x); });
}
Tensor evaluateLog(const Operation& o) {
  return mapFloat(o, [](auto x) { return std::log(x); });
}
Tensor evaluateSqrt(const Operation& o) {
  return mapFloat(o, [](auto x) { return std::sqrt(x); });
}
Tensor evaluateSin(const Operation& o) {
  return mapFloat(o, [](auto x) { return std::sin(x); });
}
Tensor evaluateTanh(const Operation& o) {
  return mapFloat(o, [](auto x) { return std::tanh(x); });
}
Tensor evaluateFloor(const Operation& o) {
  return mapFloat(o, [](auto x) { return std::floor(x); });
}

Tensor evaluateCast(const Operation& o) {
  Tensor y(o.type);
  const Tensor& x = o.operand(0);
  const std::int64_t count = o.type.elementCount();
  if (isFloat(x.type.dtype))
    for (std::int64_t i = 0; i < count; ++i) y.setReal(i, x.real(i));
  else
    for (std::int64_t i = 0; i < count; ++i) y.setInteger(i, x.integer(i));
  return y;
}

Tensor evaluateAdd(const Operation& o) {
  return mapBinary(o, [](auto a, auto b) { return a + b; }, wrapAdd);
}
Tensor evaluateMul(const Operation& o) {
  return mapBinary(o, [](auto a, auto b) { return a * b; }, wrapMul);  // on bool, 0 and 1 multiply to `and`
}
Tensor evaluateDiv(const Operation& o) {
  return mapBinary(o, [](auto a, auto b) { return a / b; }, divide);
}
Tensor evaluateMax(const Operation& o) {
  // NaN in a stays, NaN in b is taken since the comparison fails, and ties give b.
  return mapBinary(
      o, [](auto a, auto b) { return std::isnan(a) || a > b ? a : b; },
      [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
}
Tensor evaluateRem(const Operation& o) {
  return mapBinary(o, [](auto a, auto b) { return a - std::floor(a / b) * b; }, remainder);
}

Tensor evaluateCompare(const Operation& o) {
  Tensor y(o.type);
  const Predicate predicate = o.as<CompareAttributes>().predicate;
  const Tensor &a = o.operand(0), &b = o.operand(1);
  const std::int64_t count = o.type.elementCount();
  const bool isReal = isFloat(a.type.dtype);
  for (std::int64_t i = 0; i < count; ++i)
    y.data<std::uint8_t>()[i] =
        isReal ? holds(predicate, a.real(i), b.real(i)) : holds(predicate, a.integer(i), b.integer(i));
  return y;
}

Tensor evaluateSelect(const Operation& o) {
  Tensor y(o.type);
  const auto width = static_cast<std::size_t>(dtypeBytes(o.type.dtype));
  const std::int64_t count = o.type.elementCount();
  for (std::int64_t i = 0; i < count; ++i) {
    const Tensor& from = o.operand(o.operand(0).data<std::uint8_t>()[i] != 0 ? 1 : 2);
    const std::size_t at = static_cast<std::size_t>(i) * width;
    std::copy_n(from.bytes.begin() + static_cast<std::ptrdiff_t>(at), width,
                y.bytes.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return y;
}

Tensor evaluateStopGradient(const Operation& o) { return o.operand(0); }

}  // namespace nnc::ir::evaluation
