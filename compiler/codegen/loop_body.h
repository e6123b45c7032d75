// What one step of a loop nest computes, as a graph of scalar expressions: no loops, no vectors, no LLVM yet.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "codegen/index_space.h"
#include "ir/module.h"

namespace nnc::codegen {

enum class ExprKind : std::uint8_t {
  Real,      // a float constant
  Number,    // number `lo` of the kernel: an argument of its code
  Integer,   // an integer or bool constant
  Load,      // element `index` of `buffer`; where `guard` is false nothing is read and the value is 0
  Position,  // `index` as a number
  InRange,   // bool: lo <= index <= hi
  Random,    // element `index` of a draw; operands seed, counter, key
  Apply,     // an elementwise op on operands
  Fold,      // operand 0 combined over `variables` by `op` (Add, Max), in ascending order, the last variable fastest
};

struct Expr {
  ExprKind kind = ExprKind::Real;
  ir::DType dtype = ir::DType::F32;
  ir::Op op = ir::Op::Add;
  ir::Predicate predicate = ir::Predicate::Eq;
  std::vector<ExprId> operands;
  IndexId index;
  ExprId guard;
  int buffer = -1;
  double real = 0.0;
  std::int64_t lo = 0, hi = 0;  // Integer: lo is the value
  std::vector<int> variables;   // Fold
  std::uint64_t dependsOn = 0;  // bit set of loop variables; those of a Fold are bound and not among them
};

/// A number that code takes as an argument (ir/numbers.h): the node that holds it, and its type.
struct NumberArgument {
  ir::NodeId node;
  ir::DType dtype = ir::DType::F32;
};

/// Owns expressions; operands have smaller ids than their users, equal expressions have equal ids.
class LoopBody {
 public:
  IndexSpace space;

  ExprId real(ir::DType dtype, double value);
  ExprId number(ir::DType dtype, int which);
  ExprId integer(ir::DType dtype, std::int64_t value);
  /// Zero of any dtype.
  ExprId zero(ir::DType dtype);
  ExprId load(ir::DType dtype, int buffer, IndexId index, ExprId guard);
  ExprId position(ir::DType dtype, IndexId index);
  /// Folds to a constant where the range of the index decides it.
  ExprId inRange(IndexId index, std::int64_t lo, std::int64_t hi);
  ExprId random(ir::DType dtype, ExprId key, ExprId seed, ExprId counter, IndexId index);
  ExprId apply(ir::DType dtype, ir::Op op, std::vector<ExprId> operands, ir::Predicate predicate = ir::Predicate::Eq);
  ExprId fold(ir::Op op, ExprId body, std::vector<int> variables);
  /// Both hold; an invalid id is true.
  ExprId both(ExprId a, ExprId b);
  /// condition ? a : b, folded for constant conditions.
  ExprId choose(ExprId condition, ExprId a, ExprId b);

  const Expr& at(ExprId id) const { return exprs_[static_cast<std::size_t>(id.index)]; }
  int exprCount() const { return static_cast<int>(exprs_.size()); }
  bool isConstant(ExprId id, std::int64_t value) const;

 private:
  ExprId intern(Expr expr);
  std::vector<Expr> exprs_;
  std::map<std::vector<std::int64_t>, int> ids_;
};

}  // namespace nnc::codegen
