// One rule per op. The walk keeps its own stack: bodies may be thousands of ops deep.
#include "codegen/pull.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>
#include <variant>

#include "ir/numbers.h"
#include "ir/tensor.h"

namespace nnc::codegen {

double lowestReal() { return -std::numeric_limits<double>::infinity(); }

std::int64_t lowestInteger(ir::DType dtype) {
  switch (dtype) {
    case ir::DType::I8:
      return std::numeric_limits<std::int8_t>::min();
    case ir::DType::I32:
      return std::numeric_limits<std::int32_t>::min();
    case ir::DType::I64:
      return std::numeric_limits<std::int64_t>::min();
    case ir::DType::U8:
    case ir::DType::Bool:
    case ir::DType::F32:
    case ir::DType::F64:
    case ir::DType::BF16:
      return 0;
  }
  return 0;
}

ExprId foldIdentity(LoopBody& body, ir::Op op, ir::DType dtype) {
  if (op == ir::Op::Add) return body.zero(dtype);
  return ir::isFloat(dtype) ? body.real(dtype, lowestReal()) : body.integer(dtype, lowestInteger(dtype));
}

std::vector<int> Puller::Demand::key() const {
  std::vector<int> result{value.index, guard.index};
  for (const IndexId index : position) result.push_back(index.index);
  return result;
}

// Either known, or put on the stack: the caller gives up and is visited again when it is known.
ExprId Puller::need(ir::Value value, std::vector<IndexId> position, ExprId guard) {
  Demand demand{value, std::move(position), guard};
  const auto at = done_.find(demand.key());
  if (at != done_.end()) return at->second;
  stack_.push_back(std::move(demand));
  return {};
}

ExprId Puller::drain(std::size_t bottom, const Demand& last) {
  while (stack_.size() > bottom && error_.empty()) {
    const Demand demand = stack_.back();
    const auto key = demand.key();
    if (!done_.contains(key)) {
      const std::size_t size = stack_.size();
      const ExprId expr = visit(demand);
      if (!expr.isValid()) continue;
      stack_.resize(size);
      done_.emplace(key, expr);
    }
    stack_.pop_back();
  }
  if (!error_.empty()) return {};
  return done_.at(last.key());
}

ExprId Puller::pull(ir::Value value, std::vector<IndexId> position, ExprId guard) {
  const Demand demand{value, std::move(position), guard};
  const std::size_t bottom = stack_.size();
  stack_.push_back(demand);
  return drain(bottom, demand);
}

ExprId Puller::refuse(const ir::Node& node) {
  error_ = "op `" + std::string(ir::opInfo(node.op).name) + "` inside a kernel";
  return {};
}

IndexId Puller::linear(const std::vector<IndexId>& position, const ir::Shape& shape) {
  IndexId sum = body_.space.constant(0);
  std::int64_t stride = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    sum = body_.space.add(sum, position[axis], stride);
    stride *= shape[axis];
  }
  return sum;
}

std::vector<IndexId> Puller::delinear(IndexId linear, const ir::Shape& shape) {
  std::vector<IndexId> position(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    // The outermost axis takes what is left: the index is within the tensor.
    position[axis] = axis == 0 ? linear : body_.space.remainder(linear, shape[axis]);
    linear = body_.space.quotient(linear, shape[axis]);
  }
  return position;
}

ExprId Puller::visit(const Demand& demand) {
  const ir::Type& type = function_.type(demand.value);
  // No element exists, so the guard is false or the loop empty.
  if (type.elementCount() == 0) return body_.zero(type.dtype);
  const int buffer = bufferOf_[static_cast<std::size_t>(demand.value.index)];
  if (buffer >= 0) return body_.load(type.dtype, buffer, linear(demand.position, type.shape), demand.guard);
  const ir::Node* node = function_.definition(demand.value);
  if (node == nullptr) {
    error_ = "a parameter without a buffer";
    return {};
  }
  switch (ir::opInfo(node->op).opClass) {
    case ir::OpClass::Constant:
      return visitConst(demand, *node);
    case ir::OpClass::Elementwise:
      return visitElementwise(demand, *node);
    case ir::OpClass::View:
      return visitView(demand, *node);
    case ir::OpClass::Data:
      return visitData(demand, *node);
    case ir::OpClass::Reduction:
      return visitReduce(demand, *node);
    case ir::OpClass::Contraction:
      return visitContract(demand, *node);
    case ir::OpClass::Region:
      return refuse(*node);
  }
  return refuse(*node);
}

