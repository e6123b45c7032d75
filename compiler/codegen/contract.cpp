// Recognition of the canonical form, and the call of the library.
#include "codegen/contract.h"

#include <algorithm>
#include <limits>
#include <string>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include "codegen/loop.h"

namespace nnc::codegen {

static bool has(const std::string& letters, char letter) { return letters.find(letter) != std::string::npos; }

static std::int64_t extentOf(const std::string& letters, const ir::Shape& shape, const std::string& group) {
  std::int64_t product = 1;
  for (const char letter : group) product *= shape[letters.find(letter)];
  return product;
}

/// Letters of `letters` that are in `in` and not in `notIn`.
static std::string select(const std::string& letters, const std::string& in, const std::string& notIn) {
  std::string result;
  for (const char letter : letters)
    if (has(in, letter) && !has(notIn, letter)) result += letter;
  return result;
}

static std::optional<MatrixProduct> asProduct(const std::string& a, const std::string& b, const std::string& y,
                                              const ir::Shape& shapeA, const ir::Shape& shapeB) {
  std::string batch;
  for (const char letter : a)
    if (has(b, letter) && has(y, letter)) batch += letter;
  const std::string m = select(a, y, b), n = select(b, y, a), k = select(a, b, y);
  MatrixProduct product;
  if (a == batch + k + m && a != batch + m + k)
    product.transposeLeft = true;
  else if (a != batch + m + k)
    return std::nullopt;
  if (b == batch + n + k && b != batch + k + n)
    product.transposeRight = true;
  else if (b != batch + k + n)
    return std::nullopt;
  if (y != batch + m + n) return std::nullopt;
  product.batch = extentOf(a, shapeA, batch);
  product.m = extentOf(a, shapeA, m);
  product.n = extentOf(b, shapeB, n);
  product.k = extentOf(a, shapeA, k);
  return product;
}

std::optional<MatrixProduct> matrixProduct(const ir::Function& function, const ir::Node& contraction) {
  const auto& letters = std::get<ir::ContractAttributes>(contraction.attributes);
  const ir::Type &a = function.type(contraction.operands[0]), &b = function.type(contraction.operands[1]);
  if (a.dtype != ir::DType::F32 && a.dtype != ir::DType::F64) return std::nullopt;
  std::optional<MatrixProduct> product = asProduct(letters.a, letters.b, letters.y, a.shape, b.shape);
  if (!product) {
    product = asProduct(letters.b, letters.a, letters.y, b.shape, a.shape);
    if (!product) return std::nullopt;
    product->isSwapped = true;
  }
  if (std::max({product->m, product->n, product->k}) > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return product;
}

bool isForLibrary(const MatrixProduct& product) {
  constexpr std::int64_t kHuge = 2048;
  return product.batch > 0 && product.m > kHuge && product.n > kHuge && product.k > kHuge;
}

static llvm::FunctionCallee gemm(const Emitter& e, ir::DType dtype) {
  llvm::IRBuilderBase& b = e.builder;
  llvm::Type *i32 = b.getInt32Ty(), *real = e.registerType(dtype), *pointer = b.getPtrTy();
  auto* type = llvm::FunctionType::get(
      b.getVoidTy(), {i32, i32, i32, i32, i32, i32, real, pointer, i32, pointer, i32, real, pointer, i32}, false);
  return e.module.getOrInsertFunction(dtype == ir::DType::F64 ? "cblas_dgemm" : "cblas_sgemm", type);
}

void emitMatrixProduct(const Emitter& e, const MatrixProduct& product, ir::DType dtype, llvm::Value* left,
                       llvm::Value* right, llvm::Value* y) {
  constexpr int kRowMajor = 101, kNoTranspose = 111, kTranspose = 112;
  llvm::IRBuilderBase& b = e.builder;
  const auto number = [&](std::int64_t value) { return b.getInt32(static_cast<std::uint32_t>(value)); };
  const std::int64_t m = product.m, n = product.n, k = product.k;
  llvm::Type* real = e.registerType(dtype);
  emitLoop(e, product.batch, 1, {}, [&](llvm::Value* i, Values) -> Values {
    const auto at = [&](llvm::Value* base, std::int64_t elements) {
      return b.CreateGEP(real, base, b.CreateMul(i, e.i64(elements)));
    };
    b.CreateCall(gemm(e, dtype),
                 {number(kRowMajor), number(product.transposeLeft ? kTranspose : kNoTranspose),
                  number(product.transposeRight ? kTranspose : kNoTranspose), number(m), number(n), number(k),
                  e.real(real, 1.0), at(left, m * k), number(product.transposeLeft ? m : k), at(right, k * n),
                  number(product.transposeRight ? k : n), e.real(real, 0.0), at(y, m * n), number(n)});
    return {};
  });
}

}  // namespace nnc::codegen
