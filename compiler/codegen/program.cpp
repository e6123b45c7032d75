// Functions, storage, and the nodes that are kernels.
#include "codegen/program.h"

#include <algorithm>
#include <cassert>

#include <llvm/IR/Constants.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Triple.h>

#include "codegen/contract.h"
#include "codegen/nest.h"
#include "ir/tensor.h"
#include "support/hash.h"

namespace nnc::codegen {

bool ProgramEmitter::fail(std::string message) {
  if (error_.empty()) error_ = std::move(message);
  return false;
}

static llvm::FunctionType* entryType(llvm::LLVMContext& context) {
  llvm::Type* pointer = llvm::PointerType::get(context, 0);
  return llvm::FunctionType::get(llvm::Type::getVoidTy(context), {pointer, pointer, pointer}, false);
}

llvm::Function* ProgramEmitter::emitFunction(ir::FunctionId id) {
  const auto known = functions_.find(id.index);
  if (known != functions_.end()) return known->second;
  const ir::Function& function = module_.function(id);
  if (!function.plan) {
    fail("function @" + function.name + " has no memory plan");
    return nullptr;
  }
  llvm::LLVMContext& context = output_.getContext();
  auto* result =
      llvm::Function::Create(entryType(context), llvm::GlobalValue::InternalLinkage, "fn." + function.name, output_);
  setFunctionAttributes(target_, *result);
  result->addFnAttr(llvm::Attribute::NoInline);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "entry", result));
  const Emitter emitter{builder, output_, target_};
  Frame frame;
  frame.function = &function;
  frame.plan = &*function.plan;
  frame.arena = result->getArg(2);
  const auto loadPointer = [&](llvm::Value* array, std::size_t i) {
    return builder.CreateLoad(builder.getPtrTy(), builder.CreateConstGEP1_64(builder.getPtrTy(), array, i));
  };
  for (std::size_t i = 0; i < function.parameters.size(); ++i)
    frame.arguments.push_back(loadPointer(result->getArg(0), i));
  std::vector<bool> isAliased(function.results.size(), false);
  for (const ir::Alias& alias : function.aliases) isAliased[static_cast<std::size_t>(alias.result)] = true;
  // The entry of an aliased result is ignored: it may be anything.
  for (std::size_t i = 0; i < function.results.size(); ++i)
    frame.results.push_back(isAliased[i] ? nullptr : loadPointer(result->getArg(1), i));
  for (const ir::NodeId node : function.body)
    if (!emitNode(emitter, frame, node)) return nullptr;
  if (!copyStrayResults(emitter, frame)) return nullptr;
  builder.CreateRetVoid();
  functions_[id.index] = result;
  return result;
}

// Denormals are slow on some machines and mean nothing in training; the caller's mode comes back at the end.
llvm::Function* ProgramEmitter::emitEntry(ir::FunctionId id, const std::string& symbol, bool isExternal) {
  llvm::Function* body = emitFunction(id);
  if (body == nullptr) return nullptr;
  llvm::LLVMContext& context = output_.getContext();
  auto* entry = llvm::Function::Create(
      entryType(context), isExternal ? llvm::GlobalValue::ExternalLinkage : llvm::GlobalValue::InternalLinkage, symbol,
      output_);
  setFunctionAttributes(target_, *entry);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "entry", entry));
  const bool hasMode = target_.machine->getTargetTriple().isX86();
  llvm::Value *before = nullptr, *inside = nullptr;
  if (hasMode) {
    constexpr std::uint32_t kFlushAndDenormalsAreZero = 0x8040;
    before = builder.CreateAlloca(builder.getInt32Ty());
    inside = builder.CreateAlloca(builder.getInt32Ty());
    builder.CreateIntrinsic(llvm::Intrinsic::x86_sse_stmxcsr, {}, {before});
    llvm::Value* mode = builder.CreateLoad(builder.getInt32Ty(), before);
    builder.CreateStore(builder.CreateOr(mode, builder.getInt32(kFlushAndDenormalsAreZero)), inside);
    builder.CreateIntrinsic(llvm::Intrinsic::x86_sse_ldmxcsr, {}, {inside});
  }
  builder.CreateCall(body, {entry->getArg(0), entry->getArg(1), entry->getArg(2)});
  if (hasMode) builder.CreateIntrinsic(llvm::Intrinsic::x86_sse_ldmxcsr, {}, {before});
  builder.CreateRetVoid();
  return entry;
}

// ---- storage

