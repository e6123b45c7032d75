// Convolutions from the program to kernels: gradients by the input as convolutions, windows that are never written out.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ir/builder.h"
#include "ir/evaluate.h"
#include "ir/verify.h"
#include "passes/assign_layouts.h"
#include "passes/check_kernels.h"
#include "passes/fuse.h"

namespace nnc::tests {

using ir::DType;
using ir::Shape;
using ir::Value;
using ir::WindowDim;

namespace {

/// Small integers: sums and products of them are exact in every order.
std::vector<ir::Tensor> exactArguments(const ir::Function& function) {
  std::mt19937_64 random(5);
  std::vector<ir::Tensor> arguments;
  for (const Value parameter : function.parameters) {
    ir::Tensor tensor(function.type(parameter));
    for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i)
      tensor.setReal(i, static_cast<double>(static_cast<int>(random() % 9) - 4));
    arguments.push_back(std::move(tensor));
  }
  return arguments;
}

/// Runs both passes and compares the results; gives back the module.
ir::Module expectKept(ir::Module module) {
  const ir::FunctionId id(0);
  const std::vector<ir::Tensor> arguments = exactArguments(module.function(id));
  const std::vector<ir::Tensor> expected = ir::evaluate(module, id, arguments);
  Diagnostics diagnostics;
  for (const auto pass : {&passes::assignLayouts, &passes::fuse}) {
    EXPECT_TRUE(pass(module, diagnostics));
    EXPECT_EQ(ir::verify(module), std::vector<std::string>{});
    const std::vector<ir::Tensor> actual = ir::evaluate(module, id, arguments);
    for (std::size_t r = 0; r < expected.size(); ++r)
      for (std::int64_t i = 0; i < expected[r].type.elementCount(); ++i)
        EXPECT_EQ(actual[r].real(i), expected[r].real(i)) << "result " << r << "[" << i << "]";
  }
  EXPECT_EQ(passes::checkKernels(module), std::vector<std::string>{});
  return module;
}

std::int64_t countOf(const ir::Module& module, ir::FunctionId id, ir::Op op) {
  const ir::Function& f = module.function(id);
  return std::count_if(f.body.begin(), f.body.end(), [&](ir::NodeId node) { return f.node(node).op == op; });
}

struct Case {
  Shape x;  // b, q, h, w
  std::int64_t size, stride, dilation, pad;
  std::vector<WindowDim> dims() const { return {{2, size, stride, dilation}, {3, size, stride, dilation}}; }
};

}  // namespace

TEST(Convolutions, AnOverlapAddOfAProductReadsWindows) {
  for (const Case& c :
       {Case{{2, 3, 7, 8}, 3, 1, 1, 1}, Case{{2, 3, 7, 8}, 3, 2, 1, 1}, Case{{1, 2, 9, 9}, 3, 1, 2, 2},
        Case{{1, 2, 5, 6}, 2, 1, 1, 0}, Case{{1, 2, 9, 8}, 2, 3, 1, 1}, Case{{2, 2, 5, 5}, 5, 1, 1, 2}}) {
    SCOPED_TRACE(testing::Message() << "size " << c.size << " stride " << c.stride << " dilation " << c.dilation);
    ir::Module module;
    ir::Builder b(module, module.addFunction("main"));
    const Shape padded{c.x[0], c.x[1], c.x[2] + 2 * c.pad, c.x[3] + 2 * c.pad};
    const auto out = [&](std::int64_t extent) { return (extent - (c.size - 1) * c.dilation - 1) / c.stride + 1; };
    const Value g = b.addParameter({DType::F32, {c.x[0], 4, out(padded[2]), out(padded[3])}}, "");
    const Value k = b.addParameter({DType::F32, {c.x[1], c.size, c.size, 4}}, "");
    const Value sum = b.unwindow(b.contract(g, k, "boij", "quvo", "bqijuv"), c.dims(), padded);
    const Shape hi{padded[0], padded[1], padded[2] - c.pad, padded[3] - c.pad};
    b.addResult(b.slice(sum, {0, 0, c.pad, c.pad}, hi, {1, 1, 1, 1}), "");
    const ir::Module result = expectKept(std::move(module));
    const ir::FunctionId main(0);
    EXPECT_EQ(countOf(result, main, ir::Op::Unwindow), 0);
    EXPECT_EQ(countOf(result, main, ir::Op::Window), 0);
    EXPECT_EQ(countOf(result, main, ir::Op::Contract), 0);
  }
}

