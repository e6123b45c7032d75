// One step of the sums of a tile: how elements of its operands become factors, and how those are added up.
#pragma once
#include "codegen/emitter.h"
#include "codegen/square.h"
#include "codegen/tile_plan.h"

namespace nnc::codegen {

/// A factor of a step is one lane: a number of the dtype of the sums, to which bf16 is widened, or a pair of bf16, held
/// as the bits of an f32. Pointers are to elements of an operand.
class TileStep {
 public:
  TileStep(const Emitter& emitter, const ViewedProduct& product, const Square& square)
      : e_(emitter), p_(product), square_(square) {}

  /// Factors of the right operand for `active` columns that are neighbours.
  llvm::Value* columns(llvm::Value* pointer, int active) const;
  /// Factors of the right operand for the next `active` steps, which are neighbours (pairs: of neighbours).
  llvm::Value* neighbours(llvm::Value* pointer, int active) const;
  /// One factor, whose pair lies `pairDistance` elements on.
  llvm::Value* single(llvm::Value* pointer, std::int64_t pairDistance) const;
  /// A factor of the left operand in all lanes.
  llvm::Value* broadcast(llvm::Value* pointer) const;
  /// sum + left * right; of pairs, sum plus both products, the second one first.
  llvm::Value* multiplyAdd(llvm::Value* left, llvm::Value* right, llvm::Value* sum) const;

 private:
  bool isBf16() const { return p_.operands == ir::DType::BF16; }
  llvm::Value* halves(llvm::Value* pointer, int active) const;
  llvm::Value* half(llvm::Value* pointer) const;
  llvm::Value* moved(llvm::Value* pointer, std::int64_t elements) const;
  llvm::Value* load(llvm::Type* type, llvm::Value* pointer, int active) const;

  const Emitter& e_;
  const ViewedProduct& p_;
  const Square& square_;
};

}  // namespace nnc::codegen