/// One number per node, however often it is read: which constants are equal must not decide what code looks like.
ExprId Puller::number(const ir::Node& node) {
  const ir::NodeId id = function_.values[static_cast<std::size_t>(node.results[0].index)].definition;
  const auto at =
      std::find_if(numbers_.begin(), numbers_.end(), [&](const NumberArgument& number) { return number.node == id; });
  const auto which = static_cast<int>(at - numbers_.begin());
  if (at == numbers_.end()) numbers_.push_back({id, ir::numberType(node)});
  const ir::DType dtype = node.op == ir::Op::Random ? ir::DType::I64 : function_.type(node.results[0]).dtype;
  return body_.number(dtype, which);
}

ExprId Puller::visitConst(const Demand& demand, const ir::Node& node) {
  if (node.op == ir::Op::Const && ir::holdsNumber(node)) return number(node);
  const ir::Type& type = function_.type(demand.value);
  if (const auto* constant = std::get_if<ir::ConstAttributes>(&node.attributes)) {
    if (!constant->isSplat) {
      error_ = "a dense constant without a buffer";
      return {};
    }
    return ir::isFloat(type.dtype) ? body_.real(type.dtype, constant->reals[0])
                                   : body_.integer(type.dtype, constant->integers[0]);
  }
  if (const auto* iota = std::get_if<ir::IotaAttributes>(&node.attributes))
    return body_.position(type.dtype, demand.position[static_cast<std::size_t>(iota->axis)]);
  const ExprId seed = need(node.operands[0], {}, demand.guard), counter = need(node.operands[1], {}, demand.guard);
  if (!seed.isValid() || !counter.isValid()) return {};
  return body_.random(type.dtype, number(node), seed, counter, linear(demand.position, type.shape));
}

ExprId Puller::visitElementwise(const Demand& demand, const ir::Node& node) {
  std::vector<ExprId> operands;
  bool isComplete = true;
  for (const ir::Value operand : node.operands) {
    operands.push_back(need(operand, demand.position, demand.guard));
    isComplete &= operands.back().isValid();
  }
  if (!isComplete) return {};
  if (node.op == ir::Op::StopGradient) return operands[0];
  const ir::DType dtype = function_.type(demand.value).dtype;
  if (node.op == ir::Op::Cast && body_.at(operands[0]).dtype == dtype) return operands[0];
  const auto* compare = std::get_if<ir::CompareAttributes>(&node.attributes);
  return body_.apply(dtype, node.op, std::move(operands), compare ? compare->predicate : ir::Predicate::Eq);
}

ExprId Puller::visitView(const Demand& demand, const ir::Node& node) {
  const ir::Value operand = node.operands[0];
  const ir::Shape& shape = function_.type(operand).shape;
  std::vector<IndexId> position(shape.size());
  if (std::holds_alternative<ir::ReshapeAttributes>(node.attributes)) {
    position = delinear(linear(demand.position, function_.type(demand.value).shape), shape);
  } else if (const auto* transpose = std::get_if<ir::TransposeAttributes>(&node.attributes)) {
    for (std::size_t i = 0; i < shape.size(); ++i)
      position[static_cast<std::size_t>(transpose->perm[i])] = demand.position[i];
  } else if (const auto* broadcast = std::get_if<ir::BroadcastAttributes>(&node.attributes)) {
    for (std::size_t i = 0; i < shape.size(); ++i)
      position[i] = demand.position[static_cast<std::size_t>(broadcast->dims[i])];
  } else if (const auto* slice = std::get_if<ir::SliceAttributes>(&node.attributes)) {
    for (std::size_t i = 0; i < shape.size(); ++i)
      position[i] = body_.space.offset(body_.space.scale(demand.position[i], slice->step[i]), slice->lo[i]);
  } else if (const auto* window = std::get_if<ir::WindowAttributes>(&node.attributes)) {
    for (std::size_t i = 0; i < shape.size(); ++i) position[i] = demand.position[i];
    for (std::size_t d = 0; d < window->dims.size(); ++d) {
      const ir::WindowDim& dim = window->dims[d];
      IndexId& index = position[static_cast<std::size_t>(dim.axis)];
      index = body_.space.add(body_.space.scale(index, dim.stride), demand.position[shape.size() + d], dim.dilation);
    }
  }
  return need(operand, std::move(position), demand.guard);
}

ExprId Puller::visitData(const Demand& demand, const ir::Node& node) {
  if (std::holds_alternative<ir::PadAttributes>(node.attributes)) return visitPad(demand, node);
  if (std::holds_alternative<ir::ConcatAttributes>(node.attributes)) return visitConcat(demand, node);
  if (std::holds_alternative<ir::UnwindowAttributes>(node.attributes)) return visitUnwindow(demand, node);
  if (std::holds_alternative<ir::GatherAttributes>(node.attributes)) return visitGather(demand, node);
  return refuse(node);
}

