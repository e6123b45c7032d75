// What is known at one point inside a kernel's loops: loop variables, values of expressions and indices, masks.
#pragma once
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "codegen/emitter.h"
#include "codegen/kernel.h"
#include "codegen/loop.h"
#include "codegen/schedule.h"

namespace llvm {
class Constant;
}

namespace nnc::codegen {

/// Emits single expressions. A value is scalar unless it depends on the lane variable; it exists once, or once per copy
/// if it depends on the unrolled variable.
class NestState {
 public:
  NestState(const Emitter& emitter, const Kernel& kernel, const Schedule& schedule, Values buffers, Values numbers);

  /// What open() changed.
  struct Scope {
    int variable = 0;
    int copies = 1;
    std::int64_t tail = 0;
    std::map<std::pair<int, int>, llvm::Value*> indices;
  };
  /// Enters a loop whose variable is `iv` for copy 0. `copies` > 0: so many copies from here on. `tail` > 0: only so
  /// many lanes of the last copy are real.
  Scope open(int variable, llvm::Value* iv, int copies, std::int64_t tail);
  void close(const Scope& scope);

  /// Emits an expression for all copies. Its operands have been emitted.
  void emit(ExprId id);
  llvm::Value* scalarOf(ExprId id) const { return valueOf(id, 0); }
  /// The value in every lane.
  llvm::Value* vectorOf(ExprId id, int copy) const;
  int copies() const { return copies_; }
  /// The lanes of a copy that are real; null: all.
  llvm::Value* mask(int copy) const;
  void storeVector(const Store& store, llvm::Value* value, int copy);
  /// The copies of an interleaving schedule: lane 0 of each, lane 1 of each, ...
  void storeInterleaved(const Store& store, Values copies);
  void storeScalar(const Store& store, llvm::Value* value);
  /// `dependsOn` without variables of a single step.
  std::uint64_t loopsOf(std::uint64_t dependsOn) const;

 private:
  bool dependsOn(std::uint64_t variables, int variable) const {
    return variable >= 0 && (variables >> variable & 1) != 0;
  }
  bool isVector(const Expr& expr) const { return dependsOn(expr.dependsOn, schedule_.lane); }
  bool isPerCopy(std::uint64_t variables) const { return dependsOn(variables, schedule_.unrolled); }
  llvm::Value* valueOf(ExprId id, int copy) const;
  llvm::Value* operand(ExprId id, int copy, bool asVector) const;

  llvm::Value* emitExpr(const Expr& expr, int copy);
  llvm::Value* emitLoad(const Expr& expr, int copy);
  llvm::Value* emitContiguousLoad(const Expr& expr, llvm::Value* mask, int copy);
  llvm::Value* emitStridedLoad(const Expr& expr, std::int64_t stride, int copy);
  void emitTransposedLoad(ExprId id);
  llvm::Value* emitGather(const Expr& expr, llvm::Value* guard, int copy);
  llvm::Value* emitGatherByLane(const Expr& expr, llvm::Value* indices, llvm::Value* guard, int copy);
  llvm::Value* emitPosition(const Expr& expr, int copy);
  llvm::Value* emitInRange(const Expr& expr, int copy);
  llvm::Value* emitRandom(const Expr& expr, int copy);
  void emitBlockwiseDraw(ExprId id);
  llvm::Value* emitApply(const Expr& expr, int copy);
  llvm::Value* emitFold(ExprId id, int copy);
  llvm::Value* emitFoldLoops(ExprId id, const std::vector<ExprId>& inner, std::size_t depth, llvm::Value* sum,
                             int copy);
  std::vector<ExprId> foldBody(ExprId id) const;

  llvm::Value* scalarIndex(IndexId id, int copy);
  llvm::Value* vectorIndex(IndexId id, int copy);
  llvm::Value* atomValue(const Atom& atom, int copy, llvm::Type* type);
  llvm::Value* divided(const Atom& atom, llvm::Value* argument);
  /// Elements [at, at + lanes) of a buffer, of which the first `count` are read (all: a plain load).
  llvm::Value* loadFirst(const Expr& expr, llvm::Value* at, std::int64_t count);
  llvm::Constant* firstLanes(std::int64_t count) const;
  llvm::Value* interleave(llvm::Value* a, llvm::Value* b, bool high) const;
  llvm::Value*& slot(ExprId id, int copy) {
    return values_[static_cast<std::size_t>(copy)][static_cast<std::size_t>(id.index)];
  }
  llvm::Value* address(int buffer, llvm::Value* index) const;
  llvm::Type* indexType(IndexId id) const;
  std::int64_t copyStep() const { return schedule_.unrolled == schedule_.lane ? schedule_.lanes : 1; }

  const Emitter& e_;
  const Kernel& kernel_;
  const Schedule& schedule_;
  Values buffers_, numbers_;
  std::vector<Values> values_;                           // by copy, by expression
  Values variables_;                                     // by variable: its value in copy 0, lane 0
  std::map<std::pair<int, int>, llvm::Value*> indices_;  // by index and copy; vectors have ids -1 - index
  int copies_ = 1;
  std::int64_t tail_ = 0;
  std::uint64_t openFolds_ = 0;  // variables of folds whose loops are open
};

}  // namespace nnc::codegen
