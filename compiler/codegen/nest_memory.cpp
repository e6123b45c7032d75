// Loads and stores of a kernel: neighbours, everything between strided lanes, transposed tiles, gathers.
#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>

#include "codegen/nest_state.h"

namespace nnc::codegen {

llvm::Value* NestState::address(int buffer, llvm::Value* index) const {
  const ir::DType dtype = kernel_.buffers[static_cast<std::size_t>(buffer)];
  return e_.builder.CreateGEP(e_.memoryType(dtype), buffers_[static_cast<std::size_t>(buffer)], index);
}

static llvm::Align alignOf(ir::DType dtype) { return llvm::Align(static_cast<std::uint64_t>(ir::dtypeBytes(dtype))); }

llvm::Value* NestState::emitLoad(const Expr& expr, int copy) {
  llvm::Value* guard = expr.guard.isValid() ? operand(expr.guard, copy, isVector(expr)) : nullptr;
  if (!isVector(expr)) {
    // Element 0 exists: tensors without elements are never read.
    llvm::Value* index = scalarIndex(expr.index, copy);
    if (guard != nullptr) index = e_.builder.CreateSelect(guard, index, e_.i64(0));
    llvm::Value* value =
        e_.builder.CreateAlignedLoad(e_.memoryType(expr.dtype), address(expr.buffer, index), alignOf(expr.dtype));
    return e_.fromMemory(expr.dtype, value);
  }
  const IndexSpace& space = kernel_.body.space;
  const std::int64_t stride = space.factorOf(expr.index, schedule_.lane);
  const bool isHidden = dependsOn(space.hiddenVariables(expr.index), schedule_.lane);
  if (!isHidden && guard == nullptr && stride > 1 && stride <= kMaxShuffledStride)
    return emitStridedLoad(expr, stride, copy);
  if (isHidden || stride != 1) return emitGather(expr, guard, copy);
  llvm::Value* real = mask(copy);
  if (guard == nullptr) return emitContiguousLoad(expr, real, copy);
  return emitContiguousLoad(expr, real == nullptr ? guard : e_.builder.CreateAnd(guard, real), copy);
}

llvm::Value* NestState::emitContiguousLoad(const Expr& expr, llvm::Value* mask, int copy) {
  llvm::Type* type = e_.memoryType(expr.dtype, schedule_.lanes);
  llvm::Value* at = address(expr.buffer, scalarIndex(expr.index, copy));
  llvm::Value* value =
      mask == nullptr
          ? static_cast<llvm::Value*>(e_.builder.CreateAlignedLoad(type, at, alignOf(expr.dtype)))
          : e_.builder.CreateMaskedLoad(type, at, alignOf(expr.dtype), mask, llvm::Constant::getNullValue(type));
  return e_.fromMemory(expr.dtype, value);
}

llvm::Value* NestState::loadFirst(const Expr& expr, llvm::Value* at, std::int64_t count) {
  llvm::Type* type = e_.memoryType(expr.dtype, schedule_.lanes);
  if (count >= schedule_.lanes) return e_.builder.CreateAlignedLoad(type, at, alignOf(expr.dtype));
  return e_.builder.CreateMaskedLoad(type, at, alignOf(expr.dtype), firstLanes(count),
                                     llvm::Constant::getNullValue(type));
}

// Everything from the first lane's element to the last one's, and the lanes picked out of it.
llvm::Value* NestState::emitStridedLoad(const Expr& expr, std::int64_t stride, int copy) {
  const std::int64_t lanes = schedule_.lanes, real = mask(copy) == nullptr ? lanes : tail_;
  const std::int64_t needed = (real - 1) * stride + 1;
  llvm::Value* base = scalarIndex(expr.index, copy);
  llvm::Value* result = llvm::Constant::getNullValue(e_.memoryType(expr.dtype, schedule_.lanes));
  for (std::int64_t begin = 0; begin < needed; begin += lanes) {
    llvm::Value* part =
        loadFirst(expr, address(expr.buffer, e_.builder.CreateAdd(base, e_.i64(begin))), needed - begin);
    std::vector<int> picks;
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const std::int64_t at = lane * stride - begin;
      picks.push_back(static_cast<int>(at >= 0 && at < lanes ? lanes + at : lane));
    }
    result = e_.builder.CreateShuffleVector(result, part, picks);
  }
  return e_.fromMemory(expr.dtype, result);
}

// One row per lane, each along the unrolled loop; then a transpose in registers. Interleaving row i with row
// i + lanes / 2 moves one bit of the row number into the column number; after log2(lanes) rounds they have changed
// places.
void NestState::emitTransposedLoad(ExprId id) {
  const Expr& expr = kernel_.body.at(id);
  const std::int64_t stride = kernel_.body.space.factorOf(expr.index, schedule_.lane);
  const std::int64_t rows = tail_ == 0 ? schedule_.lanes : tail_;
  llvm::Value* base = scalarIndex(expr.index, 0);
  Values vectors;
  for (std::int64_t row = 0; row < rows; ++row)
    vectors.push_back(loadFirst(expr, address(expr.buffer, e_.builder.CreateAdd(base, e_.i64(row * stride))), copies_));
  vectors.resize(static_cast<std::size_t>(schedule_.lanes), llvm::Constant::getNullValue(vectors[0]->getType()));
  const std::size_t half = vectors.size() / 2;
  for (std::size_t round = 1; round < vectors.size(); round *= 2) {
    Values next;
    for (std::size_t i = 0; i < half; ++i)
      for (const bool high : {false, true}) next.push_back(interleave(vectors[i], vectors[i + half], high));
    vectors = std::move(next);
  }
  for (int copy = 0; copy < copies_; ++copy)
    slot(id, copy) = e_.fromMemory(expr.dtype, vectors[static_cast<std::size_t>(copy)]);
}