ExprId Puller::visitPad(const Demand& demand, const ir::Node& node) {
  const auto& pad = std::get<ir::PadAttributes>(node.attributes);
  const ir::Type& operand = function_.type(node.operands[0]);
  ExprId inside;
  std::vector<IndexId> position;
  for (std::size_t i = 0; i < operand.shape.size(); ++i) {
    const IndexId shifted = body_.space.offset(demand.position[i], -pad.lo[i]);
    const std::int64_t step = pad.interior[i] + 1;
    inside = body_.both(inside, body_.inRange(shifted, 0, (operand.shape[i] - 1) * step));
    inside = body_.both(inside, body_.inRange(body_.space.remainder(shifted, step), 0, 0));
    position.push_back(body_.space.quotient(shifted, step));
  }
  ir::Tensor converted(ir::Type{operand.dtype, {}});
  converted.setReal(0, pad.value);
  const ExprId filling = ir::isFloat(operand.dtype) ? body_.real(operand.dtype, converted.real(0))
                                                    : body_.integer(operand.dtype, converted.integer(0));
  const ExprId value = need(node.operands[0], std::move(position), body_.both(demand.guard, inside));
  return value.isValid() ? body_.choose(inside, value, filling) : ExprId{};
}

ExprId Puller::visitConcat(const Demand& demand, const ir::Node& node) {
  const auto axis = static_cast<std::size_t>(std::get<ir::ConcatAttributes>(node.attributes).axis);
  std::vector<std::pair<ExprId, ExprId>> parts;  // condition, value
  std::int64_t lo = 0;
  bool isComplete = true;
  for (const ir::Value operand : node.operands) {
    const std::int64_t size = function_.type(operand).shape[axis];
    if (size == 0) continue;
    std::vector<IndexId> position = demand.position;
    const ExprId condition = body_.inRange(position[axis], lo, lo + size - 1);
    position[axis] = body_.space.offset(position[axis], -lo);
    lo += size;
    if (body_.isConstant(condition, 0)) continue;
    parts.emplace_back(condition, need(operand, std::move(position), body_.both(demand.guard, condition)));
    isComplete &= parts.back().second.isValid();
  }
  if (!isComplete) return {};
  if (parts.empty()) return body_.zero(function_.type(demand.value).dtype);
  ExprId result = parts.back().second;
  for (std::size_t i = parts.size() - 1; i-- > 0;) result = body_.choose(parts[i].first, parts[i].second, result);
  return result;
}

const std::vector<int>& Puller::foldVariables(const Demand& demand, const std::vector<std::int64_t>& extents) {
  std::vector<int>& variables = foldVariables_[demand.key()];
  if (variables.size() == extents.size()) return variables;
  if (body_.space.variableCount() + static_cast<int>(extents.size()) > IndexSpace::kMaxVariables) {
    error_ = "more than " + std::to_string(IndexSpace::kMaxVariables) + " loops in one kernel";
    return variables;
  }
  for (const std::int64_t extent : extents) variables.push_back(body_.space.addVariable(extent));
  return variables;
}

ExprId Puller::visitUnwindow(const Demand& demand, const ir::Node& node) {
  const auto& unwindow = std::get<ir::UnwindowAttributes>(node.attributes);
  const ir::Shape& shape = function_.type(node.operands[0]).shape;
  // Contributions in the order of the operand's elements: windows ascend by axis, so places within them descend.
  std::vector<std::size_t> byAxis(unwindow.dims.size());
  std::iota(byAxis.begin(), byAxis.end(), std::size_t{0});
  std::sort(byAxis.begin(), byAxis.end(),
            [&](std::size_t a, std::size_t b) { return unwindow.dims[a].axis < unwindow.dims[b].axis; });
  std::vector<std::int64_t> extents;
  for (const std::size_t d : byAxis) extents.push_back(unwindow.dims[d].size);
  const std::vector<int>& variables = foldVariables(demand, extents);
  if (!error_.empty()) return {};
  std::vector<IndexId> places(byAxis.size());
  for (std::size_t i = 0; i < byAxis.size(); ++i)
    places[byAxis[i]] = body_.space.add(body_.space.constant(extents[i] - 1), body_.space.variable(variables[i]), -1);
  std::vector<IndexId> position = demand.position;
  ExprId inside;
  for (std::size_t d = 0; d < unwindow.dims.size(); ++d) {
    const ir::WindowDim& dim = unwindow.dims[d];
    const auto axis = static_cast<std::size_t>(dim.axis);
    const IndexId j = places[d];
    const IndexId shifted = body_.space.add(position[axis], j, -dim.dilation);
    inside = body_.both(inside, body_.inRange(shifted, 0, (shape[axis] - 1) * dim.stride));
    inside = body_.both(inside, body_.inRange(body_.space.remainder(shifted, dim.stride), 0, 0));
    position[axis] = body_.space.quotient(shifted, dim.stride);
    position.push_back(j);
  }
  const ExprId value = need(node.operands[0], std::move(position), body_.both(demand.guard, inside));
  if (!value.isValid()) return {};
  return body_.fold(ir::Op::Add, body_.choose(inside, value, body_.zero(body_.at(value).dtype)), variables);
}