ir::Storage ProgramEmitter::storageOf(const Frame& frame, ir::Value value) const {
  return frame.plan->storage[static_cast<std::size_t>(value.index)];
}

llvm::GlobalVariable* constantBytes(llvm::Module& module, SharedCode& shared, const std::string& bytes) {
  llvm::GlobalVariable*& global = shared.constants[bytes];
  if (global != nullptr) return global;
  llvm::Constant* data = llvm::ConstantDataArray::getString(module.getContext(), bytes, /*AddNull=*/false);
  global = new llvm::GlobalVariable(module, data->getType(), /*isConstant=*/true, llvm::GlobalValue::PrivateLinkage,
                                    data, "constant." + hexDigits(hashBytes(bytes)));
  global->setAlignment(llvm::Align(64));
  return global;
}

static std::string bytesOf(const ir::ConstAttributes& constant) {
  const ir::Tensor tensor = ir::materialise(constant);
  return std::string(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
}

llvm::Value* ProgramEmitter::pointerOf(const Emitter& emitter, Frame& frame, ir::Value value) {
  const ir::Storage storage = storageOf(frame, value);
  const auto index = static_cast<std::size_t>(storage.index);
  switch (storage.kind) {
    case ir::StorageKind::Argument:
      return frame.arguments[index];
    case ir::StorageKind::Result:
      return frame.results[index];
    case ir::StorageKind::Arena:
      return emitter.builder.CreateGEP(emitter.builder.getInt8Ty(), frame.arena, emitter.i64(storage.offset));
    case ir::StorageKind::Constant: {
      const ir::Node* node = frame.function->definition(ir::Value(index));
      if (node != nullptr && node->op == ir::Op::Const)
        return constantBytes(output_, shared_, bytesOf(std::get<ir::ConstAttributes>(node->attributes)));
      break;
    }
    case ir::StorageKind::None:
      break;
  }
  fail("value %" + std::to_string(value.index) + " of @" + frame.function->name + " has no storage");
  return nullptr;
}

/// A tensor moved as bytes of its dtype: as a kernel, so that it is vector code and never a call of memcpy.
void ProgramEmitter::emitCopy(const Emitter& emitter, const ir::Type& type, llvm::Value* from, llvm::Value* to) {
  if (type.elementCount() == 0) return;
  Kernel kernel;
  kernel.buffers = {type.dtype, type.dtype};
  kernel.operandCount = kernel.resultCount = 1;
  kernel.name = "copy";
  const std::int64_t count = type.elementCount();
  const int variable = kernel.body.space.addVariable(count);
  const IndexId index = kernel.body.space.variable(variable);
  if (count > 1) kernel.kept = {variable};
  kernel.stores.push_back({kernel.body.load(type.dtype, 0, index, {}), 1, index});
  callKernel(emitter, kernel, {from, to}, {true, true});
}

/// Results that the plan left elsewhere.
bool ProgramEmitter::copyStrayResults(const Emitter& emitter, Frame& frame) {
  const ir::Function& function = *frame.function;
  for (std::size_t i = 0; i < function.results.size(); ++i) {
    ir::Storage wanted{ir::StorageKind::Result, static_cast<int>(i), 0};
    for (const ir::Alias& alias : function.aliases)
      if (alias.result == static_cast<int>(i)) wanted = {ir::StorageKind::Argument, alias.parameter, 0};
    const ir::Storage storage = storageOf(frame, function.results[i]);
    if (storage == wanted) continue;
    llvm::Value* from = pointerOf(emitter, frame, function.results[i]);
    if (from == nullptr) return false;
    const auto& home = wanted.kind == ir::StorageKind::Result ? frame.results : frame.arguments;
    emitCopy(emitter, function.type(function.results[i]), from, home[static_cast<std::size_t>(wanted.index)]);
  }
  return true;
}

// ---- nodes

bool ProgramEmitter::emitNode(const Emitter& emitter, Frame& frame, ir::NodeId id) {
  const ir::Node& node = frame.function->node(id);
  std::string error;
  switch (node.op) {
    case ir::Op::Call:
      return emitCall(emitter, frame, node);
    case ir::Op::Scan:
      return emitScan(emitter, frame, id);
    case ir::Op::Scatter:
      return emitScatter(emitter, frame, node);
    case ir::Op::Contract:
      return emitContract(emitter, frame, node);
    case ir::Op::Const:
      return emitConst(emitter, frame, node);
    case ir::Op::Reshape:
    case ir::Op::StopGradient:
      if (storageOf(frame, node.results[0]) == storageOf(frame, node.operands[0])) return true;
      break;
    default:
      break;
  }
  std::optional<Kernel> kernel = kernelOfNode(*frame.function, node, error);
  if (!kernel) return fail(error);
  return emitKernelCall(emitter, frame, node, std::move(kernel), *frame.function);
}

bool ProgramEmitter::emitConst(const Emitter& emitter, Frame& frame, const ir::Node& node) {
  const auto& constant = std::get<ir::ConstAttributes>(node.attributes);
  const ir::Storage storage = storageOf(frame, node.results[0]);
  if (storage.kind == ir::StorageKind::Constant || storage.kind == ir::StorageKind::None) return true;
  llvm::Value* to = pointerOf(emitter, frame, node.results[0]);
  if (to == nullptr) return false;
  if (!constant.isSplat) {
    emitCopy(emitter, constant.type, constantBytes(output_, shared_, bytesOf(constant)), to);
    return true;
  }
  std::string error;
  std::optional<Kernel> kernel = kernelOfNode(*frame.function, node, error);
  if (!kernel) return fail(error);
  return emitKernelCall(emitter, frame, node, std::move(kernel), *frame.function);
}

bool ProgramEmitter::emitCall(const Emitter& emitter, Frame& frame, const ir::Node& node) {
  const auto& call = std::get<ir::CallAttributes>(node.attributes);
  if (call.kind != ir::CallKind::Kernel)
    return fail("call of `" + call.name + "` in @" + frame.function->name + " was not inlined");
  const ir::Function& body = module_.function(call.body);
  std::string error;
  std::optional<Kernel> kernel = kernelOfBody(body, error);
  if (!kernel) return fail(error);
  return emitKernelCall(emitter, frame, node, std::move(kernel), body);
}

bool ProgramEmitter::emitKernelCall(const Emitter& emitter, Frame& frame, const ir::Node& node,
                                    std::optional<Kernel> kernel, const ir::Function& constantsOf) {
  Values pointers;
  std::vector<ir::Storage> storages;
  std::vector<ir::Value> values = node.operands;
  values.insert(values.end(), node.results.begin(), node.results.end());
  for (const ir::Value value : values) {
    pointers.push_back(pointerOf(emitter, frame, value));
    if (pointers.back() == nullptr) return false;
    storages.push_back(storageOf(frame, value));
  }
  for (const ir::Value constant : kernel->constants) {
    const auto& attributes = std::get<ir::ConstAttributes>(constantsOf.definition(constant)->attributes);
    pointers.push_back(constantBytes(output_, shared_, bytesOf(attributes)));
  }
  std::vector<bool> isAlone(pointers.size(), false);
  // Results are written in place of an operand or apart from everything else.
  for (std::size_t i = node.operands.size(); i < values.size(); ++i)
    isAlone[i] = std::count(storages.begin(), storages.end(), storages[i]) == 1;
  callKernel(emitter, *kernel, pointers, isAlone);
  return true;
}

void ProgramEmitter::callKernel(const Emitter& emitter, const Kernel& kernel, const Values& pointers,
                                const std::vector<bool>& isAlone) {
  if (kernel.stores.empty()) return;
  std::string key = describe(kernel) + "alone";
  for (const bool alone : isAlone) key += alone ? '1' : '0';
  llvm::Function*& function = shared_.kernels[key];
  if (function == nullptr)
    function = emitKernel(output_, target_, kernel, "kernel." + kernel.name + "." + hexDigits(hashBytes(key)), isAlone);
  emitter.builder.CreateCall(function, pointers);
}

bool ProgramEmitter::emitContract(const Emitter& emitter, Frame& frame, const ir::Node& node) {
  const auto product = matrixProduct(*frame.function, node);
  if (!product || !isForLibrary(*product)) {
    std::string error;
    std::optional<Kernel> kernel = kernelOfNode(*frame.function, node, error);
    if (!kernel) return fail(error);
    return emitKernelCall(emitter, frame, node, std::move(kernel), *frame.function);
  }
  llvm::Value* left = pointerOf(emitter, frame, node.operands[product->isSwapped ? 1 : 0]);
  llvm::Value* right = pointerOf(emitter, frame, node.operands[product->isSwapped ? 0 : 1]);
  llvm::Value* y = pointerOf(emitter, frame, node.results[0]);
  if (left == nullptr || right == nullptr || y == nullptr) return false;
  const ir::DType dtype = frame.function->type(node.results[0]).dtype;
  emitMatrixProduct(emitter, *product, dtype, left, right, y);
  return true;
}

}  // namespace nnc::codegen
