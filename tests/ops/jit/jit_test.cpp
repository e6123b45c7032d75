// Compiled code against the reference evaluator, for every sample of the OpDB.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/vjp.h"
#include "db/sample.h"
#include "engine/engine.h"
#include "ir/convert_precision.h"
#include "ir/evaluate.h"

namespace nnc::ops {
namespace {

using ir::DType;
using ir::Tensor;

std::vector<Tensor> runCompiled(ir::Module module, ir::FunctionId entry, const std::vector<Tensor>& inputs,
                                std::string& error) {
  engine::Options options;
  options.verifyEach = true;
  Diagnostics diagnostics;
  std::optional<engine::Executable> executable;
  if (engine::lower(module, entry, options, diagnostics))
    executable = engine::Executable::compile(std::move(module), entry, options, diagnostics);
  if (executable) return executable->run(inputs);
  error = diagnostics.all().empty() ? "nothing was reported" : diagnostics.all()[0].message;
  return {};
}

double epsilonOf(DType dtype) { return dtype == DType::F64 ? 0x1p-53 : dtype == DType::F32 ? 0x1p-24 : 0x1p-8; }
double smallestNormal(DType dtype) {
  return dtype == DType::F64 ? std::numeric_limits<double>::min() : std::numeric_limits<float>::min();
}
double largest(DType dtype) {
  return dtype == DType::F64 ? std::numeric_limits<double>::max() : std::numeric_limits<float>::max();
}

/// The distance of two floats in units in the last place of `a`.
double ulpsApart(double a, double b, DType dtype) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  if (!std::isfinite(a) || !std::isfinite(b)) return std::numeric_limits<double>::infinity();
  int exponent = 0;
  std::frexp(std::max(std::fabs(a), smallestNormal(dtype)), &exponent);
  return std::fabs(a - b) / std::ldexp(2 * epsilonOf(dtype), exponent - 1);
}

bool sameBits(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// How many roundings there are at most on the way to one element of a sum.
double roundingsOf(const Row& row, const Sample& sample) {
  const ir::Shape& shape = sample.operands[0].type.shape;
  double count = 1;
  if (const auto* reduce = std::get_if<ir::ReduceAttributes>(&sample.attributes))
    for (const int axis : reduce->axes) count *= static_cast<double>(shape[axis]);
  if (const auto* unwindow = std::get_if<ir::UnwindowAttributes>(&sample.attributes))
    for (const ir::WindowDim& dim : unwindow->dims) count *= static_cast<double>(dim.size);
  if (row.op == ir::Op::Scatter) count = static_cast<double>(sample.operands[1].type.elementCount()) + 1;
  if (const auto* letters = std::get_if<ir::ContractAttributes>(&sample.attributes))
    for (std::size_t i = 0; i < letters->a.size(); ++i)
      if (letters->y.find(letters->a[i]) == std::string::npos) count *= static_cast<double>(shape[i]);
  // The longest path through the regions of rows_regions.cpp is 17 steps of a product and a sum, and a product.
  if (row.op == ir::Op::Scan) count = 2 * 17 + 1;
  return count + 1;  // of the product, in a contraction
}

/// All operands without their signs: with them the sum is that of the absolute terms.
std::vector<Tensor> magnitudes(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> result = inputs;
  for (Tensor& tensor : result)
    if (ir::isFloat(tensor.type.dtype))
      for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i) tensor.setReal(i, std::fabs(tensor.real(i)));
  return result;
}

std::vector<Tensor> evaluateWide(const Row& row, const Sample& sample, const std::vector<Tensor>& inputs) {
  const ir::Module module = ir::convertPrecision(makeModule(row, sample), DType::F32, DType::F64);
  std::vector<Tensor> wide;
  for (const Tensor& input : inputs)
    wide.push_back(input.type.dtype == DType::F32 ? ir::convertTensor(input, DType::F64) : input);
  return ir::evaluate(module, entryOf(module), wide);
}

/// Zero of the same sign for a denormal.
double flushed(double value, DType dtype) {
  return std::fabs(value) < smallestNormal(dtype) ? std::copysign(0.0, value) : value;
}

std::vector<Tensor> flushed(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> result = tensors;
  for (Tensor& tensor : result)
    if (ir::isFloat(tensor.type.dtype))
      for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i)
        tensor.setReal(i, flushed(tensor.real(i), tensor.type.dtype));
  return result;
}

