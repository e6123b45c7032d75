// What everything that emits LLVM IR shares: the builder, the module, the target, and how dtypes look in registers and
// in memory.
//
//             f32    f64     bf16                       i8 u8  i32  i64  bool
//   register  float  double  float, rounded after an op i8     i32  i64  i1
//   memory    float  double  i16                        i8     i32  i64  i8 (0 or 1)
#pragma once
#include <cstdint>

#include "codegen/target.h"
#include "ir/types.h"

namespace llvm {
class IRBuilderBase;
class Module;
class Type;
class Value;
}  // namespace llvm

namespace nnc::codegen {

struct Emitter {
  llvm::IRBuilderBase& builder;
  llvm::Module& module;
  const Target& target;

  /// `lanes` 0: a scalar.
  llvm::Type* registerType(ir::DType dtype, int lanes = 0) const;
  llvm::Type* memoryType(ir::DType dtype, int lanes = 0) const;
  /// A constant shaped like `like` (a value of a scalar or vector type of floats or integers).
  llvm::Value* real(llvm::Type* like, double value) const;
  llvm::Value* integer(llvm::Type* like, std::int64_t value) const;
  llvm::Value* i64(std::int64_t value) const;
  /// The type with the same lanes and another element.
  llvm::Type* withElement(llvm::Type* like, llvm::Type* element) const;
  /// A scalar in every lane; vectors pass.
  llvm::Value* splat(llvm::Value* value, int lanes) const;
  /// a * b + c: one rounding where the target can, two otherwise.
  llvm::Value* fma(llvm::Value* a, llvm::Value* b, llvm::Value* c) const;
  /// Register form to memory form and back.
  llvm::Value* toMemory(ir::DType dtype, llvm::Value* value) const;
  llvm::Value* fromMemory(ir::DType dtype, llvm::Value* value) const;
  /// A float rounded to the nearest bf16 (ties to even), as a float.
  llvm::Value* roundToBf16(llvm::Value* value) const;
};

}  // namespace nnc::codegen