ExprId Puller::visitGather(const Demand& demand, const ir::Node& node) {
  const auto axis = std::get<ir::GatherAttributes>(node.attributes).axis;
  const ir::Shape& shape = function_.type(node.operands[0]).shape;
  const int indexRank = function_.type(node.operands[1]).rank();
  const auto begin = demand.position.begin() + axis;
  const ExprId index = need(node.operands[1], {begin, begin + indexRank}, demand.guard);
  if (!index.isValid()) return {};
  const std::int64_t size = shape[static_cast<std::size_t>(axis)];
  std::vector<IndexId> position(demand.position.begin(), begin);
  position.push_back(size == 1 ? body_.space.constant(0)
                               : body_.space.loaded(index, size - 1, body_.at(index).dependsOn));
  position.insert(position.end(), begin + indexRank, demand.position.end());
  return need(node.operands[0], std::move(position), demand.guard);
}

ExprId Puller::visitReduce(const Demand& demand, const ir::Node& node) {
  const auto& axes = std::get<ir::ReduceAttributes>(node.attributes).axes;
  const ir::Type& operand = function_.type(node.operands[0]);
  const ir::Op op = node.op == ir::Op::ReduceSum ? ir::Op::Add : ir::Op::Max;
  if (operand.elementCount() == 0) return foldIdentity(body_, op, operand.dtype);
  std::vector<std::int64_t> extents;
  for (const int axis : axes) extents.push_back(operand.shape[static_cast<std::size_t>(axis)]);
  const std::vector<int>& variables = foldVariables(demand, extents);
  if (!error_.empty()) return {};
  std::vector<IndexId> position;
  std::size_t next = 0, reduced = 0;
  for (int axis = 0; axis < operand.rank(); ++axis) {
    const bool isReduced = reduced < axes.size() && axes[reduced] == axis;
    position.push_back(isReduced ? body_.space.variable(variables[reduced++]) : demand.position[next++]);
  }
  const ExprId value = need(node.operands[0], std::move(position), demand.guard);
  return value.isValid() ? body_.fold(op, value, variables) : ExprId{};
}

ExprId contractionProduct(LoopBody& body, ExprId a, ExprId b) {
  const ir::DType dtype = body.at(a).dtype;
  if (dtype != ir::DType::BF16) return body.apply(dtype, ir::Op::Mul, {a, b});
  a = body.apply(ir::DType::F32, ir::Op::Cast, {a});
  b = body.apply(ir::DType::F32, ir::Op::Cast, {b});
  return body.apply(ir::DType::F32, ir::Op::Mul, {a, b});
}

ExprId Puller::visitContract(const Demand& demand, const ir::Node& node) {
  const auto& names = std::get<ir::ContractAttributes>(node.attributes);
  std::map<char, IndexId> letters;
  std::vector<std::int64_t> extents;
  std::string summed;
  for (std::size_t i = 0; i < names.y.size(); ++i) letters[names.y[i]] = demand.position[i];
  const ir::Type& a = function_.type(node.operands[0]);
  for (std::size_t i = 0; i < names.a.size(); ++i) {
    if (letters.contains(names.a[i])) continue;
    summed += names.a[i];
    extents.push_back(a.shape[i]);
    if (a.shape[i] == 0) return body_.zero(function_.type(demand.value).dtype);
  }
  const std::vector<int>& variables = foldVariables(demand, extents);
  if (!error_.empty()) return {};
  for (std::size_t i = 0; i < summed.size(); ++i) letters[summed[i]] = body_.space.variable(variables[i]);
  std::vector<IndexId> left, right;
  for (const char letter : names.a) left.push_back(letters.at(letter));
  for (const char letter : names.b) right.push_back(letters.at(letter));
  const ExprId x = need(node.operands[0], std::move(left), demand.guard);
  const ExprId y = need(node.operands[1], std::move(right), demand.guard);
  if (!x.isValid() || !y.isValid()) return {};
  const ExprId value = contractionProduct(body_, x, y);
  return variables.empty() ? value : body_.fold(ir::Op::Add, value, variables);
}

}  // namespace nnc::codegen
