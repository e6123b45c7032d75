// Scatter and scan: the nodes with loops of their own.
#include <string>
#include <utility>

#include <llvm/IR/Constants.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/Module.h>

#include "codegen/elementwise.h"
#include "codegen/program.h"

namespace nnc::codegen {

namespace {

/// base[outer, n, inner], indices[count], updates[outer, count, inner].
struct ScatterShape {
  ir::DType dtype = ir::DType::F32, index = ir::DType::I32;
  ir::ScatterMode mode = ir::ScatterMode::Add;
  std::int64_t outer = 1, n = 0, inner = 1, count = 1;
};

}  // namespace

static ScatterShape scatterShape(const ir::Function& function, const ir::Node& node) {
  const ir::Shape& base = function.type(node.operands[0]).shape;
  const auto& attributes = std::get<ir::ScatterAttributes>(node.attributes);
  const auto axis = static_cast<std::size_t>(attributes.axis);
  ScatterShape shape;
  shape.dtype = function.type(node.operands[0]).dtype;
  shape.index = function.type(node.operands[1]).dtype;
  shape.mode = attributes.mode;
  for (std::size_t i = 0; i < axis; ++i) shape.outer *= base[i];
  shape.n = base[axis];
  for (std::size_t i = axis + 1; i < base.size(); ++i) shape.inner *= base[i];
  shape.count = function.type(node.operands[1]).elementCount();
  return shape;
}

/// One element, or a vector of neighbours, of the update is added to or put in place of the base's.
static void updateElements(const Emitter& e, ir::DType dtype, ir::ScatterMode mode, int lanes, llvm::Value* to,
                           llvm::Value* from) {
  llvm::Type* type = e.memoryType(dtype, lanes);
  const llvm::Align align(static_cast<std::uint64_t>(ir::dtypeBytes(dtype)));
  llvm::Value* value = e.fromMemory(dtype, e.builder.CreateAlignedLoad(type, from, align));
  if (mode == ir::ScatterMode::Add) {
    value = emitAdd(e, dtype, e.fromMemory(dtype, e.builder.CreateAlignedLoad(type, to, align)), value);
    if (dtype == ir::DType::BF16) value = e.roundToBf16(value);
  }
  e.builder.CreateAlignedStore(e.toMemory(dtype, value), to, align);
}

static void emitUpdates(const Emitter& e, const ScatterShape& shape, llvm::Value* y, llvm::Value* indices,
                        llvm::Value* updates) {
  llvm::IRBuilderBase& b = e.builder;
  const ir::DType dtype = shape.dtype;
  const std::int64_t lanes = e.target.lanes(static_cast<int>(std::max<std::int64_t>(4, ir::dtypeBytes(dtype))));
  // Updates in their order, so that sums have a fixed order and the last one set stays.
  emitLoop(e, shape.outer, 1, {}, [&](llvm::Value* outer, Values) -> Values {
    emitLoop(e, shape.count, 1, {}, [&](llvm::Value* u, Values) -> Values {
      llvm::Type* element = e.memoryType(shape.index);
      llvm::Value* index = b.CreateSExt(b.CreateLoad(element, b.CreateGEP(element, indices, u)), b.getInt64Ty());
      index = b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, index, e.i64(0));
      index = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, index, e.i64(shape.n - 1));
      llvm::Value* to = b.CreateMul(b.CreateAdd(b.CreateMul(outer, e.i64(shape.n)), index), e.i64(shape.inner));
      llvm::Value* from = b.CreateMul(b.CreateAdd(b.CreateMul(outer, e.i64(shape.count)), u), e.i64(shape.inner));
      const auto part = [&](llvm::Value* offset, int width) {
        llvm::Type* type = e.memoryType(dtype);
        updateElements(e, dtype, shape.mode, width, b.CreateGEP(type, y, b.CreateAdd(to, offset)),
                       b.CreateGEP(type, updates, b.CreateAdd(from, offset)));
      };
      const std::int64_t vectors = shape.inner / lanes;
      emitLoop(e, vectors, lanes, {}, [&](llvm::Value* i, Values) -> Values {
        part(i, static_cast<int>(lanes));
        return {};
      });
      emitLoop(e, shape.inner % lanes, 1, {}, [&](llvm::Value* i, Values) -> Values {
        part(b.CreateAdd(i, e.i64(vectors * lanes)), 0);
        return {};
      });
      return {};
    });
    return {};
  });
}

/// The updates as a function of their own: (y, indices, updates).
static KernelCode scatterCode(const ScatterShape& shape) {
  KernelCode code;
  code.description = "scatter " + std::string(ir::dtypeName(shape.dtype)) + " " +
                     std::string(ir::dtypeName(shape.index)) + (shape.mode == ir::ScatterMode::Add ? " add" : " set");
  for (const std::int64_t size : {shape.outer, shape.n, shape.inner, shape.count})
    code.description += " " + std::to_string(size);
  code.name = "scatter";
  code.pointers = 3;
  code.define = [shape](llvm::Function& function, const Target& target) {
    llvm::IRBuilder<> builder(llvm::BasicBlock::Create(function.getContext(), "entry", &function));
    const Emitter emitter{builder, *function.getParent(), target};
    emitUpdates(emitter, shape, function.getArg(0), function.getArg(1), function.getArg(2));
    builder.CreateRetVoid();
  };
  return code;
}

