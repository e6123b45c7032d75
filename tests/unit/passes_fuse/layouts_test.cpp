// assign_layouts: every contraction canonical, every number as it was.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "ir/builder.h"
#include "ir/evaluate.h"
#include "ir/verify.h"
#include "passes/assign_layouts.h"

namespace nnc::tests {

using ir::DType;
using ir::Shape;
using ir::Value;

/// Small integers, and -0.0 among them: sums and products of them are exact in every order.
static std::vector<ir::Tensor> exactArguments(const ir::Function& function, std::mt19937_64& random) {
  std::vector<ir::Tensor> arguments;
  for (const Value parameter : function.parameters) {
    ir::Tensor tensor(function.type(parameter));
    for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i)
      tensor.setReal(i, random() % 8 == 0 ? -0.0 : static_cast<double>(static_cast<int>(random() % 9) - 4));
    arguments.push_back(std::move(tensor));
  }
  return arguments;
}

/// Runs the pass and compares the results. A product without a sum may give -0.0 where a contraction, which starts at
/// 0.0, gives 0.0: the two are equal.
static void expectKept(ir::Module module, std::mt19937_64& random) {
  const ir::FunctionId id(0);
  ASSERT_EQ(ir::verify(module), std::vector<std::string>{});
  const std::vector<ir::Tensor> arguments = exactArguments(module.function(id), random);
  const std::vector<ir::Tensor> expected = ir::evaluate(module, id, arguments);
  Diagnostics diagnostics;
  ASSERT_TRUE(passes::assignLayouts(module, diagnostics));
  ASSERT_EQ(ir::verify(module), std::vector<std::string>{});
  const std::vector<ir::Tensor> actual = ir::evaluate(module, id, arguments);
  for (std::size_t r = 0; r < expected.size(); ++r) {
    ASSERT_EQ(actual[r].type, expected[r].type);
    for (std::int64_t i = 0; i < expected[r].type.elementCount(); ++i)
      ASSERT_EQ(actual[r].real(i), expected[r].real(i)) << "result " << r << "[" << i << "]";
  }
  for (const ir::NodeId node : module.function(id).body) {
    const auto* c = std::get_if<ir::ContractAttributes>(&module.function(id).node(node).attributes);
    if (c == nullptr) continue;
    std::string batch, m, n, k;
    for (const char letter : c->a) {
      const bool inB = c->b.find(letter) != std::string::npos, inY = c->y.find(letter) != std::string::npos;
      (inB && inY ? batch : inB ? k : m) += letter;
    }
    for (const char letter : c->b)
      if (c->a.find(letter) == std::string::npos) n += letter;
    EXPECT_TRUE(c->a == batch + m + k || c->a == batch + k + m) << c->a << ", " << c->b << " -> " << c->y;
    EXPECT_TRUE(c->b == batch + k + n || c->b == batch + n + k) << c->a << ", " << c->b << " -> " << c->y;
    EXPECT_EQ(c->y, batch + m + n) << c->a << ", " << c->b << " -> " << c->y;
  }
}

static std::string shuffled(std::string letters, std::mt19937_64& random) {
  std::shuffle(letters.begin(), letters.end(), random);
  return letters;
}

TEST(AssignLayouts, AnyContraction) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 400; ++round) {
    std::string a, b, y;
    for (char letter = 'a'; letter < 'a' + static_cast<char>(random() % 6); ++letter) {
      const auto fate = random() % 4;  // batch, m, n, k
      if (fate != 2) a += letter;
      if (fate != 1) b += letter;
      if (fate != 3) y += letter;
    }
    a = shuffled(a, random), b = shuffled(b, random), y = shuffled(y, random);
    SCOPED_TRACE(a + ", " + b + " -> " + y);
    const auto shapeOf = [](const std::string& letters) {
      Shape shape;
      for (const char letter : letters) shape.push_back(1 + (letter - 'a' + 1) % 4);
      return shape;
    };
    ir::Module module;
    ir::Builder builder(module, module.addFunction("main"));
    Value x = builder.addParameter({DType::F32, shapeOf(a)}, ""),
          z = builder.addParameter({DType::F32, shapeOf(b)}, "");
    if (random() % 2 == 0) x = builder.mul(x, x);
    builder.addResult(builder.contract(x, z, a, b, y), "");
    expectKept(std::move(module), random);
    if (HasFailure()) return;
  }
}

