// Products read through windows: convolutions and their gradients, in every way in which tiles can be cut and stored.
#include <gtest/gtest.h>

#include <utility>

#include "compiled.h"

namespace nnc::codegen::test {

using ir::DType;
using ir::Shape;
using ir::Value;
using ir::WindowDim;

namespace {

/// Both sides sum k products of magnitude at most 16, one fused and one not: each is off by at most k u sum|a||b|.
double bound(std::int64_t k, DType dtype) {
  const double unit = dtype == DType::F64 ? 0x1p-53 : 0x1p-24;
  return 2.0 * static_cast<double>(k) * unit * 16.0 * static_cast<double>(k);
}

/// A kernel call of the contraction of windows of x with k.
Program windowed(DType dtype, Shape x, std::vector<WindowDim> dims, Shape k, const char* a, const char* b,
                 const char* y) {
  Program p = program([&](ir::Builder& builder) {
    builder.addParameter({dtype, x}, "x");
    builder.addParameter({dtype, k}, "k");
  });
  const ir::FunctionId body = p.module.addFunction("product");
  {
    ir::Builder builder(p.module, body);
    const Value in = builder.addParameter({dtype, x}, "x"), kernel = builder.addParameter({dtype, k}, "k");
    builder.addResult(builder.contract(builder.window(in, std::move(dims)), kernel, a, b, y), "y");
  }
  ir::Builder builder(p.module, p.function);
  const std::vector<Value> arguments = builder.function().parameters;
  builder.addResult(builder.call({"product", body, ir::CallKind::Kernel, {}}, arguments)[0], "y");
  return p;
}

/// Images of channels q, kernels of `size`, o channels out.
struct Case {
  std::int64_t batch, q, height, width, size, o, stride = 1, dilation = 1;
  std::vector<WindowDim> dims() const { return {{2, size, stride, dilation}, {3, size, stride, dilation}}; }
  std::int64_t out(std::int64_t extent) const { return (extent - (size - 1) * dilation - 1) / stride + 1; }
};

const std::vector<Case> kCases = {
    {2, 3, 9, 9, 3, 16},          // one vector of channels, rows of 7
    {2, 4, 16, 30, 3, 32},        // two, rows of 28
    {1, 2, 8, 18, 3, 64},         // four
    {2, 1, 12, 12, 5, 10},        // a single channel in, a tail of channels
    {2, 5, 7, 7, 1, 33},          // kernels of one pixel
    {2, 3, 10, 41, 3, 7, 2, 1},   // strides, rows of 20
    {1, 2, 11, 13, 3, 17, 1, 2},  // dilation
    {3, 2, 4, 4, 4, 5},           // one pixel out
    {2, 3, 6, 40, 2, 1},          // one channel out: lanes along the pixels
};

}  // namespace

TEST(Tile, Convolutions) {
  for (const DType dtype : {DType::F32, DType::F64, DType::BF16})
    for (const Case& c : kCases) {
      SCOPED_TRACE(testing::Message() << c.height << "x" << c.width << ", " << c.size << ", to " << c.o);
      expectClose(windowed(dtype, {c.batch, c.q, c.height, c.width}, c.dims(), {c.q, c.size, c.size, c.o}, "bqijuv",
                           "quvo", "boij"),
                  0, bound(c.q * c.size * c.size, dtype));
    }
}

// Channels last, and kernels that have the channels of the result first: nothing to read in one go but the pixels.
TEST(Tile, OtherLayouts) {
  for (const DType dtype : {DType::F32, DType::BF16})
    for (const Case& c : kCases) {
      SCOPED_TRACE(testing::Message() << c.height << "x" << c.width << ", " << c.size << ", to " << c.o);
      const std::vector<WindowDim> dims{{1, c.size, c.stride, c.dilation}, {2, c.size, c.stride, c.dilation}};
      const double close = bound(c.q * c.size * c.size, dtype);
      expectClose(windowed(dtype, {c.batch, c.height, c.width, c.q}, dims, {c.size, c.size, c.q, c.o}, "bijquv", "uvqo",
                           "bijo"),
                  0, close);
      expectClose(windowed(dtype, {c.batch, c.q, c.height, c.width}, c.dims(), {c.o, c.q, c.size, c.size}, "bqijuv",
                           "oquv", "boij"),
                  0, close);
      expectClose(windowed(dtype, {c.batch, c.q, c.height, c.width}, c.dims(), {c.size, c.o, c.size, c.q}, "bqijuv",
                           "uovq", "ojbi"),
                  0, close);
    }
}

TEST(Tile, GradientsOfKernels) {
  for (const DType dtype : {DType::F32, DType::F64, DType::BF16})
    for (const Case& c : kCases) {
      SCOPED_TRACE(testing::Message() << c.height << "x" << c.width << ", " << c.size << ", to " << c.o);
      const std::int64_t i = c.out(c.height), j = c.out(c.width);
      expectClose(
          windowed(dtype, {c.batch, c.q, c.height, c.width}, c.dims(), {c.batch, c.o, i, j}, "bqijuv", "boij", "quvo"),
          0, bound(c.batch * i * j, dtype));
    }
}

// The sum over an image does not fit into a panel: it is cut along the rows, or along their pixels.
TEST(Tile, LongSumsAreCut) {
  const std::vector<WindowDim> dims{{2, 3, 1, 1}, {3, 3, 1, 1}};
  expectClose(windowed(DType::F32, {2, 2, 62, 122}, dims, {2, 20, 60, 120}, "bqijuv", "boij", "quvo"), 0,
              bound(2 * 60 * 120, DType::F32));
  expectClose(windowed(DType::BF16, {2, 2, 62, 122}, dims, {2, 20, 60, 120}, "bqijuv", "boij", "quvo"), 0,
              bound(2 * 60 * 120, DType::BF16));
  expectClose(windowed(DType::F32, {1, 1, 3, 5003}, dims, {1, 18, 1, 5001}, "bqijuv", "boij", "quvo"), 0,
              bound(5001, DType::F32));
}

TEST(Tile, Groups) {
  const std::vector<WindowDim> dims{{3, 3, 1, 1}, {4, 3, 1, 1}};
  expectClose(windowed(DType::F32, {2, 3, 4, 9, 20}, dims, {3, 4, 3, 3, 6}, "bgqijuv", "gquvo", "bgoij"), 0,
              bound(36, DType::F32));
  const std::vector<WindowDim> depthwise{{2, 3, 1, 1}, {3, 3, 1, 1}};
  expectClose(windowed(DType::F32, {2, 5, 9, 20}, depthwise, {5, 3, 3}, "bgijuv", "guv", "bgij"), 0,
              bound(9, DType::F32));
  expectClose(windowed(DType::F32, {2, 5, 9, 20}, depthwise, {2, 5, 7, 18}, "bgijuv", "bgij", "guv"), 0,
              bound(2 * 7 * 18, DType::F32));
}

TEST(Tile, OneDimension) {
  expectClose(windowed(DType::F32, {3, 4, 50}, {{2, 5, 1, 1}}, {4, 5, 24}, "bqiu", "quo", "boi"), 0,
              bound(20, DType::F32));
  expectClose(windowed(DType::F32, {3, 4, 50}, {{2, 5, 1, 1}}, {3, 24, 46}, "bqiu", "boi", "quo"), 0,
              bound(3 * 46, DType::F32));
}

TEST(Tile, OtherDtypesAreLoops) {
  expectExact(windowed(DType::I32, {2, 2, 6, 9}, {{2, 3, 1, 1}, {3, 3, 1, 1}}, {2, 3, 3, 5}, "bqijuv", "quvo", "boij"));
}

TEST(Tile, OfNothing) {
  const std::vector<WindowDim> dims{{2, 3, 1, 1}, {3, 3, 1, 1}};
  expectExact(windowed(DType::F32, {0, 2, 6, 9}, dims, {2, 3, 3, 5}, "bqijuv", "quvo", "boij"));
  expectExact(windowed(DType::F32, {2, 0, 6, 9}, dims, {0, 3, 3, 5}, "bqijuv", "quvo", "boij"));
  expectExact(windowed(DType::F32, {2, 2, 6, 9}, dims, {2, 3, 3, 0}, "bqijuv", "quvo", "boij"));
}

// What `nnc eval` and an application with other batches rely on.
TEST(Tile, AnImageDoesNotDependOnTheBatch) {
  const std::vector<WindowDim> dims{{2, 3, 1, 1}, {3, 3, 1, 1}};
  const auto make = [&](std::int64_t batch) {
    return windowed(DType::F32, {batch, 3, 9, 20}, dims, {3, 3, 3, 21}, "bqijuv", "quvo", "boij");
  };
  Program all = make(5), one = make(1);
  std::vector<ir::Tensor> arguments = inputs(all, 7);
  planTrivially(all.module, all.function);
  planTrivially(one.module, one.function);
  const ir::Tensor expected = runCompiled(all.module, all.function, arguments)[0];
  ir::Tensor image({DType::F32, {1, 3, 9, 20}}), part({DType::F32, {1, 21, 7, 18}});
  const std::size_t bytes = image.bytes.size(), out = part.bytes.size();
  std::copy_n(arguments[0].bytes.begin() + static_cast<std::ptrdiff_t>(3 * bytes), bytes, image.bytes.begin());
  std::copy_n(expected.bytes.begin() + static_cast<std::ptrdiff_t>(3 * out), out, part.bytes.begin());
  expectSame(runCompiled(one.module, one.function, {image, arguments[1]})[0], part, "image 3 alone");
}

}  // namespace nnc::codegen::test