llvm::Value* NestState::emitGather(const Expr& expr, llvm::Value* guard, int copy) {
  llvm::Value* indices = vectorIndex(expr.index, copy);
  if (!e_.target.hasGather || ir::dtypeBytes(expr.dtype) < 4) return emitGatherByLane(expr, indices, guard, copy);
  llvm::Value* active = mask(copy);
  if (guard != nullptr) active = active == nullptr ? guard : e_.builder.CreateAnd(guard, active);
  llvm::Type* type = e_.memoryType(expr.dtype, schedule_.lanes);
  llvm::Value* value = e_.builder.CreateMaskedGather(type, address(expr.buffer, indices), alignOf(expr.dtype), active,
                                                     llvm::Constant::getNullValue(type));
  return e_.fromMemory(expr.dtype, value);
}

llvm::Value* NestState::emitGatherByLane(const Expr& expr, llvm::Value* indices, llvm::Value* guard, int copy) {
  if (guard != nullptr)
    indices = e_.builder.CreateSelect(guard, indices, llvm::Constant::getNullValue(indices->getType()));
  llvm::Value* result = llvm::Constant::getNullValue(e_.memoryType(expr.dtype, schedule_.lanes));
  const std::int64_t count = mask(copy) == nullptr ? schedule_.lanes : tail_;
  for (std::int64_t lane = 0; lane < count; ++lane) {
    llvm::Value* index = e_.builder.CreateExtractElement(indices, static_cast<std::uint64_t>(lane));
    llvm::Value* element =
        e_.builder.CreateAlignedLoad(e_.memoryType(expr.dtype), address(expr.buffer, index), alignOf(expr.dtype));
    result = e_.builder.CreateInsertElement(result, element, static_cast<std::uint64_t>(lane));
  }
  return e_.fromMemory(expr.dtype, result);
}

static bool needsRounding(const Kernel& kernel, const Store& store) {
  // A bf16 expression is rounded already; a sum of them, or a product kept in f32, is not.
  return kernel.buffers[static_cast<std::size_t>(store.buffer)] == ir::DType::BF16 &&
         (kernel.isReduce() || kernel.body.at(store.value).dtype != ir::DType::BF16);
}

void NestState::storeVector(const Store& store, llvm::Value* value, int copy) {
  const ir::DType dtype = kernel_.buffers[static_cast<std::size_t>(store.buffer)];
  if (needsRounding(kernel_, store)) value = e_.roundToBf16(value);
  value = e_.toMemory(dtype, value);
  llvm::Value* real = mask(copy);
  const std::int64_t stride = kernel_.body.space.factorOf(store.index, schedule_.lane);
  if (stride != 1) {
    // Results of a reduction whose lanes run along an outer axis: once per lane, not per step.
    llvm::Value* base = scalarIndex(store.index, copy);
    const std::int64_t count = real == nullptr ? schedule_.lanes : tail_;
    for (std::int64_t lane = 0; lane < count; ++lane) {
      llvm::Value* to = address(store.buffer, e_.builder.CreateAdd(base, e_.i64(lane * stride)));
      e_.builder.CreateAlignedStore(e_.builder.CreateExtractElement(value, static_cast<std::uint64_t>(lane)), to,
                                    alignOf(dtype));
    }
    return;
  }
  llvm::Value* at = address(store.buffer, scalarIndex(store.index, copy));
  if (real == nullptr)
    e_.builder.CreateAlignedStore(value, at, alignOf(dtype));
  else
    e_.builder.CreateMaskedStore(value, at, alignOf(dtype), real);
}

void NestState::storeInterleaved(const Store& store, Values copies) {
  const ir::DType dtype = kernel_.buffers[static_cast<std::size_t>(store.buffer)];
  for (llvm::Value*& copy : copies) {
    if (needsRounding(kernel_, store)) copy = e_.roundToBf16(copy);
    copy = e_.toMemory(dtype, copy);
  }
  const std::int64_t lanes = schedule_.lanes, count = schedule_.copies, total = count * (tail_ == 0 ? lanes : tail_);
  llvm::Value* base = scalarIndex(store.index, 0);
  for (std::int64_t begin = 0; begin < total; begin += lanes) {
    llvm::Value* vector = copies[0];
    for (std::int64_t c = 0; c < count; ++c) {
      std::vector<int> picks;
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        const std::int64_t at = begin + lane;
        picks.push_back(static_cast<int>(at % count == c ? lanes + at / count : lane));
      }
      vector = e_.builder.CreateShuffleVector(vector, copies[static_cast<std::size_t>(c)], picks);
    }
    llvm::Value* to = address(store.buffer, e_.builder.CreateAdd(base, e_.i64(begin)));
    if (total - begin >= lanes)
      e_.builder.CreateAlignedStore(vector, to, alignOf(dtype));
    else
      e_.builder.CreateMaskedStore(vector, to, alignOf(dtype), firstLanes(total - begin));
  }
}

void NestState::storeScalar(const Store& store, llvm::Value* value) {
  const ir::DType dtype = kernel_.buffers[static_cast<std::size_t>(store.buffer)];
  if (needsRounding(kernel_, store)) value = e_.roundToBf16(value);
  e_.builder.CreateAlignedStore(e_.toMemory(dtype, value), address(store.buffer, scalarIndex(store.index, 0)),
                                alignOf(dtype));
}

}  // namespace nnc::codegen