TEST(AssignLayouts, OneTransposeForTwoProducts) {
  ir::Module module;
  const ir::FunctionId id = module.addFunction("main");
  ir::Builder b(module, id);
  const Value x = b.addParameter({DType::F32, {4, 3, 5}}, "");
  const Value y = b.addParameter({DType::F32, {3, 4, 5, 6}}, "");
  const Value z = b.addParameter({DType::F32, {3, 4, 5, 7}}, "");
  b.addResult(b.contract(x, y, "bac", "abcd", "acd"), "");
  b.addResult(b.contract(x, z, "bac", "abce", "ace"), "");
  Diagnostics diagnostics;
  ASSERT_TRUE(passes::assignLayouts(module, diagnostics));
  const ir::Function& f = module.function(id);
  const auto ofX = std::count_if(f.body.begin(), f.body.end(), [&](ir::NodeId node) {
    return f.node(node).op == ir::Op::Transpose && f.node(node).operands[0] == x;
  });
  EXPECT_EQ(ofX, 1);
}

TEST(AssignLayouts, WindowsThatDoNotOverlap) {
  std::mt19937_64 random(12);
  for (const auto& [shape, dims] : std::vector<std::pair<Shape, std::vector<ir::WindowDim>>>{
           {{2, 6, 8}, {{1, 2, 2, 1}, {2, 2, 2, 1}}},  // covers everything
           {{2, 7, 8}, {{1, 2, 2, 1}, {2, 3, 3, 1}}},  // leaves a border
           {{6}, {{0, 1, 1, 5}}},                      // windows of one
           {{2, 7}, {{1, 3, 1, 1}}},                   // overlap: stays
           {{2, 9}, {{1, 2, 2, 2}}},                   // dilated: stays
       }) {
    ir::Module module;
    ir::Builder b(module, module.addFunction("main"));
    const Value x = b.addParameter({DType::F32, shape}, "");
    const Value windows = b.window(x, dims);
    b.addResult(b.unwindow(b.mul(windows, windows), dims, shape), "");
    b.addResult(b.unwindow(windows, dims, shape), "");
    expectKept(std::move(module), random);
  }
}

TEST(AssignLayouts, AnUnwindowKeepsTheSignOfZero) {
  ir::Module module;
  const ir::FunctionId id = module.addFunction("main");
  ir::Builder b(module, id);
  const std::vector<ir::WindowDim> dims{{0, 2, 2, 1}};
  b.addResult(b.unwindow(b.addParameter({DType::F32, {2, 2}}, ""), dims, {4}), "");
  ir::Tensor zeros({DType::F32, {2, 2}});
  for (std::int64_t i = 0; i < 4; ++i) zeros.setReal(i, -0.0);
  const std::vector<ir::Tensor> expected = ir::evaluate(module, id, {zeros});
  Diagnostics diagnostics;
  ASSERT_TRUE(passes::assignLayouts(module, diagnostics));
  EXPECT_EQ(ir::evaluate(module, id, {zeros})[0].bytes, expected[0].bytes);
}

TEST(AssignLayouts, ReductionsOfMergedAxesKeepTheirBits) {
  std::mt19937_64 random(13);
  std::normal_distribution<float> normal;
  for (const auto& [shape, merged, axes, isRewritten] : std::vector<std::tuple<Shape, Shape, std::vector<int>, bool>>{
           {{3, 4, 5}, {3, 20}, {1}, true},
           {{3, 4, 5}, {12, 5}, {0}, true},
           {{3, 4, 5}, {12, 5}, {1}, true},
           {{3, 4, 5}, {60}, {0}, true},
           {{3, 1, 4}, {3, 4, 1}, {1}, true},
           {{3, 4, 5}, {3, 5, 4}, {1}, false},   // not a merge
           {{12, 5}, {3, 4, 5}, {1, 2}, false},  // a split
       }) {
    ir::Module module;
    const ir::FunctionId id = module.addFunction("main");
    ir::Builder b(module, id);
    const Value x = b.addParameter({DType::F32, shape}, "");
    const Value y = b.reshape(x, merged);
    b.addResult(b.reduceSum(y, axes), "");
    b.addResult(b.reduceMax(y, axes), "");
    ir::Tensor argument({DType::F32, shape});
    for (std::int64_t i = 0; i < argument.type.elementCount(); ++i) argument.data<float>()[i] = normal(random);
    const std::vector<ir::Tensor> expected = ir::evaluate(module, id, {argument});
    Diagnostics diagnostics;
    ASSERT_TRUE(passes::assignLayouts(module, diagnostics));
    ASSERT_EQ(ir::verify(module), std::vector<std::string>{});
    const std::vector<ir::Tensor> actual = ir::evaluate(module, id, {argument});
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(actual[i].bytes, expected[i].bytes);
    const ir::Function& f = module.function(id);
    for (const ir::NodeId node : f.body) {
      if (ir::opInfo(f.node(node).op).opClass != ir::OpClass::Reduction) continue;
      EXPECT_EQ(f.node(node).operands[0] == x, isRewritten) << ir::toString(shape) << ir::toString(merged);
    }
  }
}

}  // namespace nnc::tests
