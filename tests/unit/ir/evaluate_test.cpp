// The evaluator where the OpDB does not reach: whole functions, kinds of calls, rounding of bf16, tensors as numbers.
#include "ir/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ir/convert_precision.h"
#include "text_module.h"

namespace nnc::ir {
namespace {

using testing::moduleOf;

Tensor tensorOf(Type type, const std::vector<double>& values) {
  Tensor tensor(std::move(type));
  for (std::size_t i = 0; i < values.size(); ++i) tensor.setReal(static_cast<std::int64_t>(i), values[i]);
  return tensor;
}
std::vector<double> numbersOf(const Tensor& tensor) {
  std::vector<double> numbers;
  for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i) numbers.push_back(tensor.real(i));
  return numbers;
}

TEST(Evaluate, ReturnsParametersAndOneValueTwice) {
  const Module module = moduleOf(
      "func @f(%a: f32[2], %b: f32[2]) -> (f32[2], f32[2], f32[2]) {\n%c = add(%a, %b) : f32[2]\nreturn %c, %a, "
      "%c\n}\n");
  const Type type{DType::F32, {2}};
  const std::vector<Tensor> results =
      evaluate(module, FunctionId(0), {tensorOf(type, {1, 2}), tensorOf(type, {10, 20})});
  EXPECT_EQ(numbersOf(results[0]), (std::vector<double>{11, 22}));
  EXPECT_EQ(numbersOf(results[1]), (std::vector<double>{1, 2}));
  EXPECT_EQ(numbersOf(results[2]), (std::vector<double>{11, 22}));
}

TEST(Evaluate, RunsKernelsAndCompositesAlike) {
  const Module module = moduleOf(R"(
func @k(%a: f32) -> (f32) {
  %b = neg(%a) : f32
  return %b
}
func @f(%a: f32) -> (f32) {
  %b = call(%a) {kind = kernel, name = "k", body = @k} : f32
  %c = call(%b) {kind = composite, name = "k", body = @k} : f32
  call(%c) {kind = kernel, name = "none", body = @nothing} : ()
  %d = add(%b, %c) : f32
  return %d
}
func @nothing(%a: f32) -> () {
  return
})");
  EXPECT_EQ(evaluate(module, FunctionId(1), {tensorOf({DType::F32, {}}, {3})})[0].real(0), 0.0);
}

TEST(Evaluate, SumsInAscendingOrderInTheDtype) {
  const Module module =
      moduleOf("func @f(%a: f32[4]) -> (f32) {\n%b = reduce_sum(%a) {axes = [0]} : f32\nreturn %b\n}\n");
  const Tensor a = tensorOf({DType::F32, {4}}, {0x1p24, 1, 1, 1});
  EXPECT_EQ(evaluate(module, FunctionId(0), {a})[0].real(0), 0x1p24);  // each 1 alone is lost
  const Module wide = convertPrecision(module, DType::F32, DType::F64);
  EXPECT_EQ(evaluate(wide, FunctionId(0), {convertTensor(a, DType::F64)})[0].real(0), 0x1p24 + 3);
}

TEST(ConvertPrecision, ConvertsConstantsDrawsAndCasts) {
  const char* text = R"(func @f(%0: i64, %1: f32[2]) -> (f32[2]) {
  %2 = random(%0, %0) {key = 0x5} : f32[2]
  %3 = const [0.5, -2] : f32[2]
  %4 = iota {axis = 0} : i32[2]
  %5 = cast(%4) : f32[2]
  %6 = cast(%5) : f64[2]
  %7 = cast(%6) : f32[2]
  %8 = add(%2, %3) : f32[2]
  %9 = add(%7, %8) : f32[2]
  %10 = add(%9, %1) : f32[2]
  return %10
}
)";
  const Module module = moduleOf(text), wide = convertPrecision(module, DType::F32, DType::F64);
  std::string wanted = text;
  for (std::size_t at = 0; (at = wanted.find("f32", at)) != std::string::npos;) wanted.replace(at, 3, "f64");
  EXPECT_EQ(print(wide), wanted);
  const Module back = convertPrecision(wide, DType::F64, DType::F32);
  const std::vector<Tensor> inputs = {tensorOf({DType::I64, {}}, {9}), tensorOf({DType::F32, {2}}, {1, 2})};
  const std::vector<Tensor> wideInputs = {inputs[0], convertTensor(inputs[1], DType::F64)};
  const Tensor narrow = evaluate(back, FunctionId(0), inputs)[0], exact = evaluate(wide, FunctionId(0), wideInputs)[0];
  EXPECT_EQ(numbersOf(evaluate(module, FunctionId(0), inputs)[0]), numbersOf(narrow));
  EXPECT_EQ(numbersOf(narrow), numbersOf(convertTensor(exact, DType::F32)));  // few bits: nothing was rounded
}

TEST(Tensor, RoundsBf16ToNearestEven) {
  const auto rounded = [](float x) { return bf16ToFloat(floatToBf16(x)); };
  EXPECT_EQ(rounded(1.0f + 0x1p-8f), 1.0f);                // a tie: down to the even one
  EXPECT_EQ(rounded(1.0f + 3 * 0x1p-8f), 1.0f + 0x1p-6f);  // a tie: up to the even one
  EXPECT_EQ(rounded(1.0f + 0x1.02p-8f), 1.0f + 0x1p-7f);
  EXPECT_EQ(rounded(std::numeric_limits<float>::max()), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(rounded(std::numeric_limits<float>::signaling_NaN())));
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = bf16ToFloat(static_cast<std::uint16_t>(bits));
    EXPECT_TRUE(std::isnan(value) || floatToBf16(value) == bits) << bits;
  }
}

TEST(Tensor, SaturatesAndWraps) {
  Tensor small(Type{DType::I8, {}});
  for (const auto& [real, wanted] : {std::pair{1e9, 127}, {-1e9, -128}, {-1.9, -1}, {127.9, 127}, {std::nan(""), 0}}) {
    small.setReal(0, real);
    EXPECT_EQ(small.integer(0), wanted) << real;
  }
  small.setInteger(0, 300);
  EXPECT_EQ(small.integer(0), 44);
  Tensor large(Type{DType::I64, {}});
  large.setReal(0, 0x1p63);
  EXPECT_EQ(large.integer(0), std::numeric_limits<std::int64_t>::max());
  large.setReal(0, -0x1p63);
  EXPECT_EQ(large.integer(0), std::numeric_limits<std::int64_t>::min());
  Tensor flag(Type{DType::Bool, {}});
  flag.setReal(0, std::nan(""));
  EXPECT_EQ(flag.integer(0), 1);
}

}  // namespace
}  // namespace nnc::ir
