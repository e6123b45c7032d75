#include "codegen/square.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>

namespace nnc::codegen {

EvenSplit splitEvenly(std::int64_t total, std::int64_t most) {
  const std::int64_t parts = (total + most - 1) / most;
  EvenSplit split;
  split.size = total / parts;
  split.larger = total % parts;
  split.smaller = parts - split.larger;
  return split;
}

Square::Square(const Emitter& emitter, ir::DType dtype)
    : e_(emitter),
      bytes_(ir::dtypeBytes(dtype)),
      lanes_(emitter.target.lanes(static_cast<int>(bytes_))),
      vector_(llvm::FixedVectorType::get(emitter.registerType(dtype), static_cast<unsigned>(lanes_))) {}

llvm::Value* Square::mask(int active) const {
  std::vector<llvm::Constant*> bits;
  for (int i = 0; i < lanes_; ++i) bits.push_back(e_.builder.getInt1(i < active));
  return llvm::ConstantVector::get(bits);
}

llvm::Value* Square::load(llvm::Value* pointer, int active) const {
  const llvm::Align alignment(static_cast<std::uint64_t>(bytes_));
  if (active == lanes_) return e_.builder.CreateAlignedLoad(vector_, pointer, alignment);
  return e_.builder.CreateMaskedLoad(vector_, pointer, alignment, mask(active), llvm::Constant::getNullValue(vector_));
}

void Square::store(llvm::Value* value, llvm::Value* pointer, int active) const {
  const llvm::Align alignment(static_cast<std::uint64_t>(bytes_));
  if (active == lanes_)
    e_.builder.CreateAlignedStore(value, pointer, alignment);
  else
    e_.builder.CreateMaskedStore(value, pointer, alignment, mask(active));
}

// Exchanges the off-diagonal blocks of size 1, 2, 4, ...
void Square::transpose(Values& rows) const {
  rows.resize(static_cast<std::size_t>(lanes_), llvm::Constant::getNullValue(vector_));
  for (int block = 1; block < lanes_; block *= 2) {
    std::vector<int> low, high;
    for (int i = 0; i < lanes_; ++i) {
      const bool isSecond = (i & block) != 0;
      low.push_back(isSecond ? i - block + lanes_ : i);
      high.push_back(isSecond ? i + lanes_ : i + block);
    }
    for (int i = 0; i < lanes_; ++i) {
      if ((i & block) != 0) continue;
      llvm::Value *a = rows[static_cast<std::size_t>(i)], *b = rows[static_cast<std::size_t>(i + block)];
      rows[static_cast<std::size_t>(i)] = e_.builder.CreateShuffleVector(a, b, low);
      rows[static_cast<std::size_t>(i + block)] = e_.builder.CreateShuffleVector(a, b, high);
    }
  }
}

}  // namespace nnc::codegen
