// The derivative rule of every op against finite differences in f64, and exactly where differences fail: at kinks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autodiff/vjp.h"
#include "db/sample.h"
#include "ir/convert_precision.h"
#include "ir/evaluate.h"
#include "ir/gradient_flow.h"
#include "support/hash.h"
#include "support/philox.h"

namespace nnc::ops {
namespace {

using ir::DType;
using ir::Tensor;

constexpr std::int64_t kMostJacobianEntries = 2000;
constexpr int kDirections = 8;
// The 5-point difference errs by h^4 / 30 times the fifth derivative (at most 1e5 on the samples) and by rounding of
// about 1e-16 * |f| / h: both stay below 1e-7.
constexpr double kStep = 1e-3;
constexpr double kTolerance = 1e-6;

/// A sample in f64 with its derivative.
struct Problem {
  ir::Module module;
  ir::FunctionId f, vjp;
  std::vector<Tensor> inputs;
  std::vector<std::size_t> reals;    // which operands are floats
  std::vector<std::size_t> outputs;  // which results are floats
};

Problem makeProblem(const Row& row, const Sample& sample) {
  Problem problem;
  problem.module = ir::convertPrecision(makeModule(row, sample), DType::F32, DType::F64);
  problem.f = entryOf(problem.module);
  const ir::Function& f = problem.module.function(problem.f);
  for (std::size_t i = 0; i < f.results.size(); ++i)
    if (ir::isFloat(f.type(f.results[i]).dtype)) problem.outputs.push_back(i);
  for (const Tensor& input : makeInputs(row, sample)) {
    if (ir::isFloat(input.type.dtype)) problem.reals.push_back(problem.inputs.size());
    problem.inputs.push_back(input.type.dtype == DType::F32 ? ir::convertTensor(input, DType::F64) : input);
  }
  problem.vjp = autodiff::makeVjp(problem.module, problem.f);
  return problem;
}

/// All elements of the float tensors among `tensors`, one after the other.
std::vector<double> flatten(const std::vector<Tensor>& tensors, const std::vector<std::size_t>& which) {
  std::vector<double> flat;
  for (const std::size_t k : which)
    for (std::int64_t i = 0; i < tensors[k].type.elementCount(); ++i) flat.push_back(tensors[k].real(i));
  return flat;
}
void unflatten(const std::vector<double>& flat, std::vector<Tensor>& tensors, const std::vector<std::size_t>& which) {
  std::size_t at = 0;
  for (const std::size_t k : which)
    for (std::int64_t i = 0; i < tensors[k].type.elementCount(); ++i) tensors[k].setReal(i, flat[at++]);
}

/// d/dt f(x + t * direction) at t = 0.
std::vector<double> difference(const Problem& p, const std::vector<double>& direction) {
  const std::vector<double> x = flatten(p.inputs, p.reals);
  const auto valueAt = [&](double t) {
    std::vector<double> moved = x;
    for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += t * direction[i];
    std::vector<Tensor> inputs = p.inputs;
    unflatten(moved, inputs, p.reals);
    return flatten(ir::evaluate(p.module, p.f, inputs), p.outputs);
  };
  const std::vector<double> a = valueAt(-2 * kStep), b = valueAt(-kStep), c = valueAt(kStep), d = valueAt(2 * kStep);
  std::vector<double> result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool isConstant = a[i] == b[i] && b[i] == c[i] && c[i] == d[i];  // also where it is infinite
    result[i] = isConstant ? 0.0 : (a[i] - 8 * b[i] + 8 * c[i] - d[i]) / (12 * kStep);
  }
  return result;
}

/// What the rule makes of a cotangent: one number for each element of the float operands.
std::vector<double> pullBack(const Problem& p, const std::vector<double>& cotangent) {
  std::vector<Tensor> arguments = p.inputs;
  const ir::Function& f = p.module.function(p.f);
  std::vector<std::size_t> given;
  for (const std::size_t k : p.outputs) {
    given.push_back(arguments.size());
    arguments.emplace_back(f.type(f.results[k]));
  }
  unflatten(cotangent, arguments, given);
  const std::vector<Tensor> results = ir::evaluate(p.module, p.vjp, arguments);
  std::vector<std::size_t> which;
  for (std::size_t k = f.results.size(); k < results.size(); ++k) which.push_back(k);
  return flatten(results, which);
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
std::vector<double> unit(std::size_t size, std::size_t at) {
  std::vector<double> vector(size, 0.0);
  vector[at] = 1;
  return vector;
}
std::vector<double> randomVector(std::size_t size, const std::string& name) {
  std::vector<double> vector(size);
  for (std::size_t i = 0; i < size; ++i) vector[i] = 2.0 * uniformFromBits(randomBits(hashBytes(name), 0, i)) - 1.0;
  return vector;
}

void expectClose(double rule, double differences, const std::string& where) {
  EXPECT_LE(std::fabs(rule - differences), kTolerance * std::max(1.0, std::fabs(differences)))
      << where << ": the rule gives " << rule << ", differences give " << differences;
}

void checkJacobian(const Problem& p, std::size_t inputs, std::size_t outputs, const std::string& id) {
  std::vector<std::vector<double>> rows, columns;
  for (std::size_t o = 0; o < outputs; ++o) rows.push_back(pullBack(p, unit(outputs, o)));
  for (std::size_t i = 0; i < inputs; ++i) columns.push_back(difference(p, unit(inputs, i)));
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t i = 0; i < inputs; ++i)
      expectClose(rows[o][i], columns[i][o], fmt::format("{}: d result {} / d operand {}", id, o, i));
}

void checkDirections(const Problem& p, std::size_t inputs, std::size_t outputs, const std::string& id) {
  for (int k = 0; k < kDirections; ++k) {
    const std::vector<double> direction = randomVector(inputs, fmt::format("{} direction {}", id, k));
    const std::vector<double> cotangent = randomVector(outputs, fmt::format("{} cotangent {}", id, k));
    expectClose(dot(pullBack(p, cotangent), direction), dot(cotangent, difference(p, direction)),
                fmt::format("{}: direction {}", id, k));
  }
}

bool isDifferentiable(const Row& row) {
  for (const bool flows : row.differentiable)
    if (flows) return true;
  return false;
}

TEST(Gradient, RulesAgreeWithFiniteDifferences) {
  int checked = 0;
  for (const Row& row : allRows()) {
    if (!isDifferentiable(row)) continue;
    int ofRow = 0;
    for (const Sample& sample : row.samples) {
      if (!sample.notSmooth.empty()) continue;
      const Problem p = makeProblem(row, sample);
      const std::size_t inputs = flatten(p.inputs, p.reals).size(),
                        outputs = flatten(ir::evaluate(p.module, p.f, p.inputs), p.outputs).size();
      ASSERT_EQ(pullBack(p, std::vector<double>(outputs)).size(), inputs) << idOf(row, sample);
      if (static_cast<std::int64_t>(inputs * outputs) <= kMostJacobianEntries)
        checkJacobian(p, inputs, outputs, idOf(row, sample));
      else
        checkDirections(p, inputs, outputs, idOf(row, sample));
      ++ofRow;
    }
    EXPECT_GE(ofRow, 10) << opInfo(row.op).name << " has too few samples where it is smooth";
    checked += ofRow;
  }
  EXPECT_GT(checked, 500);
}

TEST(Gradient, RowsAgreeWithTheTableOfRules) {
  for (const Row& row : allRows()) {
    for (int i = 0; i < 4; ++i) {
      const bool flows =
          row.differentiable[std::min<std::size_t>(static_cast<std::size_t>(i), row.differentiable.size() - 1)];
      const bool isOperand = opInfo(row.op).maxOperands < 0 || i < opInfo(row.op).maxOperands;
      if (!isOperand) continue;
      EXPECT_EQ(ir::hasDerivative(row.op, i), flows) << opInfo(row.op).name << " operand " << i;
    }
  }
}

/// Where an op has no derivative, the cotangents that come back are zeros, whatever goes in.
TEST(Gradient, OpsWithoutDerivativeGiveZeros) {
  int checked = 0;
  for (const Row& row : allRows()) {
    if (isDifferentiable(row)) continue;
    for (const Sample& sample : row.samples) {
      const Problem p = makeProblem(row, sample);
      const std::size_t outputs = flatten(ir::evaluate(p.module, p.f, p.inputs), p.outputs).size();
      for (const double g : pullBack(p, std::vector<double>(outputs, 1.5))) EXPECT_EQ(g, 0.0) << idOf(row, sample);
      ++checked;
    }
  }
  EXPECT_GT(checked, 100);
}

struct Kink {
  const char* row;
  std::vector<std::vector<double>> operands;
  std::vector<std::vector<double>> derivatives;  // of the sum of the results
  ir::Attributes attributes;
};

/// Values where the derivative is a matter of definition: docs/semantics.md.
TEST(Gradient, KinksAreExact) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<Kink> kinks = {
      {"max",
       {{-1, 0, -0.0, 1, 2}, {0, 0, 0, 0, 0}},
       {{0, 0, 0, 1, 1}, {1, 1, 1, 0, 0}},
       ir::NoAttributes{}},                                                                         // relu'(0) = 0
      {"max", {{3, 3, -infinity}, {3, 4, -infinity}}, {{0, 0, 0}, {1, 1, 1}}, ir::NoAttributes{}},  // ties go to b
      {"reduce_max", {{5, 7, 7, 7, 1}}, {{0, 1.0 / 3, 1.0 / 3, 1.0 / 3, 0}}, ir::ReduceAttributes{{0}}},  // ties share
      {"sqrt", {{0, 4}}, {{infinity, 0.25}}, ir::NoAttributes{}},
      {"log", {{0, 4}}, {{infinity, 0.25}}, ir::NoAttributes{}},
      {"floor", {{0, 1, 1.5}}, {{0, 0, 0}}, ir::NoAttributes{}},
      {"rem", {{4, 5, -5}, {2, 2, 2}}, {{1, 1, 1}, {-2, -2, 3}}, ir::NoAttributes{}},
      {"div", {{1, 0}, {2, 4}}, {{0.5, 0.25}, {-0.25, 0}}, ir::NoAttributes{}},
  };
  for (const Kink& kink : kinks) {
    Row row;
    row.op = *ir::findOp(kink.row);
    Sample sample;
    sample.attributes = kink.attributes;
    std::vector<double> wanted;
    for (const std::vector<double>& operand : kink.operands)
      sample.operands.push_back({{DType::F64, {static_cast<std::int64_t>(operand.size())}}, listed(operand)});
    for (const std::vector<double>& derivative : kink.derivatives)
      wanted.insert(wanted.end(), derivative.begin(), derivative.end());
    const Problem p = makeProblem(row, sample);
    const std::size_t outputs = flatten(ir::evaluate(p.module, p.f, p.inputs), p.outputs).size();
    const std::vector<double> given = pullBack(p, std::vector<double>(outputs, 1.0));
    ASSERT_EQ(given.size(), wanted.size()) << kink.row;
    for (std::size_t i = 0; i < given.size(); ++i) EXPECT_EQ(given[i], wanted[i]) << kink.row << " element " << i;
  }
}

/// A call with a vjp of its own uses that, not the derivative of its body.
TEST(Gradient, VjpsOfCallsAreTheirOwn) {
  int checked = 0;
  for (const Row& row : allRows()) {
    for (const Sample& sample : row.samples) {
      const auto* call = std::get_if<ir::CallAttributes>(&sample.attributes);
      if (call == nullptr || !call->vjp) continue;
      const Problem p = makeProblem(row, sample);
      const std::vector<double> cotangent = randomVector(flatten(p.inputs, p.reals).size(), idOf(row, sample));
      EXPECT_EQ(pullBack(p, cotangent), cotangent) << idOf(row, sample);  // straight through the floor
      ++checked;
    }
  }
  EXPECT_EQ(checked, 2);
}

}  // namespace
}  // namespace nnc::ops