bool ProgramEmitter::emitScatter(const Emitter& emitter, Frame& frame, const ir::Node& node) {
  const ir::Function& function = *frame.function;
  const ir::Type& type = function.type(node.results[0]);
  llvm::Value *base = pointerOf(emitter, frame, node.operands[0]), *y = pointerOf(emitter, frame, node.results[0]);
  llvm::Value *indices = pointerOf(emitter, frame, node.operands[1]),
              *updates = pointerOf(emitter, frame, node.operands[2]);
  if (base == nullptr || y == nullptr || indices == nullptr || updates == nullptr) return false;
  if (storageOf(frame, node.operands[0]) != storageOf(frame, node.results[0])) emitCopy(emitter, type, base, y);
  const ScatterShape shape = scatterShape(function, node);
  if (type.elementCount() == 0 || function.type(node.operands[2]).elementCount() == 0) return true;
  KernelCode code = scatterCode(shape);
  llvm::Function* update = findKernel(code.description);
  if (update == nullptr) update = addKernel(std::move(code));
  emitter.builder.CreateCall(update, {y, indices, updates});
  return true;
}

/// The arrays of pointers that a body is called with, on the stack of the function.
static llvm::Value* pointerArray(const Emitter& e, std::size_t size) {
  llvm::Function* function = e.builder.GetInsertBlock()->getParent();
  llvm::IRBuilder<> entry(&function->getEntryBlock(), function->getEntryBlock().begin());
  return entry.CreateAlloca(entry.getPtrTy(), entry.getInt64(std::max<std::size_t>(size, 1)));
}

static void setPointer(const Emitter& e, llvm::Value* array, std::size_t i, llvm::Value* pointer) {
  e.builder.CreateStore(pointer, e.builder.CreateConstGEP1_64(e.builder.getPtrTy(), array, i));
}

bool ProgramEmitter::emitScan(const Emitter& emitter, Frame& frame, ir::NodeId id) {
  const ir::Function& function = *frame.function;
  const ir::Node& node = function.node(id);
  const auto& scan = std::get<ir::ScanAttributes>(node.attributes);
  const auto carries = static_cast<std::size_t>(scan.carries), xs = static_cast<std::size_t>(scan.xs);
  Values operands, results;
  for (const ir::Value value : node.operands) operands.push_back(pointerOf(emitter, frame, value));
  for (const ir::Value value : node.results) results.push_back(pointerOf(emitter, frame, value));
  if (!error_.empty()) return false;
  if (scan.length == 0) {
    for (std::size_t i = 0; i < carries; ++i)
      emitCopy(emitter, function.type(node.results[i]), operands[i], results[i]);
    return true;
  }
  const ir::ScanScratch* scratch = nullptr;
  for (const ir::ScanScratch& candidate : frame.plan->scans)
    if (candidate.node == id.index) scratch = &candidate;
  if (scratch == nullptr || scratch->carryOffsets.size() != carries)
    return fail("a scan of @" + function.name + " has no scratch memory in the plan");
  llvm::Function* body = emitFunction(scan.body);
  if (body == nullptr) return false;

  llvm::IRBuilderBase& b = emitter.builder;
  const auto inArena = [&](std::int64_t offset) {
    return b.CreateGEP(b.getInt8Ty(), frame.arena, emitter.i64(offset));
  };
  llvm::Value *arguments = pointerArray(emitter, operands.size()), *outputs = pointerArray(emitter, results.size());
  Values partners;
  for (const std::int64_t offset : scratch->carryOffsets) partners.push_back(inArena(offset));
  for (std::size_t i = carries + xs; i < operands.size(); ++i) setPointer(emitter, arguments, i, operands[i]);
  llvm::Value* arena = inArena(scratch->offset);
  const Values initial(operands.begin(), operands.begin() + static_cast<std::ptrdiff_t>(carries));
  emitLoop(emitter, scan.length, 1, initial, [&](llvm::Value* i, Values current) -> Values {
    llvm::Value* left = b.CreateSub(emitter.i64(scan.length - 1), i);
    llvm::Value* t = scan.reverse ? left : i;
    llvm::Value* isLastSide = b.CreateICmpEQ(b.CreateAnd(left, emitter.i64(1)), emitter.i64(0));
    const auto row = [&](llvm::Value* base, ir::Value value) {
      const std::int64_t bytes = function.type(value).byteCount() / scan.length;
      return b.CreateGEP(b.getInt8Ty(), base, b.CreateMul(t, emitter.i64(bytes)));
    };
    Values written;
    for (std::size_t c = 0; c < carries; ++c) {
      setPointer(emitter, arguments, c, current[c]);
      written.push_back(b.CreateSelect(isLastSide, results[c], partners[c]));
      setPointer(emitter, outputs, c, written.back());
    }
    for (std::size_t x = carries; x < carries + xs; ++x)
      setPointer(emitter, arguments, x, row(operands[x], node.operands[x]));
    for (std::size_t y = carries; y < results.size(); ++y)
      setPointer(emitter, outputs, y, row(results[y], node.results[y]));
    b.CreateCall(body, {arguments, outputs, arena, frame.numbers});
    return written;
  });
  return true;
}

}  // namespace nnc::codegen
