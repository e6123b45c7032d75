// Register-tiled products. A tile is `rows` x `vectors` accumulators, held in registers over the whole k loop; a step of
// k loads `vectors` vectors of the right operand and multiplies them by one broadcast element per row. The right operand
// is read in place when its rows are contiguous and short, otherwise from a panel on the stack, packed (and transposed
// in registers) once per panel and used by all rows.
#include "codegen/gemm.h"

#include <algorithm>
#include <string>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include "codegen/loop.h"

namespace nnc::codegen {

namespace {

// A panel of this size stays in the second-level cache beside the rows that stream past it.
constexpr std::int64_t kMostPanelBytes = 256 << 10;
// Beyond this in every size the library's cache blocking wins.
constexpr std::int64_t kMostSize = 2048;
// Rows of the right operand that lie this far apart cost a TLB entry and conflict in the first-level cache.
constexpr std::int64_t kLongRowBytes = 4096;
constexpr std::int64_t kFewRows = 32;

/// Accumulators of a tile: as many as the register file holds beside the operands of one step.
struct Tile {
  int rows = 0;
  int vectors = 0;
};
Tile tileFor(const Target& target, std::int64_t vectorsOfRow) {
  const bool hasWideFile = target.vectorBytes == 64;  // 32 registers with AVX-512, 16 without
  if (vectorsOfRow == 1) return {hasWideFile ? 24 : 12, 1};
  return {hasWideFile ? 14 : 6, 2};
}

bool isPacked(const MatrixProduct& p, std::int64_t elementBytes) {
  return p.transposeRight || (p.n * elementBytes >= kLongRowBytes && p.m >= kFewRows);
}

/// `total` split into the fewest parts of at most `most`, as even as possible: `count` of `size + 1`, the rest of `size`.
struct EvenSplit {
  std::int64_t size = 0, larger = 0, smaller = 0;
};
EvenSplit splitEvenly(std::int64_t total, std::int64_t most) {
  const std::int64_t parts = (total + most - 1) / most;
  EvenSplit split;
  split.size = total / parts;
  split.larger = total % parts;
  split.smaller = parts - split.larger;
  return split;
}

class ProductEmitter {
 public:
  ProductEmitter(const Emitter& e, const MatrixProduct& product, ir::DType dtype)
      : e_(e), b_(e.builder), p_(product), bytes_(ir::dtypeBytes(dtype)), lanes_(e.target.lanes(static_cast<int>(bytes_))),
        element_(e.registerType(dtype)), vector_(llvm::FixedVectorType::get(element_, static_cast<unsigned>(lanes_))) {}

  /// The body: one matrix of the batch.
  void run(llvm::Function* function) {
    left_ = function->getArg(0);
    right_ = function->getArg(1);
    y_ = function->getArg(2);
    const std::int64_t vectorsOfRow = (p_.n + lanes_ - 1) / lanes_;
    tile_ = tileFor(e_.target, vectorsOfRow);
    if (isPacked(p_, bytes_)) {
      auto* type = llvm::ArrayType::get(element_, static_cast<std::uint64_t>(p_.k * tile_.vectors * lanes_));
      llvm::AllocaInst* panel = b_.CreateAlloca(type);
      panel->setAlignment(llvm::Align(64));
      panel_ = panel;
    }
    // Full panels in a loop, then the rest: fewer vectors, the last of them perhaps with fewer lanes.
    const std::int64_t width = tile_.vectors * lanes_, full = p_.n / width;
    emitLoop(e_, full, width, {}, [&](llvm::Value* column, Values) -> Values {
      emitPanel(column, tile_.vectors, 0);
      return {};
    });
    const std::int64_t rest = p_.n - full * width;
    if (rest > 0) emitPanel(e_.i64(full * width), static_cast<int>((rest + lanes_ - 1) / lanes_), static_cast<int>(rest % lanes_));
  }

 private:
  llvm::Value* at(llvm::Value* base, llvm::Value* index) { return b_.CreateGEP(element_, base, index); }
  llvm::Value* plus(llvm::Value* a, std::int64_t constant) { return constant == 0 ? a : b_.CreateAdd(a, e_.i64(constant)); }
  llvm::Value* times(llvm::Value* a, std::int64_t constant) { return constant == 1 ? a : b_.CreateMul(a, e_.i64(constant)); }
  llvm::Align alignment() const { return llvm::Align(static_cast<std::uint64_t>(bytes_)); }

