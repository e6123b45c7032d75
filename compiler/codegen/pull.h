// From tensors to scalars: the expression of one element of a value, found by following it back to buffers.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "codegen/loop_body.h"
#include "ir/module.h"

namespace nnc::codegen {

/// Computes elements of the values of one function. Views become index arithmetic, elementwise ops expressions.
class Puller {
 public:
  /// `bufferOf` has the number of the buffer that holds a value, by value index, or -1: then its node is looked into.
  Puller(const ir::Function& function, LoopBody& body, std::vector<int> bufferOf)
      : function_(function), body_(body), bufferOf_(std::move(bufferOf)) {}

  /// The element of `value` at `position`, one index per axis, needed only where `guard` holds (invalid: everywhere).
  /// An invalid id: error() says which op has no place in a kernel.
  ExprId pull(ir::Value value, std::vector<IndexId> position, ExprId guard);
  const std::string& error() const { return error_; }
  /// What expressions of the kind Number refer to.
  const std::vector<NumberArgument>& numbers() const { return numbers_; }

 private:
  struct Demand {
    ir::Value value;
    std::vector<IndexId> position;
    ExprId guard;
    std::vector<int> key() const;
  };

  ExprId need(ir::Value value, std::vector<IndexId> position, ExprId guard);
  ExprId drain(std::size_t bottom, const Demand& last);
  ExprId visit(const Demand& demand);
  ExprId number(const ir::Node& node);
  ExprId visitConst(const Demand& demand, const ir::Node& node);
  ExprId visitElementwise(const Demand& demand, const ir::Node& node);
  ExprId visitView(const Demand& demand, const ir::Node& node);
  ExprId visitData(const Demand& demand, const ir::Node& node);
  ExprId visitPad(const Demand& demand, const ir::Node& node);
  ExprId visitConcat(const Demand& demand, const ir::Node& node);
  ExprId visitUnwindow(const Demand& demand, const ir::Node& node);
  ExprId visitGather(const Demand& demand, const ir::Node& node);
  ExprId visitReduce(const Demand& demand, const ir::Node& node);
  ExprId visitContract(const Demand& demand, const ir::Node& node);
  ExprId refuse(const ir::Node& node);
  const std::vector<int>& foldVariables(const Demand& demand, const std::vector<std::int64_t>& extents);
  IndexId linear(const std::vector<IndexId>& position, const ir::Shape& shape);
  std::vector<IndexId> delinear(IndexId linear, const ir::Shape& shape);

  const ir::Function& function_;
  LoopBody& body_;
  std::vector<int> bufferOf_;
  std::map<std::vector<int>, ExprId> done_;
  std::map<std::vector<int>, std::vector<int>> foldVariables_;
  std::vector<Demand> stack_;
  std::vector<NumberArgument> numbers_;
  std::string error_;
};

/// The smallest value of a dtype (-inf for floats): what reduce_max gives over nothing.
double lowestReal();
std::int64_t lowestInteger(ir::DType dtype);
/// What a contraction sums: the product of an element of each operand. bf16 is multiplied and summed in f32.
ExprId contractionProduct(LoopBody& body, ExprId a, ExprId b);
/// What a sum (Add) or maximum (Max) starts from.
ExprId foldIdentity(LoopBody& body, ir::Op op, ir::DType dtype);

}  // namespace nnc::codegen
