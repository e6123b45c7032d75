// Vectors of one dtype whose last lanes may be missing, and squares of them turned over in registers.
#pragma once
#include <cstdint>

#include "codegen/emitter.h"
#include "codegen/loop.h"

namespace nnc::codegen {

/// `total` split into the fewest parts of at most `most`, as even as possible: `larger` of `size + 1`, then `smaller`
/// of `size`.
struct EvenSplit {
  std::int64_t size = 0, larger = 0, smaller = 0;
};
EvenSplit splitEvenly(std::int64_t total, std::int64_t most);

class Square {
 public:
  Square(const Emitter& emitter, ir::DType dtype);

  int lanes() const { return lanes_; }
  llvm::Type* type() const { return vector_; }
  /// The first `active` lanes, zeros in the others; plain instructions when all are active.
  llvm::Value* load(llvm::Value* pointer, int active) const;
  void store(llvm::Value* value, llvm::Value* pointer, int active) const;
  /// Exchanges rows and lanes of up to `lanes` vectors; missing ones are zeros. `lanes` vectors come back.
  void transpose(Values& rows) const;

 private:
  llvm::Value* mask(int active) const;

  const Emitter& e_;
  std::int64_t bytes_;
  int lanes_;
  llvm::Type* vector_;
};

}  // namespace nnc::codegen