  llvm::Value* mask(int active) {
    std::vector<llvm::Constant*> bits;
    for (int i = 0; i < lanes_; ++i) bits.push_back(b_.getInt1(i < active));
    return llvm::ConstantVector::get(bits);
  }
  /// `active` 0: all lanes.
  llvm::Value* loadVector(llvm::Value* pointer, int active) {
    if (active == 0) return b_.CreateAlignedLoad(vector_, pointer, alignment());
    return b_.CreateMaskedLoad(vector_, pointer, alignment(), mask(active), llvm::Constant::getNullValue(vector_));
  }
  void storeVector(llvm::Value* value, llvm::Value* pointer, int active) {
    if (active == 0) b_.CreateAlignedStore(value, pointer, alignment());
    else b_.CreateMaskedStore(value, pointer, alignment(), mask(active));
  }

  /// Columns from `column` on: `vectors` vectors, `tail` lanes in the last (0: all).
  void emitPanel(llvm::Value* column, int vectors, int tail) {
    if (panel_ != nullptr) pack(column, vectors, tail);
    const EvenSplit split = splitEvenly(p_.m, tile_.rows);
    emitRows(column, vectors, tail, 0, split.size + 1, split.larger);
    emitRows(column, vectors, tail, (split.size + 1) * split.larger, split.size, split.smaller);
  }

  void emitRows(llvm::Value* column, int vectors, int tail, std::int64_t firstRow, std::int64_t rows, std::int64_t count) {
    emitLoop(e_, count, rows, {}, [&](llvm::Value* i, Values) -> Values {
      emitTile(column, vectors, tail, plus(i, firstRow), static_cast<int>(rows));
      return {};
    });
  }

  void emitTile(llvm::Value* column, int vectors, int tail, llvm::Value* row, int rows) {
    const std::int64_t leftRow = p_.transposeLeft ? 1 : p_.k, leftK = p_.transposeLeft ? p_.m : 1;
    llvm::Value* leftBase = at(left_, times(row, leftRow));
    llvm::Value* rightBase = panel_ != nullptr ? panel_ : at(right_, column);
    const std::int64_t rightK = panel_ != nullptr ? static_cast<std::int64_t>(vectors) * lanes_ : p_.n;
    Values sums(static_cast<std::size_t>(rows * vectors), llvm::Constant::getNullValue(vector_));
    sums = emitLoop(e_, p_.k, 1, std::move(sums), [&](llvm::Value* k, Values acc) -> Values {
      llvm::Value* rightRow = at(rightBase, times(k, rightK));
      Values right;
      for (int v = 0; v < vectors; ++v) {
        const int active = panel_ == nullptr && v == vectors - 1 ? tail : 0;  // a panel is padded with zeros
        right.push_back(loadVector(at(rightRow, e_.i64(static_cast<std::int64_t>(v) * lanes_)), active));
      }
      llvm::Value* leftAt = at(leftBase, times(k, leftK));
      for (int r = 0; r < rows; ++r) {
        llvm::Value* scalar = b_.CreateAlignedLoad(element_, at(leftAt, e_.i64(r * leftRow)), alignment());
        llvm::Value* broadcast = e_.splat(scalar, lanes_);
        for (int v = 0; v < vectors; ++v) {
          llvm::Value*& sum = acc[static_cast<std::size_t>(r * vectors + v)];
          sum = e_.fma(broadcast, right[static_cast<std::size_t>(v)], sum);
        }
      }
      return acc;
    });
    llvm::Value* yBase = at(y_, b_.CreateAdd(times(row, p_.n), column));
    for (int r = 0; r < rows; ++r)
      for (int v = 0; v < vectors; ++v)
        storeVector(sums[static_cast<std::size_t>(r * vectors + v)], at(yBase, e_.i64(r * p_.n + static_cast<std::int64_t>(v) * lanes_)),
                    v == vectors - 1 ? tail : 0);
  }

  /// Fills the panel: [k][vectors * lanes], lanes beyond n zero.
  void pack(llvm::Value* column, int vectors, int tail) {
    if (!p_.transposeRight) {
      emitLoop(e_, p_.k, 1, {}, [&](llvm::Value* k, Values) -> Values {
        llvm::Value* from = at(right_, b_.CreateAdd(times(k, p_.n), column));
        for (int v = 0; v < vectors; ++v) {
          llvm::Value* offset = e_.i64(static_cast<std::int64_t>(v) * lanes_);
          storeVector(loadVector(at(from, offset), v == vectors - 1 ? tail : 0), panelAt(k, vectors, v), 0);
        }
        return {};
      });
      return;
    }
    for (int v = 0; v < vectors; ++v) {
      const int columns = v == vectors - 1 && tail != 0 ? tail : lanes_;
      llvm::Value* firstColumn = plus(column, static_cast<std::int64_t>(v) * lanes_);
      emitLoop(e_, p_.k / lanes_, lanes_, {}, [&](llvm::Value* k, Values) -> Values {
        packSquare(firstColumn, columns, k, lanes_, vectors, v);
        return {};
      });
      const std::int64_t rest = p_.k % lanes_;
      if (rest > 0) packSquare(firstColumn, columns, e_.i64(p_.k - rest), static_cast<int>(rest), vectors, v);
    }
  }

