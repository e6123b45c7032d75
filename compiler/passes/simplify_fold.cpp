// Constant folding, by the reference evaluator.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "ir/evaluate.h"
#include "ir/tensor.h"
#include "passes/simplify_rules.h"
#include "support/checked.h"

namespace nnc::passes {

using ir::Op;
using ir::Value;

/// Constants that are not splats take part up to this many elements, so that folding is quick and programs stay small.
static constexpr std::int64_t kMaxFoldedElements = 4096;

/// Ops whose result the evaluator and compiled code agree on to the last bit.
static bool isFoldable(Op op) {
  switch (op) {
    case Op::Neg:
    case Op::Sqrt:
    case Op::Floor:
    case Op::Cast:
    case Op::Add:
    case Op::Mul:
    case Op::Div:
    case Op::Max:
    case Op::Rem:
    case Op::Compare:
    case Op::Select:
    case Op::Reshape:
    case Op::Transpose:
    case Op::Slice:
    case Op::Pad:
    case Op::Concat:
    case Op::Window:
    case Op::Gather:
    case Op::ReduceMax:
      return true;
    case Op::Broadcast:  // a view of the small tensor is better than a large one
    case Op::Exp:        // computed by polynomials of our own
    case Op::Log:
    case Op::Sin:
    case Op::Tanh:
    case Op::Unwindow:  // sums, whose order is not that of the evaluator
    case Op::ReduceSum:
    case Op::Contract:
    case Op::Scatter:
    case Op::StopGradient:  // goes with the last gradient call
    case Op::Const:
    case Op::Iota:
    case Op::Random:
    case Op::Scan:
    case Op::Call:
      return false;
  }
  return false;
}

/// Compiled code flushes subnormal numbers to zero, the evaluator does not.
static bool hasSubnormal(const ir::ConstAttributes& c) {
  const double least =
      c.type.dtype == ir::DType::F64 ? std::numeric_limits<double>::min() : std::numeric_limits<float>::min();
  return std::any_of(c.reals.begin(), c.reals.end(), [&](double x) { return x != 0 && std::fabs(x) < least; });
}

static ir::ConstAttributes toConstant(const ir::Tensor& tensor) {
  ir::ConstAttributes c{.type = tensor.type, .isSplat = false, .reals = {}, .integers = {}};
  const std::int64_t count = tensor.type.elementCount();
  const std::int64_t width = ir::dtypeBytes(tensor.type.dtype);
  c.isSplat = count > 0;
  for (std::int64_t i = 1; i < count && c.isSplat; ++i)
    c.isSplat = std::memcmp(tensor.bytes.data(), tensor.bytes.data() + i * width, static_cast<std::size_t>(width)) == 0;
  for (std::int64_t i = 0; i < (c.isSplat ? 1 : count); ++i) {
    if (ir::isFloat(tensor.type.dtype))
      c.reals.push_back(tensor.real(i));
    else
      c.integers.push_back(tensor.integer(i));
  }
  return c;
}

/// Runs one node on constants.
static ir::ConstAttributes evaluateNode(Op op, const ir::Attributes& attributes,
                                        const std::vector<ir::ConstAttributes>& operands) {
  ir::Module module;
  ir::Builder builder(module, module.addFunction("folded"));
  std::vector<Value> parameters;
  std::vector<ir::Tensor> arguments;
  for (const ir::ConstAttributes& operand : operands) {
    parameters.push_back(builder.addParameter(operand.type, ""));
    arguments.push_back(ir::materialise(operand));
  }
  builder.addResult(builder.appendOne(op, parameters, attributes), "");
  return toConstant(ir::evaluate(module, builder.functionId(), arguments)[0]);
}

/// The constant operands, or nothing when one is not constant.
static std::vector<ir::ConstAttributes> constantOperands(const Rewriter& r, const Candidate& c) {
  std::vector<ir::ConstAttributes> all;
  for (const Value operand : c.operands) {
    const ir::ConstAttributes* constant = r.constant(operand);
    if (constant == nullptr || hasSubnormal(*constant)) return {};
    if (!constant->isSplat && constant->type.elementCount() > kMaxFoldedElements) return {};
    all.push_back(*constant);
  }
  return all;
}

/// Elementwise work on splats of any size is work on one element.
static Value foldedSplats(Rewriter& r, const Candidate& c, std::vector<ir::ConstAttributes> operands) {
  for (ir::ConstAttributes& operand : operands) operand.type.shape = {};
  const ir::ConstAttributes element = evaluateNode(c.op, c.attributes, operands);
  return hasSubnormal(element) ? Value() : r.makeSplat(element, c.type);
}

/// Whether adding `count` times `x` is exact at every step, so that the order of the sum does not matter.
static bool sumIsExact(double x, double count, ir::DType dtype) {
  const double limit = dtype == ir::DType::F64 ? 0x1p53 : dtype == ir::DType::F32 ? 0x1p24 : 0x1p8;
  return x == std::floor(x) && std::fabs(x) * count <= limit;
}

/// The sum of a splat.
static Value foldedSum(Rewriter& r, const Candidate& c, const ir::ConstAttributes& x) {
  const std::int64_t results = c.type.elementCount();
  if (results == 0) return Value();
  const double count = static_cast<double>(x.type.elementCount() / results);
  if (!ir::isFloat(c.type.dtype)) return Value();
  if (!sumIsExact(x.reals[0], count, c.type.dtype)) return Value();
  return r.b.constant(c.type, x.reals[0] * count + 0.0);  // + 0.0: a sum of -0.0 that starts at 0.0 is 0.0
}

/// What moves or drops elements gives a splat for a splat, whatever its indices are.
static Value movedSplat(Rewriter& r, const Candidate& c) {
  const ir::ConstAttributes* x = c.operands.empty() ? nullptr : r.constant(c.operands[0]);
  if (x == nullptr || !x->isSplat) return Value();
  const ir::ConstAttributes element = *x;
  switch (ir::opInfo(c.op).opClass) {
    case ir::OpClass::View:
      return r.makeSplat(element, c.type);
    case ir::OpClass::Reduction:
      if (element.type.elementCount() == 0) return Value();
      return c.op == Op::ReduceMax ? r.makeSplat(element, c.type) : foldedSum(r, c, element);
    case ir::OpClass::Data:
      return c.op == Op::Gather ? r.makeSplat(element, c.type) : Value();
    case ir::OpClass::Constant:
    case ir::OpClass::Elementwise:
    case ir::OpClass::Contraction:
    case ir::OpClass::Region:
      return Value();
  }
  return Value();
}

Value folded(Rewriter& r, const Candidate& c) {
  if (const Value splat = movedSplat(r, c); splat.isValid()) return splat;
  if (!isFoldable(c.op)) return Value();
  const std::vector<ir::ConstAttributes> operands = constantOperands(r, c);
  if (operands.empty()) return Value();
  const bool allSplats = std::all_of(operands.begin(), operands.end(), [](const auto& x) { return x.isSplat; });
  if (allSplats && ir::opInfo(c.op).opClass == ir::OpClass::Elementwise) return foldedSplats(r, c, operands);
  const auto isLarge = [](const ir::Type& type) { return type.elementCount() > kMaxFoldedElements; };
  if (isLarge(c.type)) return Value();
  for (const ir::ConstAttributes& operand : operands)
    if (isLarge(operand.type)) return Value();
  const ir::ConstAttributes result = evaluateNode(c.op, c.attributes, operands);
  return hasSubnormal(result) ? Value() : r.b.constantDense(result);
}

}  // namespace nnc::passes
