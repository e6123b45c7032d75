// The evaluator's views, data movement, reductions and contractions. Each is a walk over an index space with strides.
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include "ir/evaluate_ops.h"

namespace nnc::ir::evaluation {

Shape denseStrides(const Shape& shape) {
  Shape strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= std::max<std::int64_t>(shape[i], 1);
  }
  return strides;
}

namespace {

constexpr int kMostOffsets = 3;

/// Calls `visit` with linear offsets for every index of `shape` in row-major order: offset k is base k plus the index
/// times strides k.
template <int kOffsets, typename F>
void walk(const Shape& shape, const std::array<Shape, kOffsets>& strides, std::array<std::int64_t, kOffsets> offsets,
          F visit) {
  static_assert(kOffsets <= kMostOffsets);
  for (const std::int64_t dim : shape)
    if (dim == 0) return;
  Shape index(shape.size(), 0);
  while (true) {
    visit(offsets);
    std::size_t axis = shape.size();
    while (true) {
      if (axis-- == 0) return;
      for (int k = 0; k < kOffsets; ++k) offsets[k] += strides[k][axis];
      if (++index[axis] < shape[axis]) break;
      for (int k = 0; k < kOffsets; ++k) offsets[k] -= strides[k][axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

void copyElement(const Tensor& from, std::int64_t fromAt, Tensor& to, std::int64_t toAt) {
  const auto width = static_cast<std::size_t>(dtypeBytes(from.type.dtype));
  std::memcpy(to.bytes.data() + static_cast<std::size_t>(toAt) * width,
              from.bytes.data() + static_cast<std::size_t>(fromAt) * width, width);
}

/// y[index] = x[base + index * strides]: every view is one of these.
Tensor stridedView(const Operation& o, const Shape& strides, std::int64_t base) {
  Tensor y(o.type);
  std::int64_t at = 0;
  walk<1>(o.type.shape, {strides}, {base},
          [&](const auto& offsets) { copyElement(o.operand(0), offsets[0], y, at++); });
  return y;
}

/// Adds (floats in their own precision, integers wrapping) element `from` of x to element `to` of y.
void accumulate(Tensor& y, std::int64_t to, const Tensor& x, std::int64_t from) {
  switch (y.type.dtype) {
    case DType::F32:
      y.data<float>()[to] += x.data<float>()[from];
      return;
    case DType::F64:
      y.data<double>()[to] += x.data<double>()[from];
      return;
    case DType::BF16:
      y.setReal(to, y.real(to) + x.real(from));
      return;
    case DType::I8:
    case DType::U8:
    case DType::I32:
    case DType::I64:
    case DType::Bool:
      y.setInteger(to, static_cast<std::int64_t>(static_cast<std::uint64_t>(y.integer(to)) +
                                                 static_cast<std::uint64_t>(x.integer(from))));
      return;
  }
}

/// Strides of x in the space of its windows: the windowed axes move by stride, the appended ones by dilation.
Shape windowStrides(const Shape& dense, const std::vector<WindowDim>& dims) {
  Shape strides = dense;
  for (const WindowDim& dim : dims) strides[dim.axis] = dense[dim.axis] * dim.stride;
  for (const WindowDim& dim : dims) strides.push_back(dense[dim.axis] * dim.dilation);
  return strides;
}

/// Strides of the result of a reduction in the space of its operand: 0 along the reduced axes.
Shape reducedStrides(const Type& operand, const Type& result, const std::vector<int>& axes) {
  const Shape dense = denseStrides(result.shape);
  Shape strides(operand.shape.size(), 0);
  std::size_t next = 0;
  for (int i = 0; i < operand.rank(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) strides[i] = dense[next++];
  return strides;
}

/// The sizes around an axis: x is [outer, size, inner].
struct AxisSplit {
  std::int64_t outer = 1, size = 1, inner = 1;
};
AxisSplit splitAt(const Shape& shape, int axis) {
  AxisSplit split;
  for (int i = 0; i < axis; ++i) split.outer *= shape[i];
  split.size = shape[axis];
  for (std::size_t i = axis + 1; i < shape.size(); ++i) split.inner *= shape[i];
  return split;
}
std::int64_t clampedIndex(const Tensor& index, std::int64_t at, std::int64_t size) {
  return std::clamp<std::int64_t>(index.integer(at), 0, size - 1);
}

}  // namespace

Tensor evaluateReshape(const Operation& o) {
  Tensor y(o.type);
  y.bytes = o.operand(0).bytes;
  return y;
}

Tensor evaluateTranspose(const Operation& o) {
  const Shape dense = denseStrides(o.operand(0).type.shape);
  Shape strides;
  for (const int axis : o.as<TransposeAttributes>().perm) strides.push_back(dense[axis]);
  return stridedView(o, strides, 0);
}

Tensor evaluateBroadcast(const Operation& o) {
  const Shape dense = denseStrides(o.operand(0).type.shape);
  const std::vector<int>& dims = o.as<BroadcastAttributes>().dims;
  Shape strides(o.type.shape.size(), 0);
  for (std::size_t i = 0; i < dims.size(); ++i) strides[dims[i]] = dense[i];
  return stridedView(o, strides, 0);
}

Tensor evaluateSlice(const Operation& o) {
  const auto& a = o.as<SliceAttributes>();
  Shape strides = denseStrides(o.operand(0).type.shape);
  std::int64_t base = 0;
  for (std::size_t i = 0; i < strides.size(); ++i) {
    base += a.lo[i] * strides[i];
    strides[i] *= a.step[i];
  }
  return stridedView(o, strides, base);
}

Tensor evaluateWindow(const Operation& o) {
  return stridedView(o, windowStrides(denseStrides(o.operand(0).type.shape), o.as<WindowAttributes>().dims), 0);
}

Tensor evaluateUnwindow(const Operation& o) {
  Tensor y(o.type);
  std::int64_t at = 0;
  walk<1>(o.operand(0).type.shape, {windowStrides(denseStrides(o.type.shape), o.as<UnwindowAttributes>().dims)}, {0},
          [&](const auto& offsets) { accumulate(y, offsets[0], o.operand(0), at++); });
  return y;
}

Tensor evaluatePad(const Operation& o) {
  const auto& a = o.as<PadAttributes>();
  Tensor y(o.type);
  const std::int64_t count = o.type.elementCount();
  for (std::int64_t i = 0; i < count; ++i) y.setReal(i, a.value);
  Shape strides = denseStrides(o.type.shape);
  std::int64_t base = 0;
  for (std::size_t i = 0; i < strides.size(); ++i) {
    base += a.lo[i] * strides[i];
    strides[i] *= a.interior[i] + 1;
  }
  std::int64_t at = 0;
  walk<1>(o.operand(0).type.shape, {strides}, {base},
          [&](const auto& offsets) { copyElement(o.operand(0), at++, y, offsets[0]); });
  return y;
}

Tensor evaluateConcat(const Operation& o) {
  Tensor y(o.type);
  const int axis = o.as<ConcatAttributes>().axis;
  const Shape strides = denseStrides(o.type.shape);
  std::int64_t base = 0;
  for (const Tensor* operand : o.operands) {
    std::int64_t at = 0;
    walk<1>(operand->type.shape, {strides}, {base},
            [&](const auto& offsets) { copyElement(*operand, at++, y, offsets[0]); });
    base += operand->type.shape[axis] * strides[axis];
  }
  return y;
}

Tensor evaluateReduceSum(const Operation& o) {
  Tensor y(o.type);
  std::int64_t at = 0;
  walk<1>(o.operand(0).type.shape, {reducedStrides(o.operand(0).type, o.type, o.as<ReduceAttributes>().axes)}, {0},
          [&](const auto& offsets) { accumulate(y, offsets[0], o.operand(0), at++); });
  return y;
}

Tensor evaluateReduceMax(const Operation& o) {
  Tensor y(o.type);
  const Tensor& x = o.operand(0);
  const std::int64_t count = o.type.elementCount();
  const bool isReal = isFloat(o.type.dtype);
  for (std::int64_t i = 0; i < count; ++i) {
    if (isReal)
      y.setReal(i, -std::numeric_limits<double>::infinity());
    else if (o.type.dtype == DType::Bool)
      y.setInteger(i, 0);
    else
      y.setReal(i, -std::numeric_limits<double>::infinity());  // saturates to the least integer
  }
  std::int64_t at = 0;
  walk<1>(x.type.shape, {reducedStrides(x.type, o.type, o.as<ReduceAttributes>().axes)}, {0}, [&](const auto& offsets) {
    const std::int64_t to = offsets[0], from = at++;
    const bool isLarger = isReal ? (std::isnan(x.real(from)) || x.real(from) > y.real(to)) && !std::isnan(y.real(to))
                                 : x.integer(from) > y.integer(to);
    if (isLarger) copyElement(x, from, y, to);
  });
  return y;
}

Tensor evaluateContract(const Operation& o) {
  const auto& l = o.as<ContractAttributes>();
  const Tensor &a = o.operand(0), &b = o.operand(1);
  Tensor y(o.type);
  // The letters of y outside, then the summed ones in order of appearance: each sum runs in ascending index order.
  std::string letters = l.y;
  for (const char c : l.a + l.b)
    if (letters.find(c) == std::string::npos) letters += c;
  Shape shape;
  std::array<Shape, 3> strides;
  const auto strideOf = [](const std::string& of, const Shape& dense, char c) {
    return of.find(c) == std::string::npos ? 0 : dense[of.find(c)];
  };
  const Shape denseA = denseStrides(a.type.shape), denseB = denseStrides(b.type.shape),
              denseY = denseStrides(y.type.shape);
  for (const char c : letters) {
    shape.push_back(l.a.find(c) != std::string::npos ? a.type.shape[l.a.find(c)] : b.type.shape[l.b.find(c)]);
    strides[0].push_back(strideOf(l.a, denseA, c));
    strides[1].push_back(strideOf(l.b, denseB, c));
    strides[2].push_back(strideOf(l.y, denseY, c));
  }
  const auto sumProducts = [&]<typename T>(T, const auto& factorOf) {
    walk<3>(shape, strides, {0, 0, 0},
            [&](const auto& at) { y.data<T>()[at[2]] += factorOf(a, at[0]) * factorOf(b, at[1]); });
  };
  const auto as = []<typename T>(T) { return [](const Tensor& x, std::int64_t i) { return x.data<T>()[i]; }; };
  // Factors in bf16, products and sums in the dtype of the result.
  const auto widened = []<typename T>(T) {
    return [](const Tensor& x, std::int64_t i) { return static_cast<T>(bf16ToFloat(x.data<std::uint16_t>()[i])); };
  };
  const bool isBf16 = a.type.dtype == DType::BF16;
  if (o.type.dtype == DType::F32)
    isBf16 ? sumProducts(float{}, widened(float{})) : sumProducts(float{}, as(float{}));
  else if (o.type.dtype == DType::F64)
    isBf16 ? sumProducts(double{}, widened(double{})) : sumProducts(double{}, as(double{}));
  else
    walk<3>(shape, strides, {0, 0, 0}, [&](const auto& at) {
      const std::uint64_t product =
          static_cast<std::uint64_t>(a.integer(at[0])) * static_cast<std::uint64_t>(b.integer(at[1]));
      y.setInteger(at[2], static_cast<std::int64_t>(static_cast<std::uint64_t>(y.integer(at[2])) + product));
    });
  return y;
}

Tensor evaluateGather(const Operation& o) {
  Tensor y(o.type);
  const Tensor &x = o.operand(0), &index = o.operand(1);
  const AxisSplit split = splitAt(x.type.shape, o.as<GatherAttributes>().axis);
  const std::int64_t count = index.type.elementCount();
  const auto rowBytes = static_cast<std::size_t>(split.inner * dtypeBytes(x.type.dtype));
  for (std::int64_t outer = 0; outer < split.outer; ++outer) {
    for (std::int64_t j = 0; j < count && rowBytes > 0; ++j) {
      const std::int64_t from = outer * split.size + clampedIndex(index, j, split.size), to = outer * count + j;
      std::memcpy(y.bytes.data() + static_cast<std::size_t>(to) * rowBytes,
                  x.bytes.data() + static_cast<std::size_t>(from) * rowBytes, rowBytes);
    }
  }
  return y;
}

Tensor evaluateScatter(const Operation& o) {
  const auto& a = o.as<ScatterAttributes>();
  Tensor y = o.operand(0);
  const Tensor &index = o.operand(1), &update = o.operand(2);
  const AxisSplit split = splitAt(y.type.shape, a.axis);
  const std::int64_t count = index.type.elementCount();
  for (std::int64_t outer = 0; outer < split.outer; ++outer) {
    for (std::int64_t j = 0; j < count && split.inner > 0; ++j) {
      const std::int64_t to = (outer * split.size + clampedIndex(index, j, split.size)) * split.inner;
      const std::int64_t from = (outer * count + j) * split.inner;
      for (std::int64_t i = 0; i < split.inner; ++i) {
        if (a.mode == ScatterMode::Add)
          accumulate(y, to + i, update, from + i);
        else
          copyElement(update, from + i, y, to + i);
      }
    }
  }
  return y;
}

// Regions run in the machine of evaluate.cpp, which never hands them on.
Tensor evaluateScan(const Operation&) {
  assert(false && "a region");
  return {};
}
Tensor evaluateCall(const Operation&) {
  assert(false && "a region");
  return {};
}

}  // namespace nnc::ir::evaluation