  llvm::Value* panelAt(llvm::Value* k, int vectors, int v) {
    return at(panel_, plus(times(k, static_cast<std::int64_t>(vectors) * lanes_), static_cast<std::int64_t>(v) * lanes_));
  }

  /// Transposes right[column .. column + columns)[k .. k + depth) into the panel.
  void packSquare(llvm::Value* column, int columns, llvm::Value* k, int depth, int vectors, int v) {
    Values rows;
    for (int i = 0; i < lanes_; ++i) {
      if (i >= columns) {
        rows.push_back(llvm::Constant::getNullValue(vector_));
        continue;
      }
      llvm::Value* from = at(right_, b_.CreateAdd(times(plus(column, i), p_.k), k));
      rows.push_back(loadVector(from, depth == lanes_ ? 0 : depth));
    }
    transpose(rows);
    for (int j = 0; j < depth; ++j) storeVector(rows[static_cast<std::size_t>(j)], panelAt(plus(k, j), vectors, v), 0);
  }

  /// Transposes a square of vectors: exchanges the off-diagonal blocks of size 1, 2, 4, ...
  void transpose(Values& rows) {
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
        rows[static_cast<std::size_t>(i)] = b_.CreateShuffleVector(a, b, low);
        rows[static_cast<std::size_t>(i + block)] = b_.CreateShuffleVector(a, b, high);
      }
    }
  }

  const Emitter& e_;
  llvm::IRBuilderBase& b_;
  const MatrixProduct& p_;
  std::int64_t bytes_;
  int lanes_;
  llvm::Type* element_;
  llvm::Type* vector_;
  Tile tile_;
  llvm::Value *left_ = nullptr, *right_ = nullptr, *y_ = nullptr;
  llvm::Value* panel_ = nullptr;
};

/// `gemm_nt_128x256x10_f32`: what the function does, and its key.
std::string functionName(const MatrixProduct& p, ir::DType dtype) {
  return std::string("gemm_") + (p.transposeLeft ? "t" : "n") + (p.transposeRight ? "t" : "n") + "_" + std::to_string(p.m) + "x" +
         std::to_string(p.n) + "x" + std::to_string(p.k) + "_" + std::string(ir::dtypeName(dtype));
}

llvm::Function* productFunction(const Emitter& e, const MatrixProduct& product, ir::DType dtype) {
  const std::string name = functionName(product, dtype);
  if (llvm::Function* known = e.module.getFunction(name)) return known;
  llvm::IRBuilderBase& b = e.builder;
  llvm::Type* pointer = b.getPtrTy();
  auto* type = llvm::FunctionType::get(b.getVoidTy(), {pointer, pointer, pointer}, false);
  llvm::Function* function = llvm::Function::Create(type, llvm::Function::InternalLinkage, name, e.module);
  setFunctionAttributes(e.target, *function);
  function->addFnAttr(llvm::Attribute::NoInline);
  function->addParamAttr(2, llvm::Attribute::NoAlias);
  llvm::IRBuilderBase::InsertPointGuard guard(b);
  b.SetInsertPoint(llvm::BasicBlock::Create(b.getContext(), "entry", function));
  ProductEmitter(e, product, dtype).run(function);
  b.CreateRetVoid();
  return function;
}

}  // namespace

bool isGenerated(const Target& target, const MatrixProduct& product, ir::DType dtype) {
  const std::int64_t bytes = ir::dtypeBytes(dtype), lanes = target.lanes(static_cast<int>(bytes));
  const bool isHuge = product.m > kMostSize && product.n > kMostSize && product.k > kMostSize;
  const std::int64_t panel = product.k * 2 * lanes * bytes;
  return !isHuge && (!isPacked(product, bytes) || panel <= kMostPanelBytes);
}

void emitGeneratedProduct(const Emitter& e, const MatrixProduct& product, ir::DType dtype, llvm::Value* left, llvm::Value* right,
                          llvm::Value* y) {
  llvm::Function* function = productFunction(e, product, dtype);
  llvm::IRBuilderBase& b = e.builder;
  llvm::Type* element = e.registerType(dtype);
  emitLoop(e, product.batch, 1, {}, [&](llvm::Value* i, Values) -> Values {
    const auto at = [&](llvm::Value* base, std::int64_t elements) { return b.CreateGEP(element, base, b.CreateMul(i, e.i64(elements))); };
    b.CreateCall(function, {at(left, product.m * product.k), at(right, product.k * product.n), at(y, product.m * product.n)});
    return {};
  });
}

}  // namespace nnc::codegen