/// What is right of one sample, and how to tell.
///
/// Compiled code takes denormals for zeros, as operands and as results, where the machine's arithmetic does (moves do
/// not): with both, the evaluator's results for the operands as they are and for flushed ones are right.
class Judge {
 public:
  Judge(const Row& row, const Sample& sample) : row_(row), id_(idOf(row, sample)), inputs_(makeInputs(row, sample)) {
    const ir::Module module = makeModule(row, sample);
    expected_ = ir::evaluate(module, entryOf(module), inputs_);
    expectedFlushed_ = ir::evaluate(module, entryOf(module), flushed(inputs_));
    if (row.agreement != Agreement::Sum) return;
    wide_ = evaluateWide(row, sample, inputs_);
    absolute_ = evaluateWide(row, sample, magnitudes(inputs_));
    roundings_ = roundingsOf(row, sample);
  }

  const std::vector<Tensor>& inputs() const { return inputs_; }

  void check(const std::vector<Tensor>& results) const {
    ASSERT_EQ(results.size(), expected_.size()) << id_;
    for (std::size_t k = 0; k < results.size(); ++k) {
      ASSERT_EQ(results[k].type, expected_[k].type) << id_;
      for (std::int64_t i = 0; i < results[k].type.elementCount(); ++i) checkElement(results[k], k, i);
    }
  }

 private:
  void checkElement(const Tensor& result, std::size_t k, std::int64_t i) const {
    const DType dtype = result.type.dtype;
    const std::string where = fmt::format("{} result {} element {}: ", id_, k, i);
    if (!ir::isFloat(dtype)) {
      const std::int64_t got = result.integer(i), wanted = expected_[k].integer(i);
      EXPECT_TRUE(got == wanted || got == expectedFlushed_[k].integer(i))
          << where << "compiled " << got << ", evaluated " << wanted;
      return;
    }
    const double got = result.real(i), wanted = expected_[k].real(i), wantedFlushed = expectedFlushed_[k].real(i);
    const std::string values = fmt::format("compiled {}, evaluated {}", got, wanted);
    switch (row_.agreement) {
      case Agreement::Bits: {
        const bool agrees = sameBits(got, wanted) || sameBits(got, flushed(wanted, dtype)) ||
                            sameBits(got, wantedFlushed) || sameBits(got, flushed(wantedFlushed, dtype)) ||
                            isFlushedQuotient(got, i, dtype) || isFlushedTie(got, i, dtype);
        EXPECT_TRUE(agrees) << where << values;
        return;
      }
      case Agreement::Function: {
        const double apart = std::min({ulpsApart(wanted, got, dtype), ulpsApart(flushed(wanted, dtype), got, dtype),
                                       ulpsApart(wantedFlushed, got, dtype)});
        if (std::isfinite(wanted) && isBeyondSin(i, dtype))
          EXPECT_LE(std::fabs(got), 1.0) << where << values;
        else
          EXPECT_LE(apart, kMostUlps) << where << values;
        return;
      }
      case Agreement::Sum:
        checkSum(got, k, i, dtype, where + values);
        return;
    }
  }

  // Below the 8 ulp that are promised: compiled functions err by at most 3 ulp (codegen/vector_math.h), and those of
  // the C library, which the evaluator calls, by at most 2.
  static constexpr double kMostUlps = 5;

  /// Beyond these sin promises a number in [-1, 1], and no more (codegen/vector_math.h).
  bool isBeyondSin(std::int64_t i, DType dtype) const {
    return row_.op == ir::Op::Sin && std::fabs(inputs_[0].real(i)) > (dtype == DType::F64 ? 0x1p20 : 0x1p30);
  }

  /// rem is a - floor(a / b) * b, and a denormal quotient may be taken for zero, which leaves a.
  bool isFlushedQuotient(double got, std::int64_t i, DType dtype) const {
    if (row_.op != ir::Op::Rem) return false;
    const double a = inputs_[0].real(i), b = inputs_[1].real(i);
    return std::fabs(a / b) < smallestNormal(dtype) * 2 && sameBits(got, a);
  }

  /// Two operands of max that are both taken for zero are a tie.
  bool isFlushedTie(double got, std::int64_t i, DType dtype) const {
    if (row_.op != ir::Op::Max) return false;
    const double a = inputs_[0].real(i), b = inputs_[1].real(i);
    return flushed(a, dtype) == 0.0 && flushed(b, dtype) == 0.0 && sameBits(got, b);
  }