// The sum itself is wanted as well, or cut with a step: the slice is not taken in.
TEST(Convolutions, OtherReadersOfTheSum) {
  const std::vector<WindowDim> dims{{2, 3, 1, 1}, {3, 3, 1, 1}};
  for (const bool hasStep : {false, true}) {
    ir::Module module;
    ir::Builder b(module, module.addFunction("main"));
    const Value g = b.addParameter({DType::F32, {2, 4, 5, 6}}, ""), k = b.addParameter({DType::F32, {3, 3, 3, 4}}, "");
    const Value sum = b.unwindow(b.contract(k, g, "quvo", "boij", "bqijuv"), dims, {2, 3, 7, 8});
    b.addResult(b.slice(sum, {0, 0, 1, 1}, {2, 3, 6, 7}, {1, 1, hasStep ? 2 : 1, 1}), "");
    b.addResult(b.mul(sum, sum), "");
    EXPECT_EQ(countOf(expectKept(std::move(module)), ir::FunctionId(0), ir::Op::Unwindow), 0);
  }
}

// The letters of the windows or of their places are in the wrong factor: a sum over both, no convolution.
TEST(Convolutions, OtherProductsStay) {
  ir::Module module;
  ir::Builder b(module, module.addFunction("main"));
  const Value x = b.addParameter({DType::F32, {2, 5, 3}}, ""), z = b.addParameter({DType::F32, {4, 5}}, "");
  b.addResult(b.unwindow(b.contract(x, z, "biu", "qi", "bqiu"), {{2, 3, 1, 1}}, {2, 4, 7}), "");
  const Value v = b.addParameter({DType::F32, {2, 3, 5, 3}}, ""), w = b.addParameter({DType::F32, {3, 4}}, "");
  b.addResult(b.unwindow(b.contract(v, w, "boiu", "oq", "bqiu"), {{2, 3, 1, 1}}, {2, 4, 7}), "");
  EXPECT_EQ(countOf(expectKept(std::move(module)), ir::FunctionId(0), ir::Op::Unwindow), 2);
}

// A convolution and the gradient of its kernel read the same windows, the pool after it reads some of its own.
TEST(Convolutions, WindowsAreReadInPlace) {
  const std::vector<WindowDim> dims{{2, 3, 1, 1}, {3, 3, 1, 1}};
  ir::Module module;
  ir::Builder b(module, module.addFunction("main"));
  const Value x = b.addParameter({DType::F32, {2, 3, 6, 6}}, ""), k = b.addParameter({DType::F32, {3, 3, 3, 4}}, "");
  const Value padded = b.pad(b.mul(x, x), {0, 0, 1, 1}, {0, 0, 1, 1}, {0, 0, 0, 0}, 0.0);
  const Value windows = b.window(padded, dims);
  const Value y = b.max(b.contract(windows, k, "bqijuv", "quvo", "boij"), b.constant({DType::F32, {2, 4, 6, 6}}, 0.0));
  b.addResult(b.reduceMax(b.window(y, {{2, 2, 2, 1}, {3, 2, 2, 1}}), {4, 5}), "");
  b.addResult(b.contract(windows, y, "bqijuv", "boij", "quvo"), "");
  b.addResult(b.reduceSum(windows, {4, 5}), "");
  const ir::Module result = expectKept(std::move(module));
  const ir::Function& f = result.function(ir::FunctionId(0));
  EXPECT_EQ(countOf(result, ir::FunctionId(0), ir::Op::Contract), 0);
  for (const ir::NodeId node : f.body)
    for (const Value value : f.node(node).results)
      EXPECT_LE(f.type(value).rank(), 4) << "windows in memory: " << ir::toString(f.type(value).shape);
}

}  // namespace nnc::tests