  void checkSum(double got, std::size_t k, std::int64_t i, DType dtype, const std::string& where) const {
    const double absolute = absolute_[k].real(i), truth = wide_[k].real(i);
    if (std::isnan(absolute) || std::isinf(absolute)) {  // NaN or infinity among the terms: nothing finite comes out
      EXPECT_FALSE(std::isfinite(got)) << where;
      EXPECT_TRUE(std::isnan(got) || !std::isnan(truth)) << where;
      return;
    }
    // Terms that overflow in some orders and not in others.
    if (absolute > largest(dtype)) return;
    // In f64 the evaluator errs as well. A term or a partial sum that is denormal may be taken for zero.
    const double sides = dtype == DType::F64 ? 2 : 1;
    const double bound =
        sides * roundings_ * epsilonOf(dtype) * absolute * (1 + 0x1p-10) + roundings_ * smallestNormal(dtype);
    EXPECT_LE(std::fabs(got - truth), bound) << where << ", in f64 " << truth;
  }

  const Row& row_;
  std::string id_;
  std::vector<Tensor> inputs_, expected_, expectedFlushed_, wide_, absolute_;
  double roundings_ = 1;
};

class Compiled : public ::testing::TestWithParam<int> {};

TEST_P(Compiled, AgreesWithTheEvaluator) {
  const Row& row = allRows()[static_cast<std::size_t>(GetParam())];
  for (const Sample& sample : row.samples) {
    const Judge judge(row, sample);
    std::string error;
    ir::Module module = makeModule(row, sample);
    const ir::FunctionId entry = entryOf(module);
    const std::vector<Tensor> results = runCompiled(std::move(module), entry, judge.inputs(), error);
    ASSERT_EQ(error, "") << idOf(row, sample);
    judge.check(results);
  }
}

/// The derivative of every smooth sample, as the pipeline makes it of the rule, in f64: within 1e-12 of the evaluator,
/// relative to the largest element of a cotangent (some are sums that cancel).
TEST_P(Compiled, DerivativesAgreeWithTheEvaluator) {
  constexpr double kTolerance = 1e-12;
  const Row& row = allRows()[static_cast<std::size_t>(GetParam())];
  if (std::find(row.differentiable.begin(), row.differentiable.end(), true) == row.differentiable.end())
    return;  // zeros
  for (const Sample& sample : row.samples) {
    if (!sample.notSmooth.empty() || sample.operands.empty() || sample.operands[0].type.dtype == DType::F64) continue;
    ir::Module module = ir::convertPrecision(makeModule(row, sample), DType::F32, DType::F64);
    const ir::FunctionId entry = autodiff::makeVjp(module, entryOf(module));
    std::vector<Tensor> arguments;
    for (const Tensor& input : makeInputs(row, sample))
      arguments.push_back(input.type.dtype == DType::F32 ? ir::convertTensor(input, DType::F64) : input);
    const ir::Function& f = module.function(entry);
    for (std::size_t i = arguments.size(); i < f.parameters.size(); ++i) {
      Tensor cotangent(f.type(f.parameters[i]));
      for (std::int64_t k = 0; k < cotangent.type.elementCount(); ++k)
        cotangent.setReal(k, 0.25 * static_cast<double>(k % 7) - 0.6);
      arguments.push_back(std::move(cotangent));
    }
    const std::vector<Tensor> expected = ir::evaluate(module, entry, arguments);
    std::string error;
    const std::vector<Tensor> results = runCompiled(module, entry, arguments, error);
    ASSERT_EQ(error, "") << idOf(row, sample);
    ASSERT_EQ(results.size(), expected.size()) << idOf(row, sample);
    for (std::size_t k = 0; k < results.size(); ++k) {
      double size = 0;
      for (std::int64_t i = 0; i < results[k].type.elementCount(); ++i)
        size = std::max(size, std::fabs(expected[k].real(i)));
      for (std::int64_t i = 0; i < results[k].type.elementCount(); ++i) {
        const double got = results[k].real(i), wanted = expected[k].real(i);
        EXPECT_TRUE(got == wanted || std::fabs(got - wanted) <= kTolerance * size)  // equal: infinities of a pad
            << idOf(row, sample) << " result " << k << " element " << i << ": compiled " << got << ", evaluated "
            << wanted;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, Compiled, ::testing::Range(0, ir::kOpCount),
                         [](const auto& op) { return std::string(ir::opInfo(static_cast<ir::Op>(op.param)).name); });

}  // namespace
}  // namespace nnc::ops
